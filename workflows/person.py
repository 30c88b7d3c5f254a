"""The registry of one verified person: consent, proof and assets, until erased."""

import asyncio

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

from likeness import names
from likeness.failures import FAILURES, FailureCode
from likeness.ids import (
    onboarding_workflow_id,
    person_video_key,
    person_workflow_id,
    upstream_queue,
    video_workflow_id,
)
from likeness.messages.conversation import Withdraw
from likeness.messages.onboarding import AssetKind, VideoRequest
from likeness.messages.person import (
    Erase,
    Erased,
    EraseFiles,
    Generate,
    KeepReceipt,
    OnboardingChanged,
    PersonInput,
    PersonState,
    VideoOrdered,
)
from likeness.messages.video import GenerateVideoInput
from likeness.stages import Stage, WaitingFor
from likeness.steps import ERASE_FILES, KEEP_RECEIPT
from likeness.summaries import Summary
from likeness.temporal.attributes import search_attributes
from workflows.performing import copying, perform, perform_until_taken
from workflows.showing import show, tell_person
from workflows.video_order import MAX_IMAGES, MAX_VIDEOS

REMAINS = (
    "the encrypted history of the person's runs, until the namespace's retention has passed",
    "the asset group at the upstream, which this API cannot delete: ask the vendor's support",
)
"""What an erasure cannot reach."""


