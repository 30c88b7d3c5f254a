"""The registry of one verified person: consent, proof and assets, until erased."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

from likeness import names
from likeness.failures import FAILURES, FailureCode
from likeness.ids import (
    file_prefixes,
    onboarding_workflow_id,
    person_video_key,
    person_workflow_id,
    upstream_queue,
    video_workflow_id,
)
from likeness.messages.conversation import Failure, Withdraw
from likeness.messages.onboarding import AssetKind, VideoRequest
from likeness.messages.person import (
    ConsentReceipt,
    Erase,
    Erased,
    EraseFiles,
    Generate,
    KeepReceipt,
    OnboardingChanged,
    PersonInput,
    PersonState,
    Renew,
    VideoOrdered,
)
from likeness.messages.video import GenerateVideoInput
from likeness.stages import Hold, Stage, WaitingFor
from likeness.steps import ERASE_FILES, KEEP_RECEIPT, GivesT, Step, TakesT
from likeness.summaries import Summary
from likeness.temporal.attributes import search_attributes
from workflows.ordering import refuse_if
from workflows.performing import ONCE, StepFailedError, copying, perform
from workflows.persisting import perform_until_taken
from workflows.showing import show, tell_person
from workflows.video_order import MAX_IMAGES, MAX_VIDEOS

REMAINS = (
    "the encrypted history of the person's runs, until the namespace's retention has passed",
    "the asset group at the upstream, which this API cannot delete: ask the vendor's support",
)
"""What an erasure cannot reach."""

KEPT_WITHIN = timedelta(seconds=4)
"""Well within a workflow task, which a quick write does not outlast."""


@workflow.defn(name=names.PERSON)
class Person:
    """One run per tenant and person, open until erased; continues as new when its history grows.

    An onboarding starts it, or tells it by signal, when the person's group is known.
    """

    @workflow.init
    def __init__(self, known: PersonInput) -> None:
        self.state = known.state
        self.erasing: Erase | None = None
        self.erased: Erased | None = None
        self.unkept: list[ConsentReceipt] = []
        self.is_keeping = False
        self.untold: list[str] = []
        self.is_to_renew = False
        self.starting: set[str] = set()
        self._ordering = asyncio.Lock()
        self._tell()

    @workflow.run
    async def run(self, _: PersonInput) -> PersonState:
        """Do what news and orders leave to do, until the person is erased."""
        _refuse_foreign_id(self.state)
        keeping = asyncio.create_task(self._keep_receipts())
        while self.erasing is None:
            await workflow.wait_condition(self._has_something_to_do)
            if self.untold:
                await self._tell_withdrawn(self.untold.pop(0))
            elif self.erasing is None:
                workflow.continue_as_new(PersonInput(state=self.state))
        # A receipt that is being written now must not come to lie there after the erasure.
        await workflow.wait_condition(lambda: not self.is_keeping)
        keeping.cancel()
        await self._erase()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.state

    def _has_something_to_do(self) -> bool:
        return bool(self.untold) or self.erasing is not None or self._may_continue_as_new()

    def _may_continue_as_new(self) -> bool:
        wanted = self.is_to_renew or workflow.info().is_continue_as_new_suggested()
        return wanted and not self.unkept and workflow.all_handlers_finished()

    @workflow.signal(name=names.RENEW, description="Begin a new history after a deploy")
    def renew(self, _: Renew) -> None:
        """Continue as new as soon as nothing is under way, so that an old history may go."""
        self.is_to_renew = True

    # News of onboardings. What it changes is known at once, also to an order that comes with it.

    @workflow.signal(name=names.ONBOARDING_CHANGED, description="News of an onboarding")
    def onboarding_changed(self, news: OnboardingChanged) -> None:
        """Take the news; told twice it changes nothing more."""
        state = self.state
        if self.erasing is not None:
            self._now(onboardings={**state.onboardings, news.onboarding: news.stage})
            if not news.stage.is_end and news.withdrawn_at is None:
                self.untold.append(self._onboarding_id(news.onboarding))
            return
        changed: dict[str, object] = {
            "onboardings": {**state.onboardings, news.onboarding: news.stage},
            "links": {**state.links, news.onboarding: news.link},
        }
        if state.group_id is None and news.group_id is not None:
            changed |= {
                "group_id": news.group_id,
                "project_name": news.project_name,
                "account": news.account,
            }
        if news.group_id in (None, state.group_id) or state.group_id is None:
            known = {asset.asset_id: asset for asset in (*state.assets, *news.assets)}
            changed["assets"] = tuple(known.values())
        if news.video_ordered:
            video_id = video_workflow_id(self._onboarding_id(news.onboarding))
            changed["video_ids"] = tuple(dict.fromkeys((*state.video_ids, video_id)))
        if news.receipt is not None and news.receipt not in state.receipts:
            changed["receipts"] = (*state.receipts, news.receipt)
            self.unkept.append(news.receipt)
        self._now(**changed)
        self._weigh_consent(news)

    def _weigh_consent(self, news: OnboardingChanged) -> None:
        """Let a consent given since the withdrawal count anew; stop what stands on an older one."""
        agreed_at = news.receipt.consent_at if news.receipt else 0.0
        withdrawn_at = max(self.state.withdrawn_at or 0.0, news.withdrawn_at or 0.0)
        if not withdrawn_at:
            return
        if agreed_at > withdrawn_at:
            self._now(withdrawn_at=None)
            show(Stage.VERIFIED, WaitingFor.NOBODY)
            return
        if self.state.withdrawn_at is None:
            self._now(withdrawn_at=withdrawn_at)
            show(Stage.DECLINED, WaitingFor.NOBODY, reason=FailureCode.WITHDRAWN)
        if not news.stage.is_end and news.withdrawn_at is None:
            self.untold.append(self._onboarding_id(news.onboarding))

    async def _keep_receipts(self) -> None:
        """Write receipts, one by one; while the archive takes none, hold and try on."""
        while True:
            await workflow.wait_condition(lambda: bool(self.unkept) and self.erasing is None)
            order = KeepReceipt(
                tenant=self.state.tenant, person=self.state.person, receipt=self.unkept[0]
            )
            self.is_keeping = True
            try:
                if not await self._is_kept_at_once(order):
                    await self._until_done(KEEP_RECEIPT, order, Summary.KEEP_RECEIPT)
            except StepFailedError:
                return
            finally:
                self.is_keeping = False
            self.unkept.pop(0)

    async def _is_kept_at_once(self, order: KeepReceipt) -> bool:
        """Write within the task that brought the news: one event instead of six.

        An archive that fails or is slow has the step repeated as one of its own.
        """
        try:
            await workflow.execute_local_activity(
                KEEP_RECEIPT.name,
                order,
                result_type=KEEP_RECEIPT.gives,
                schedule_to_close_timeout=KEPT_WITHIN,
                retry_policy=ONCE,
                summary=Summary.KEEP_RECEIPT,
            )
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            return False
        return True

    # The person takes the consent back.

    @workflow.update(name=names.WITHDRAW, description="The person takes the consent back")
    async def withdraw(self, withdrawal: Withdraw) -> PersonState:
        """End what is under way: onboardings end, videos in flight are sealed, none begins anew."""
        await self._withdraw(withdrawal)
        return self.state

    async def _withdraw(self, withdrawal: Withdraw) -> None:
        if self.state.withdrawn_at is None:
            self._now(withdrawn_at=workflow.time())
            show(Stage.DECLINED, WaitingFor.NOBODY, reason=FailureCode.WITHDRAWN)
        await workflow.wait_condition(lambda: not self.starting)
        onboardings = [
            self._onboarding_id(onboarding)
            for onboarding, stage in self.state.onboardings.items()
            if not stage.is_end
        ]
        await asyncio.gather(
            *(
                self._tell_withdrawn(each, withdrawal)
                for each in (*onboardings, *self.state.video_ids)
            )
        )

    async def _tell_withdrawn(self, workflow_id: str, withdrawal: Withdraw | None = None) -> None:
        handle = workflow.get_external_workflow_handle(workflow_id)
        try:
            await handle.signal(names.WITHDRAW, withdrawal or Withdraw())
        except ApplicationError:
            # It has ended, or its history is gone: there is nothing left to stop.
            return

    # Another video, without a new scan.

    @workflow.update(name=names.GENERATE, description="Make another video of the person")
    async def generate(self, wanted: Generate) -> VideoOrdered:
        """Start a video under an id of its own; it outlives this run. One Update, one video."""
        info = workflow.current_update_info()
        order_id = info.id if info else ""
        async with self._ordering:
            number = self.state.orders.get(order_id)
            if number is None:
                number = self.state.videos + 1
                await self._start(wanted.video, number)
                self._now(
                    videos=number,
                    orders={**self.state.orders, order_id: number},
                    requests={**self.state.requests, order_id: wanted.video.fingerprint()},
                )
        return VideoOrdered(
            number=number,
            workflow_id=video_workflow_id(self._id, number),
            request=self.state.requests.get(order_id),
        )

    @generate.validator
    def _may_generate(self, wanted: Generate) -> None:  # noqa: ARG002  # the Update's own signature
        withdrawn = self.state.withdrawn_at is not None or self.erasing is not None
        refuse_if(withdrawn, FailureCode.WITHDRAWN)
        refuse_if(not self.state.assets, FailureCode.NO_USABLE_ASSETS)

    async def _start(self, video: VideoRequest, number: int) -> None:
        video_id = video_workflow_id(self._id, number)
        self.starting.add(video_id)
        try:
            await workflow.start_child_workflow(
                names.GENERATE_VIDEO,
                self._video(video, number),
                id=video_id,
                task_queue=workflow.info().task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=ParentClosePolicy.ABANDON,
                cancellation_type=ChildWorkflowCancellationType.ABANDON,
                search_attributes=search_attributes(Stage.GENERATING, WaitingFor.UPSTREAM),
                static_summary=Summary.VIDEO,
            )
            self._now(video_ids=(*self.state.video_ids, video_id))
        finally:
            self.starting.discard(video_id)

    def _video(self, video: VideoRequest, number: int) -> GenerateVideoInput:
        return GenerateVideoInput(
            account=self.state.account,
            video=video,
            images=self._references(AssetKind.IMAGE)[:MAX_IMAGES],
            videos=self._references(AssetKind.VIDEO)[:MAX_VIDEOS],
            key=person_video_key(self.state.tenant, self.state.person, number),
            number=number,
            life=workflow.info().first_execution_run_id,
            poll_interval_s=self.state.poll_interval_s,
            post_timeout_s=self.state.post_timeout_s,
            stalled_after_s=self.state.stalled_after_s,
        )

    def _references(self, kind: AssetKind) -> tuple[str, ...]:
        return tuple(f"asset://{a.asset_id}" for a in self.state.assets if a.kind is kind)

    # The person is forgotten.

    @workflow.update(name=names.ERASE, description="Delete what is held of the person, and end")
    async def erase(self, order: Erase) -> Erased:
        """Withdraw, delete the archived files, end; answers with what remains beyond reach."""
        await self._withdraw(Withdraw(erased=True))
        self.erasing = order
        await workflow.wait_condition(lambda: self.erased is not None)
        return self.erased or Erased(files_deleted=0, remains=REMAINS)

    @erase.validator
    def _may_erase(self, order: Erase) -> None:  # noqa: ARG002  # the Update's own signature
        refuse_if(self.erasing is not None, FailureCode.ALREADY_ENDED)

    async def _erase(self) -> None:
        """Delete; what an onboarding tells meanwhile is stopped and deleted too."""
        count = 0
        erased: set[str] = set()
        while True:
            onboardings = set(self.state.onboardings)
            folders = file_prefixes(self.state.tenant, self.state.person, sorted(onboardings))
            files = await self._until_done(
                ERASE_FILES, EraseFiles(folders=folders), Summary.ERASE_FILES
            )
            count += files.count
            erased |= onboardings
            while self.untold:
                await self._tell_withdrawn(self.untold.pop(0), Withdraw(erased=True))
            if erased == set(self.state.onboardings):
                break
        self._now(receipts=(), assets=(), group_id=None, erased_at=workflow.time())
        self.erased = Erased(files_deleted=count, remains=REMAINS)

    async def _until_done(
        self, step: Step[TakesT, GivesT], order: TakesT, summary: Summary
    ) -> GivesT:
        """Perform a step that may be repeated; while it fails, the run shows who must act."""
        troubles: list[Failure] = []

        def troubled(failure: Failure) -> None:
            troubles.append(failure)
            self._show_trouble(failure)

        done = await perform_until_taken(
            lambda: perform(step, order, on=self._queue, patience=copying(), summary=summary),
            repeatable=lambda _: True,
            trouble=troubled,
            given_up=lambda: step is KEEP_RECEIPT and self.erasing is not None,
        )
        if troubles:
            show(self._stage, WaitingFor.NOBODY)
        return done

    def _show_trouble(self, failure: Failure) -> None:
        show(
            self._stage,
            WaitingFor.OPERATOR,
            hold=FAILURES[failure.code].hold or Hold.NEEDS_OPERATOR,
            reason=failure.code,
        )

    @property
    def _stage(self) -> Stage:
        return Stage.VERIFIED if self.state.withdrawn_at is None else Stage.DECLINED

    @workflow.query(name=names.STATUS, description="Everything that is known of the person")
    def status(self) -> PersonState:
        """Give the state."""
        return self.state

    def _now(self, **changed: object) -> None:
        self.state = self.state.model_copy(update=changed)
        self._tell()

    def _tell(self) -> None:
        tell_person(self.state)

    def _onboarding_id(self, onboarding: str) -> str:
        return onboarding_workflow_id(self.state.tenant, onboarding)

    @property
    def _id(self) -> str:
        return person_workflow_id(self.state.tenant, self.state.person)

    @property
    def _queue(self) -> str:
        return upstream_queue(workflow.info().task_queue, self.state.account)


def _refuse_foreign_id(state: PersonState) -> None:
    refuse_if(
        workflow.info().workflow_id != person_workflow_id(state.tenant, state.person),
        FailureCode.BAD_INPUT,
        "the workflow id must be likeness/TENANT/person/REF of the person it is started with",
    )
