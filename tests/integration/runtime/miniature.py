"""A miniature of the onboarding: same names and messages, nothing of the story."""

from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy

from likeness import names
from likeness.failures import FailureCode
from likeness.messages.conversation import (
    Cancel,
    OnboardingStatus,
    OpenOutcome,
    OpenSession,
    Resolve,
    SessionOpened,
    VerificationCallback,
    VideoStatus,
)
from likeness.messages.onboarding import OnboardingInput
from likeness.messages.steps import LooksSent, QueryGroup
from likeness.stages import Hold, Stage, VideoState, WaitingFor
from likeness.summaries import Summary
from likeness.temporal.attributes import search_attribute_updates, search_attributes

DETAILS = "**Stage**: invited"
CANARY = "canary-of-a-person"


@activity.defn(name="miniature_step")
async def miniature_step(look: QueryGroup) -> LooksSent:
    return LooksSent(looks=look.max_looks)


@workflow.defn(name=names.ONBOARD_PERSON)
class MiniatureOnboarding:
    @workflow.init
    def __init__(self, order: OnboardingInput) -> None:
        self.order = order
        self.callbacks = 0
        self.stage = Stage.INVITED
        self.reason = ""
        self.ending: Stage | None = None

    @workflow.run
    async def run(self, _order: OnboardingInput) -> OnboardingStatus:
        workflow.set_current_details(DETAILS)
        await workflow.sleep(0.01, summary=Summary.NEXT_LOOK)
        await workflow.execute_activity(
            miniature_step,
            QueryGroup(byted_token=CANARY, project_name="default", post_timeout_s=1),
            start_to_close_timeout=timedelta(seconds=5),
            summary=Summary.LOOK_AFTER_CALLBACK,
        )
        await workflow.wait_condition(lambda: self.stage.is_end or self.callbacks > 0)
        return self.status()

    @workflow.signal(name=names.VERIFICATION_CALLBACK)
    def came_back(self, callback: VerificationCallback) -> None:
        self.callbacks += callback.attempt

    @workflow.update(name=names.OPEN_SESSION)
    def open_session(self, tap: OpenSession) -> SessionOpened:
        if tap.consent is None:
            return SessionOpened(outcome=OpenOutcome.TRY_AGAIN, code=FailureCode.CONSENT_MISSING)
        return SessionOpened(outcome=OpenOutcome.OPENED)

    @workflow.update(name=names.CANCEL)
    async def cancel(self, cancel: Cancel) -> OnboardingStatus:
        self.reason = cancel.reason
        if cancel.reason == "a POST is under way":
            self.ending = Stage.CANCELED
            await workflow.wait_condition(lambda: False)
        self._show(Stage.CANCELED)
        return self.status()

    @cancel.validator
    def _may_cancel(self, cancel: Cancel) -> None:
        if cancel.reason == "refuse me":
            raise ValueError("this one is not ended from outside")

    @workflow.update(name="show")
    def show(self, stage: Stage) -> None:
        self._show(stage)

    @workflow.query(name=names.STATUS)
    def status(self) -> OnboardingStatus:
        return OnboardingStatus(
            onboarding_id=self.order.request.onboarding,
            tenant=self.order.request.tenant,
            stage=self.stage,
            waiting_for=WaitingFor.UPSTREAM,
            deadline=0,
            ending=self.ending,
        )

    def _show(self, stage: Stage) -> None:
        self.stage = stage
        now = search_attributes(stage, WaitingFor.UPSTREAM)
        before = workflow.info().typed_search_attributes
        workflow.upsert_search_attributes(search_attribute_updates(now, since=before))


@workflow.defn(name=names.GENERATE_VIDEO)
class HeldVideo:
    """Holds until it is resolved; ``spent_usd`` counts how often it obeyed."""

    @workflow.init
    def __init__(self) -> None:
        self.resolved = 0

    @workflow.run
    async def run(self) -> None:
        held = search_attributes(
            Stage.GENERATING,
            WaitingFor.OPERATOR,
            hold=Hold.NEEDS_DECISION,
            reason=FailureCode.GENERATION_UNCONFIRMED,
        )
        before = workflow.info().typed_search_attributes
        workflow.upsert_search_attributes(search_attribute_updates(held, since=before))
        await workflow.wait_condition(lambda: False)

    @workflow.update(name=names.RESOLVE)
    def resolve(self, _: Resolve) -> VideoStatus:
        self.resolved += 1
        return self.status()

    @workflow.query(name=names.STATUS)
    def status(self) -> VideoStatus:
        return VideoStatus(
            state=VideoState.GENERATING,
            workflow_id=workflow.info().workflow_id,
            spent_usd=self.resolved,
        )


@workflow.defn
class BadActivityInput:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(
            "miniature_step",
            {"project_name": CANARY},
            start_to_close_timeout=timedelta(seconds=5),
            schedule_to_close_timeout=timedelta(seconds=20),
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1)),
        )


WORKFLOWS = (MiniatureOnboarding, HeldVideo, BadActivityInput)
