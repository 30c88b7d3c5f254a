"""The video's part of the story: a child run of a fixed id, which outlives its parent."""

import asyncio

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import (
    ApplicationError,
    ChildWorkflowError,
    WorkflowAlreadyStartedError,
)
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

from likeness import names
from likeness.failures import FailureCode
from likeness.ids import upstream_queue, video_key, video_workflow_id
from likeness.messages.conversation import Failure, OnboardingStatus, VideoStatus, Withdraw
from likeness.messages.onboarding import (
    AssetKind,
    OnboardingPolicy,
    OnboardingRequest,
    VideoRequest,
)
from likeness.messages.steps import AwaitVideo
from likeness.messages.video import GenerateVideoInput
from likeness.stages import Stage, VideoState, WaitingFor
from likeness.steps import AWAIT_VIDEO
from likeness.summaries import Summary
from likeness.temporal.attributes import search_attributes
from workflows.assets import AssetBook
from workflows.performing import StepFailedError, perform, watching
from workflows.preparing import prepared_for
from workflows.standing import Standing

# https://docs.apimart.ai/en/api-reference/videos/doubao-seedance-2-0/generation
MAX_IMAGES = 9
MAX_VIDEOS = 3


class VideoOrder:
    """From a ready avatar to an archived video, by a ``GenerateVideo`` child."""

    def __init__(
        self, request: OnboardingRequest, policy: OnboardingPolicy, standing: Standing
    ) -> None:
        self.request = request
        self.policy = policy
        self.standing = standing
        self.workflow_id = video_workflow_id(workflow.info().workflow_id)
        self.status: VideoStatus | None = None
        self._heard: VideoStatus | None = None
        self._starting: asyncio.Task[workflow.ChildWorkflowHandle[object, VideoStatus]] | None = (
            None
        )
        self._child: workflow.ChildWorkflowHandle[object, VideoStatus] | None = None
        if request.video is not None:
            self.status = VideoStatus(state=VideoState.REQUESTED, workflow_id=self.workflow_id)

    @property
    def is_ordered(self) -> bool:
        """Tell whether the child was started."""
        return self.status is not None and self.status.state is not VideoState.REQUESTED

    async def is_made(self, book: AssetBook) -> None:
        """Have the video made, if one was asked for; how it went is told by ``status``."""
        if self.request.video is None:
            return
        self.status = VideoStatus(state=VideoState.GENERATING, workflow_id=self.workflow_id)
        self._starting = asyncio.create_task(self._started(self.request.video, book))
        try:
            self._child = await asyncio.shield(self._starting)
            self.standing.rests(Stage.GENERATING, WaitingFor.UPSTREAM)
            self.status = await asyncio.shield(self._child)
        except WorkflowAlreadyStartedError:
            self.standing.rests(Stage.GENERATING, WaitingFor.UPSTREAM)
            self.status = await self._adopted()
        except ChildWorkflowError:
            self.status = self._given_up()

    def hears(self, news: VideoStatus) -> None:
        """Take what the child says of itself while it is under way."""
        self._heard = news

    def seen_in(self, status: OnboardingStatus) -> OnboardingStatus:
        """Fill in what the child has said; its hold shows as the onboarding's."""
        if self._heard is None or status.stage is not Stage.GENERATING:
            return status
        status = status.model_copy(update={"video": self._heard})
        if self._heard.hold is None:
            return status
        held = {
            "hold": self._heard.hold,
            "waiting_for": WaitingFor.OPERATOR,
            "failure": self._heard.failure,
        }
        return status.model_copy(update=held)

    async def stops(self, *, withdrawn: bool) -> None:
        """Ask the child to leave what is not paid for yet; what is paid for it brings home.

        When the person has ``withdrawn``, it brings it home sealed.
        """
        if self.status is None or self.status.state is not VideoState.GENERATING:
            return
        if self._starting is not None:
            # Only a child that has surely started can be told anything.
            await workflow.wait_condition(self._starting.done)
        child = workflow.get_external_workflow_handle(self.workflow_id)
        try:
            if withdrawn:
                await child.signal(names.WITHDRAW, Withdraw())
            else:
                await child.cancel()
        except ApplicationError:
            # It has ended at the same moment; its parent has not heard of it yet.
            await self._learns_its_end()

    async def _learns_its_end(self) -> None:
        if self._child is None:
            return
        try:
            self.status = await self._child
        except ChildWorkflowError:
            self.status = self._given_up()

    async def _started(
        self, video: VideoRequest, book: AssetBook
    ) -> workflow.ChildWorkflowHandle[object, VideoStatus]:
        info = workflow.info()
        return await workflow.start_child_workflow(
            names.GENERATE_VIDEO,
            GenerateVideoInput(
                account=self.request.account,
                video=video,
                images=book.usable(AssetKind.IMAGE)[:MAX_IMAGES],
                videos=book.usable(AssetKind.VIDEO)[:MAX_VIDEOS],
                key=video_key(self.request.tenant, self.request.onboarding),
                poll_interval_s=self.policy.poll_interval_s,
                post_timeout_s=self.policy.post_timeout_s,
                stalled_after_s=self.policy.stalled_after_s,
                tells=None if self.request.webhook_url is None else info.workflow_id,
                prepared=await prepared_for(self.workflow_id),
            ),
            id=self.workflow_id,
            result_type=VideoStatus,
            task_queue=info.task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=ParentClosePolicy.ABANDON,
            cancellation_type=ChildWorkflowCancellationType.ABANDON,
            search_attributes=search_attributes(Stage.GENERATING, WaitingFor.UPSTREAM),
            static_summary=Summary.VIDEO,
        )

    async def _adopted(self) -> VideoStatus:
        """Take the outcome of a child that an earlier run of this onboarding has started."""
        try:
            return await perform(
                AWAIT_VIDEO,
                AwaitVideo(workflow_id=self.workflow_id),
                on=upstream_queue(workflow.info().task_queue, self.request.account),
                patience=watching(),
                summary=Summary.AWAIT_VIDEO,
            )
        except StepFailedError:
            return self._given_up()

    def _given_up(self) -> VideoStatus:
        return VideoStatus(
            state=VideoState.FAILED,
            workflow_id=self.workflow_id,
            failure=Failure.of(FailureCode.BUG, step=names.GENERATE_VIDEO),
        )
