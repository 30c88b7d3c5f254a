"""The story of one video: ordered once, watched to its end, and kept before its address dies."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

from temporalio import workflow
from temporalio.workflow import ActivityCancellationType

from likeness import names
from likeness.failures import FAILURES, FailureCode
from likeness.ids import sealed_key, upstream_queue
from likeness.messages.conversation import Cancel, Failure, VideoStatus, Withdraw
from likeness.messages.person import EraseFiles
from likeness.messages.steps import (
    ArchiveVideo,
    GenerationFinished,
    GenerationTriggered,
    PollGeneration,
    TriggerGeneration,
    VideoArchived,
)
from likeness.messages.video import GenerateVideoInput
from likeness.stages import Hold, Stage, VideoState, WaitingFor
from likeness.steps import (
    ARCHIVE_VIDEO,
    ERASE_FILES,
    POLL_GENERATION,
    TRIGGER_GENERATION,
)
from likeness.summaries import Summary
from workflows.performing import (
    ResultT,
    StepFailedError,
    copying,
    perform,
    posting,
    watching,
)
from workflows.persisting import perform_until_taken
from workflows.showing import show, tell_video

_END_OF = {
    VideoState.DONE: Stage.COMPLETED,
    VideoState.FAILED: Stage.FAILED,
    VideoState.CANCELED: Stage.CANCELED,
}


class GivenUpError(Exception):
    """The video will not come; its status says why."""


@workflow.defn(name=names.GENERATE_VIDEO)
class GenerateVideo:
    """One run per video. A cancel stops what is not paid for; a paid video is brought home."""

    @workflow.init
    def __init__(self, order: GenerateVideoInput) -> None:
        self.order = order
        self.is_canceled = False
        self.is_erased = False
        self.video = VideoStatus(
            state=VideoState.REQUESTED, workflow_id=workflow.info().workflow_id
        )

    @workflow.run
    async def run(self, _: GenerateVideoInput) -> VideoStatus:
        """Tell the story to its end; a request to cancel is noted, not obeyed at once."""
        story = asyncio.create_task(self.story())
        while not story.done():
            try:
                await workflow.wait_condition(story.done)
            except asyncio.CancelledError:
                self.is_canceled = True
        await story
        show(_END_OF[self.video.state], WaitingFor.NOBODY)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.video

    async def story(self) -> None:
        """Order the video, watch it being made, keep the file."""
        try:
            triggered = await self.is_triggered()
            await self.is_generated(triggered)
            await self.is_archived()
        except GivenUpError:
            return

    async def is_triggered(self) -> GenerationTriggered:
        """Send the paid POST, once, with a key that a reset of this run would not change."""
        video = self.order.video
        order = TriggerGeneration(
            **video.model_dump(exclude={"prompt"}),
            prompt=video.prompt,
            images=self.order.images,
            videos=self.order.videos,
            idempotency_key=idempotency_key(workflow.info().workflow_id, self.order.life),
            post_timeout_s=self.order.post_timeout_s,
        )
        try:
            triggered = await self._repeated(
                lambda: self._ordered(order),
                repeatable=lambda failed: failed.had_no_effect,
            )
        except asyncio.CancelledError:
            # No worker had taken the order yet, so it was never sent.
            self._give_up(VideoState.CANCELED, Failure.of(self._why_canceled))
            raise
        except StepFailedError as failed:
            if failed.had_no_effect:
                self._give_up(VideoState.CANCELED, failed.failure)
            code = FailureCode.GENERATION_UNCONFIRMED if failed.lost else failed.code
            await self._hold(Failure.of(code, step=failed.step, detail=failed.detail))
            raise
        return self._taken(triggered)

    async def _ordered(self, order: TriggerGeneration) -> GenerationTriggered:
        """Have the order sent, or taken back while nobody has taken it up."""
        sending = asyncio.create_task(
            perform(
                TRIGGER_GENERATION,
                order,
                on=self._queue,
                patience=posting(order.post_timeout_s),
                summary=Summary.TRIGGER_GENERATION,
                cancellation=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        )
        await workflow.wait_condition(lambda: sending.done() or self.is_canceled)
        if not sending.done():
            sending.cancel()
        return await sending

    @property
    def _why_canceled(self) -> FailureCode:
        return FailureCode.WITHDRAWN if self.video.sealed else FailureCode.CANCELED

    def _taken(self, triggered: GenerationTriggered) -> GenerationTriggered:
        if triggered.task_id is None:
            self._give_up(
                VideoState.FAILED,
                Failure.of(
                    FailureCode.GENERATION_REFUSED,
                    step=TRIGGER_GENERATION.name,
                    detail=triggered.refused,
                ),
            )
        self._now(state=VideoState.GENERATING, task_id=triggered.task_id)
        return triggered

    async def is_generated(self, triggered: GenerationTriggered) -> None:
        """Watch the task until the upstream says how it ended."""
        watch = PollGeneration(
            task_id=triggered.task_id or "",
            poll_interval_s=self.order.poll_interval_s,
            estimated_time_s=triggered.estimated_time_s,
        )
        finished: GenerationFinished = await self._repeated(
            lambda: perform(
                POLL_GENERATION,
                watch,
                on=self._queue,
                patience=watching(),
                summary=Summary.POLL_GENERATION,
            )
        )
        if finished.lost:
            await self._hold(Failure.of(FailureCode.UPSTREAM_LOST_TASK, step=POLL_GENERATION.name))
        self._now(state=VideoState.ARCHIVING, cost_usd=finished.cost_usd)
        if not finished.succeeded:
            self._give_up(
                VideoState.FAILED,
                Failure.of(
                    FailureCode.GENERATION_FAILED,
                    step=POLL_GENERATION.name,
                    detail=finished.reason,
                ),
            )

    async def is_archived(self) -> None:
        """Copy the file; while the archive does not take it, hold and try on by itself."""
        kept = await self._archived(self._key, instead_of=None)
        while kept.key not in (None, self._key) and not self.is_erased:
            # The person has withdrawn while the file was copied to the open place.
            kept = await self._archived(self._key, instead_of=kept.key)
        if self.is_erased:
            await self._removed(kept.key)
            self._give_up(VideoState.CANCELED, Failure.of(FailureCode.WITHDRAWN))
        self._kept(kept)

    async def _archived(self, key: str, *, instead_of: str | None) -> VideoArchived:
        if self.is_erased:
            return VideoArchived()
        order = ArchiveVideo(task_id=self.video.task_id or "", key=key, instead_of=instead_of)
        return await self._repeated(
            lambda: perform(
                ARCHIVE_VIDEO,
                order,
                on=self._queue,
                patience=copying(),
                summary=Summary.ARCHIVE_VIDEO,
            )
        )

    async def _removed(self, key: str | None) -> None:
        if key is not None:
            await self._repeated(
                lambda: perform(
                    ERASE_FILES,
                    EraseFiles(files=(key,)),
                    on=self._queue,
                    patience=copying(),
                    summary=Summary.ERASE_FILES,
                )
            )

    def _kept(self, kept: VideoArchived) -> None:
        if kept.gone:
            self._give_up(
                VideoState.FAILED,
                Failure.of(FailureCode.VIDEO_EXPIRED, step=ARCHIVE_VIDEO.name),
            )
        self._now(
            state=VideoState.DONE,
            key=kept.key,
            size_bytes=kept.size_bytes,
            sha256=kept.sha256,
        )

    @workflow.query(name=names.STATUS, description="Everything that may be shown of the video")
    def status(self) -> VideoStatus:
        """Give the state without prompt or address."""
        return self.video

    @workflow.signal(name=names.WITHDRAW, description="The person takes the consent back")
    def withdraw(self, withdrawal: Withdraw) -> None:
        """Leave what is not paid for yet; what is paid for is brought home sealed.

        Of somebody erased nothing is kept: the bill is recorded, the file is not.
        """
        self.is_canceled = True
        self.is_erased = self.is_erased or withdrawal.erased
        self._now(sealed=True)

    @workflow.update(name=names.CANCEL, description="An operator stops what is not paid for")
    async def cancel(self, _: Cancel) -> VideoStatus:
        """Note the wish; a hold ends by it."""
        self.is_canceled = True
        return self.video

    async def _hold(self, failure: Failure) -> None:
        """Rest until somebody gives the video up."""
        self._show_hold(failure)
        await workflow.wait_condition(lambda: self.is_canceled)
        self._give_up(VideoState.FAILED, failure)

    def _show_hold(self, failure: Failure) -> None:
        hold = FAILURES[failure.code].hold or Hold.NEEDS_OPERATOR
        if (hold, failure) != (self.video.hold, self.video.failure):
            self._now(hold=hold, failure=failure)
            show(Stage.GENERATING, WaitingFor.OPERATOR, hold=hold, reason=failure.code)

    def _show_no_hold(self) -> None:
        if self.video.hold is not None:
            self._now(hold=None, failure=None)
            show(Stage.GENERATING, WaitingFor.UPSTREAM)

    async def _repeated(
        self,
        performance: Callable[[], Awaitable[ResultT]],
        *,
        repeatable: Callable[[StepFailedError], bool] = lambda _: True,
    ) -> ResultT:
        """Perform until it works; only what is not paid for yet gives up on a cancel."""
        result = await perform_until_taken(
            performance,
            repeatable=repeatable,
            trouble=self._show_hold,
            given_up=lambda: self.is_canceled and self.video.task_id is None,
            account=self.order.account,
        )
        self._show_no_hold()
        return result

    def _give_up(self, state: VideoState, failure: Failure) -> None:
        self._now(state=state, hold=None, failure=failure)
        raise GivenUpError

    def _now(self, **changed: object) -> None:
        self.video = self.video.model_copy(update=changed)
        tell_video(self.video)

    @property
    def _key(self) -> str:
        return sealed_key(self.order.key) if self.video.sealed else self.order.key

    @property
    def _queue(self) -> str:
        return upstream_queue(workflow.info().task_queue, self.order.account)


def idempotency_key(workflow_id: str, life: str | None = None) -> str:
    """Derive the key from the workflow's id: a random one would change with a reset.

    ``life`` keeps it apart from the key of somebody erased who had the same reference.
    """
    name = workflow_id if life is None else f"{workflow_id} {life}"
    return hashlib.sha256(name.encode()).hexdigest()