@workflow.defn(name=names.PERSON)
class Person:
    """One run per tenant and person, open until erased; continues as new when its history grows.

    An onboarding starts it, or tells it by signal, when the person's group is known.
    """

    @workflow.init
    def __init__(self, known: PersonInput) -> None:
        self.state = known.state
        self.news: list[OnboardingChanged] = []
        self.erasing: Erase | None = None
        self.erased: Erased | None = None
        self._tell()

    @workflow.run
    async def run(self, _: PersonInput) -> PersonState:
        """Take the news one by one until the person is erased."""
        _refuse_foreign_id(self.state)
        while self.erasing is None:
            await workflow.wait_condition(self._has_something_to_do)
            if self.news:
                await self._learn(self.news.pop(0))
            elif self.erasing is None and workflow.all_handlers_finished():
                workflow.continue_as_new(PersonInput(state=self.state))
        await self._erase()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.state

    def _has_something_to_do(self) -> bool:
        grown = workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished()
        return bool(self.news) or self.erasing is not None or grown

    # News of onboardings.

    @workflow.signal(name=names.ONBOARDING_CHANGED, description="News of an onboarding")
    def onboarding_changed(self, news: OnboardingChanged) -> None:
        """Take the news; one at a time."""
        self.news.append(news)

    async def _learn(self, news: OnboardingChanged) -> None:
        is_first = self.state.group_id is None
        same_group = is_first or news.group_id in (None, self.state.group_id)
        changed: dict[str, object] = {
            "onboardings": {**self.state.onboardings, news.onboarding: news.stage}
        }
        if is_first and news.group_id is not None:
            changed |= {
                "group_id": news.group_id,
                "project_name": news.project_name,
                "account": news.account,
            }
        if news.assets and same_group:
            known = {asset.asset_id: asset for asset in (*self.state.assets, *news.assets)}
            changed["assets"] = tuple(known.values())
        if news.video_ordered:
            video_id = video_workflow_id(onboarding_workflow_id(self.state.tenant, news.onboarding))
            changed["video_ids"] = tuple(dict.fromkeys((*self.state.video_ids, video_id)))
        self._now(**changed)
        if news.receipt is not None and news.receipt not in self.state.receipts:
            self._now(receipts=(*self.state.receipts, news.receipt))
            await self._keep(news)
        await self._still_withdrawn(news)

    async def _still_withdrawn(self, news: OnboardingChanged) -> None:
        """Let a consent given since the withdrawal count anew; stop what stands on an older one."""
        since = self.state.withdrawn_at
        if since is None:
            return
        if news.receipt is not None and news.receipt.consent_at > since:
            self._now(withdrawn_at=None)
            show(Stage.VERIFIED, WaitingFor.NOBODY)
        elif not news.stage.is_end:
            await self._tell_withdrawn(onboarding_workflow_id(self.state.tenant, news.onboarding))

    async def _keep(self, news: OnboardingChanged) -> None:
        """Write the receipt; while the archive does not take it, try on."""
        if news.receipt is None:
            return
        order = KeepReceipt(
            tenant=self.state.tenant, person=self.state.person, receipt=news.receipt
        )
        await perform_until_taken(
            lambda: perform(
                KEEP_RECEIPT,
                order,
                on=self._queue,
                patience=copying(),
                summary=Summary.KEEP_RECEIPT,
            ),
            repeatable=lambda _: True,
            trouble=lambda _: None,
            given_up=lambda: False,
        )

    # The person takes the consent back.

    @workflow.update(name=names.WITHDRAW, description="The person takes the consent back")
    async def withdraw(self, _: Withdraw) -> PersonState:
        """End what is under way: onboardings end, videos in flight are sealed, none begins anew."""
        await self._withdraw()
        return self.state

    async def _withdraw(self) -> None:
        if self.state.withdrawn_at is None:
            self._now(withdrawn_at=workflow.time())
            show(Stage.DECLINED, WaitingFor.NOBODY, reason=FailureCode.WITHDRAWN)
            open_onboardings = [
                onboarding_workflow_id(self.state.tenant, onboarding)
                for onboarding, stage in self.state.onboardings.items()
                if not stage.is_end
            ]
            await asyncio.gather(
                *map(self._tell_withdrawn, (*open_onboardings, *self.state.video_ids))
            )

    async def _tell_withdrawn(self, workflow_id: str) -> None:
        handle = workflow.get_external_workflow_handle(workflow_id)
        try:
            await handle.signal(names.WITHDRAW, Withdraw())
        except ApplicationError:
            # It has ended, or its history is gone: there is nothing left to stop.
            return

    # Another video, without a new scan.

    @workflow.update(name=names.GENERATE, description="Make another video of the person")
    async def generate(self, wanted: Generate) -> VideoOrdered:
        """Start a video under an id of its own; it outlives this run."""
        number = self.state.videos + 1
        video_id = video_workflow_id(self._id, number)
        self._now(videos=number, video_ids=(*self.state.video_ids, video_id))
        await workflow.start_child_workflow(
            names.GENERATE_VIDEO,
            self._video(wanted.video, number),
            id=video_id,
            task_queue=workflow.info().task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=ParentClosePolicy.ABANDON,
            cancellation_type=ChildWorkflowCancellationType.ABANDON,
            search_attributes=search_attributes(Stage.GENERATING, WaitingFor.UPSTREAM),
            static_summary=Summary.VIDEO,
        )
        return VideoOrdered(number=number, workflow_id=video_id)

    @generate.validator
    def _may_generate(self, wanted: Generate) -> None:  # noqa: ARG002  # the Update's own signature
        withdrawn = self.state.withdrawn_at is not None or self.erasing is not None
        _refuse_if(withdrawn, FailureCode.WITHDRAWN)
        _refuse_if(not self.state.assets, FailureCode.NO_USABLE_ASSETS)

    def _video(self, video: VideoRequest, number: int) -> GenerateVideoInput:
        return GenerateVideoInput(
            account=self.state.account,
            video=video,
            images=self._references(AssetKind.IMAGE)[:MAX_IMAGES],
            videos=self._references(AssetKind.VIDEO)[:MAX_VIDEOS],
            key=person_video_key(self.state.tenant, self.state.person, number),
            number=number,
            poll_interval_s=self.state.poll_interval_s,
            post_timeout_s=self.state.post_timeout_s,
        )

    def _references(self, kind: AssetKind) -> tuple[str, ...]:
        return tuple(f"asset://{a.asset_id}" for a in self.state.assets if a.kind is kind)

    # The person is forgotten.

    @workflow.update(name=names.ERASE, description="Delete what is held of the person, and end")
    async def erase(self, order: Erase) -> Erased:
        """Withdraw, delete the archived files, end; answers with what remains beyond reach."""
        await self._withdraw()
        self.erasing = order
        await workflow.wait_condition(lambda: self.erased is not None)
        return self.erased or Erased(files_deleted=0, remains=REMAINS)

    @erase.validator
    def _may_erase(self, order: Erase) -> None:  # noqa: ARG002  # the Update's own signature
        _refuse_if(self.erasing is not None, FailureCode.ALREADY_ENDED)

    async def _erase(self) -> None:
        order = EraseFiles(
            tenant=self.state.tenant,
            person=self.state.person,
            onboardings=tuple(self.state.onboardings),
        )
        files = await perform_until_taken(
            lambda: perform(
                ERASE_FILES, order, on=self._queue, patience=copying(), summary=Summary.ERASE_FILES
            ),
            repeatable=lambda _: True,
            trouble=lambda _: None,
            given_up=lambda: False,
        )
        self._now(receipts=(), assets=(), group_id=None, erased_at=workflow.time())
        self.erased = Erased(files_deleted=files.count, remains=REMAINS)

    @workflow.query(name=names.STATUS, description="Everything that is known of the person")
    def status(self) -> PersonState:
        """Give the state."""
        return self.state

    def _now(self, **changed: object) -> None:
        self.state = self.state.model_copy(update=changed)
        self._tell()

    def _tell(self) -> None:
        tell_person(self.state)

    @property
    def _id(self) -> str:
        return person_workflow_id(self.state.tenant, self.state.person)

    @property
    def _queue(self) -> str:
        return upstream_queue(workflow.info().task_queue, self.state.account)


def _refuse_if(refused: bool, code: FailureCode) -> None:
    if refused:
        raise ApplicationError(FAILURES[code].sentence, type=code, non_retryable=True)


def _refuse_foreign_id(state: PersonState) -> None:
    if workflow.info().workflow_id != person_workflow_id(state.tenant, state.person):
        raise ApplicationError(
            "the workflow id must be likeness/TENANT/person/REF of the person it is started with",
            type=FailureCode.BAD_INPUT,
            non_retryable=True,
        )
