"""How an onboarding tells the registry of verified people: the ``Person`` run of its person."""

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

from likeness import names
from likeness.ids import person_workflow_id
from likeness.messages.onboarding import OnboardingPolicy, OnboardingRequest
from likeness.messages.person import OnboardingChanged, PersonInput, PersonState, UsableAsset
from likeness.stages import AssetState, Stage, WaitingFor
from likeness.summaries import Summary
from likeness.temporal.attributes import search_attributes
from workflows.assets import AssetBook
from workflows.standing import Standing
from workflows.verification import Verification


class Registry:
    """Starts the person's run, or tells the one there is."""

    def __init__(
        self, request: OnboardingRequest, policy: OnboardingPolicy, standing: Standing
    ) -> None:
        self.request = request
        self.policy = policy
        self.standing = standing
        self._workflow_id = person_workflow_id(request.tenant, request.person)
        self._is_known = False

    async def learns(self, verification: Verification, book: AssetBook | None = None) -> None:
        """Tell what is known by now: first the proof, later the assets too."""
        news = OnboardingChanged(
            onboarding=self.request.onboarding,
            stage=self.standing.stage,
            account=self.request.account,
            project_name=verification.project_name,
            group_id=verification.group_id,
            receipt=None if self._is_known else verification.receipt,
            assets=() if book is None else _usable(book),
            video_ordered=book is not None and self.request.video is not None,
        )
        if not self._is_known and await self._is_started_with(news):
            self._is_known = True
            return
        self._is_known = True
        await self._tell(news)

    async def _is_started_with(self, news: OnboardingChanged) -> bool:
        state = PersonState(
            tenant=self.request.tenant,
            person=self.request.person,
            account=self.request.account,
            poll_interval_s=self.policy.poll_interval_s,
            post_timeout_s=self.policy.post_timeout_s,
        )
        try:
            await workflow.start_child_workflow(
                names.PERSON,
                PersonInput(state=state, news=news),
                id=self._workflow_id,
                task_queue=workflow.info().task_queue,
                # Somebody erased may be onboarded anew.
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                parent_close_policy=ParentClosePolicy.ABANDON,
                cancellation_type=ChildWorkflowCancellationType.ABANDON,
                search_attributes=search_attributes(Stage.VERIFIED, WaitingFor.NOBODY),
                static_summary=Summary.PERSON,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _tell(self, news: OnboardingChanged) -> None:
        handle = workflow.get_external_workflow_handle(self._workflow_id)
        try:
            await handle.signal(names.ONBOARDING_CHANGED, news)
        except ApplicationError:
            # Erased meanwhile: then nothing of it is to be known any more.
            return


def _usable(book: AssetBook) -> tuple[UsableAsset, ...]:
    return tuple(
        UsableAsset(asset_id=status.asset_id, kind=submission.kind, name=status.name)
        for submission in book.submissions
        for status in submission.statuses()
        if status.state is AssetState.USABLE and status.asset_id
    )
