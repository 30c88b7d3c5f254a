"""The story of one onboarding: from an invitation to a reviewed avatar and, if asked, a video."""

import asyncio
import contextlib

from temporalio import workflow

from likeness import names
from likeness.failures import FailureCode
from likeness.ids import onboarding_workflow_id
from likeness.messages.conversation import (
    Cancel,
    Decline,
    Failure,
    Finished,
    OnboardingStatus,
    OpenSession,
    SessionOpened,
    VerificationCallback,
    Withdraw,
)
from likeness.messages.onboarding import OnboardingInput
from likeness.messages.video import VideoChanged
from likeness.stages import Stage, WaitingFor
from likeness.summaries import Summary
from workflows.avatar import Avatar
from workflows.introducing import introduce
from workflows.operator_orders import TakesOrders
from workflows.ordering import Orders, refuse_if
from workflows.registry import Registry
from workflows.showing import tell
from workflows.standing import Standing
from workflows.telling import Telling
from workflows.verification import Verification
from workflows.video_order import VideoOrder

SHOWN_WITHIN_S = 8
"""Whoever ends a run hears of it within ten seconds, the way to them and back included."""


@workflow.defn(name=names.ONBOARD_PERSON)
class OnboardPerson(TakesOrders):
    """One run per onboarding. Its result is the last ``OnboardingStatus``; a "no" is a result.

    Only input that does not fit fails the run, and only a defect fails one of its tasks.
    """

    @workflow.init
    def __init__(self, order: OnboardingInput) -> None:
        self.request = order.request
        self.due = workflow.info().workflow_start_time.timestamp() + order.policy.deadline_s
        self.ending: tuple[Stage, Failure] | None = None
        self.orders = Orders()
        self.telling = Telling(order.request, status=self.snapshot, on_change=self._tell)
        self.standing = Standing(on_change=self._tell, on_rest=self.telling.tells)
        self.is_canceled_outside = False
        self.verification = Verification(
            order.request,
            order.policy,
            standing=self.standing,
            is_ending=lambda: self.ending is not None,
        )
        self.registry = Registry(order.request, order.policy, self.standing)
        self.avatar = Avatar(
            order.request,
            order.policy,
            self.standing,
            news=lambda: self.registry.news(self.verification),
            learns=lambda: self.registry.learns(self.verification),
            is_void=self.consent_is_void,
        )
        self.video = VideoOrder(order.request, order.policy, self.standing)
        self._tell()

    @workflow.run
    async def run(self, order: OnboardingInput) -> OnboardingStatus:
        """Tell the story until it is over, the deadline passes or somebody ends it."""
        _refuse_foreign_id(order)
        introduce(order.request, self.standing, due=self.due, link=self.verification.link)
        clock = asyncio.create_task(self.deadline_passes())
        whole = asyncio.create_task(self.to_the_end())
        while not whole.done():
            try:
                await workflow.wait_condition(whole.done)
            except asyncio.CancelledError:
                self.is_canceled_outside = True
                self.end_as(Stage.CANCELED, FailureCode.CANCELED)
        await whole
        del clock
        if self.is_canceled_outside and self.standing.stage is Stage.CANCELED:
            raise asyncio.CancelledError
        return self.status().compact()

    async def to_the_end(self) -> None:
        """Tell the story until it is told or an end is proposed; then wind up."""
        story = asyncio.create_task(self.story())
        await workflow.wait_condition(lambda: story.done() or self.ending is not None)
        await self.wind_up(story)

    async def story(self) -> None:
        """Take the person from the invitation to the video."""
        await self.verification.person_is_verified()
        self.standing.moves_to(Stage.VERIFIED)
        await self.avatar.is_made(self.verification.group_id or "", self.verification.project_name)
        self.standing.moves_to(Stage.READY)
        await self.assets_are_registered()
        await self.video.is_made(self.avatar.book)

    async def assets_are_registered(self) -> None:
        """Tell the registry; of somebody erased meanwhile nothing more is done."""
        if not await self.registry.learns(self.verification, self.avatar.book):
            self.consent_is_void()
            await workflow.wait_condition(lambda: False)

    def consent_is_void(self) -> None:
        """End what stands on the consent of somebody who was erased since."""
        self.end_as(Stage.DECLINED, FailureCode.WITHDRAWN)

    async def deadline_passes(self) -> None:
        """Sleep until the deadline of the whole run; there is one timer for all of it."""
        while (left := self.due - workflow.time()) > 0:
            await workflow.sleep(left, summary=Summary.DEADLINE)
        self.end_as(Stage.EXPIRED, FailureCode.DEADLINE_PASSED)

    def end_as(self, stage: Stage, code: FailureCode) -> None:
        """Propose an end; the first one wins, and ``run`` applies it."""
        if self.ending is None and not self.standing.stage.is_end:
            held = self.standing.failure
            detail = f"while held by {held.code}" if held else None
            self.ending = (stage, Failure.of(code, detail=detail))
            self.avatar.stops()
            self._tell()

    async def wind_up(self, story: asyncio.Task[None]) -> None:
        """Come to the end: no POST is left without its answer, no handler without its caller."""
        if story.done():
            await story
            self.standing.ends(Stage.COMPLETED)
        else:
            story.cancel()
            await self.posts_are_answered()
            await self.video.stops(withdrawn=self.is_withdrawn)
            await self.person_is_registered()
            self.standing.ends(*self.last_stage())
        await self.telling.is_over()
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def person_is_registered(self) -> None:
        """Tell of a withdrawal, and of a proof that an early end has left untold."""
        untold = self.is_withdrawn or not self.avatar.is_registered
        if untold and self.verification.group_id is not None:
            withdrawn_at = workflow.time() if self.is_withdrawn else None
            await self.registry.learns(self.verification, withdrawn_at=withdrawn_at)

    async def posts_are_answered(self) -> None:
        """Wait for the answer to a request on its way, and show that the end waits for it."""
        if self.ending is not None and self.avatar.is_posting:
            self.standing.winds_up(self.ending[1].code)
            await workflow.wait_condition(lambda: not self.avatar.is_posting)

    @property
    def is_withdrawn(self) -> bool:
        """Tell whether the person has taken the consent back."""
        return self.ending is not None and self.ending[1].code is FailureCode.WITHDRAWN

    def last_stage(self) -> tuple[Stage, Failure | None]:
        """Give the end that was proposed; a ready avatar outlives the deadline."""
        stage, failure = self.ending or (Stage.COMPLETED, None)
        if stage is Stage.EXPIRED and self.avatar.is_ready:
            return Stage.COMPLETED, failure
        return stage, failure

    # What others say to the run.

    @workflow.update(name=names.OPEN_SESSION, description="The person tapped Start")
    async def open_session(self, tap: OpenSession) -> SessionOpened:
        """Hand out a verification session; consent comes first."""
        return await self.verification.open(tap)

    @open_session.validator
    def _may_open(self, tap: OpenSession) -> None:
        code = self.verification.refusal(tap)
        refuse_if(code is not None, code or FailureCode.BUG)

    @workflow.signal(name=names.VERIFICATION_CALLBACK, description="A browser came back")
    def verification_callback(self, callback: VerificationCallback) -> None:
        """Take the hint; what it says decides nothing."""
        self.verification.came_back(callback)

    @workflow.update(name=names.FINISHED, description="The person says the scan is done")
    async def finished(self, said: Finished) -> OnboardingStatus:
        """Look once more, for a callback that got lost."""
        self.verification.said_finished(said.attempt)
        return self.status()

    @workflow.update(name=names.DECLINE, description="The person says no")
    async def decline(self, _: Decline) -> OnboardingStatus:
        """End the run: a no is an answer."""
        self.end_as(Stage.DECLINED, FailureCode.DECLINED)
        return await self.ended_or_shown()

    @decline.validator
    def _may_decline(self, _: Decline) -> None:
        self._refuse_if_ending()
        refuse_if(self.verification.group_id is not None, FailureCode.ALREADY_VERIFIED)

    @workflow.signal(name=names.WITHDRAW, description="The person takes the consent back")
    def withdraw(self, _: Withdraw) -> None:
        """End the run as the person's no; a video in flight is sealed."""
        self.end_as(Stage.DECLINED, FailureCode.WITHDRAWN)

    @workflow.signal(name=names.VIDEO_CHANGED, description="The video is held or goes on")
    def video_changed(self, news: VideoChanged) -> None:
        """Tell the caller what the video's own run knows."""
        # It may come in one task with the news that the video's run exists, and before that.
        self.video.hears(news.video)
        if self.standing.stage is Stage.GENERATING:
            self.telling.tells()

    @workflow.update(name=names.CANCEL, description="The caller or an operator ends the run")
    async def cancel(self, order: Cancel) -> OnboardingStatus:
        """End the run; a paid POST in flight is awaited and recorded first."""
        self.orders.note(names.CANCEL, order)
        self.end_as(Stage.CANCELED, FailureCode.CANCELED)
        return await self.ended_or_shown()

    @cancel.validator
    def _may_cancel(self, order: Cancel) -> None:  # noqa: ARG002  # the Update's own signature
        self._refuse_if_ending()

    async def ended_or_shown(self) -> OnboardingStatus:
        """Answer who has ended the run: when it is over, or soon that it waits for an answer.

        Only that wait costs a timer.
        """
        soon = SHOWN_WITHIN_S if self.avatar.is_posting else None
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self.standing.stage.is_end,
                timeout=soon,
                timeout_summary=Summary.AWAIT_ANSWER,
            )
        return self.status()

    @workflow.query(name=names.STATUS, description="Everything that may be shown of the run")
    def status(self) -> OnboardingStatus:
        """Give the state without a credential in it."""
        standing, verification = self.standing, self.verification
        checking = standing.stage is Stage.VERIFYING and verification.is_checking
        return OnboardingStatus(
            onboarding_id=self.request.onboarding,
            tenant=self.request.tenant,
            stage=standing.stage,
            hold=standing.hold,
            waiting_for=WaitingFor.UPSTREAM if checking else standing.waiting_for,
            deadline=self.due,
            attempts=len(verification.attempts),
            attempts_left=verification.attempts_left,
            attempt_log=tuple(attempt.status for attempt in verification.attempts),
            group_id=verification.group_id,
            assets=self.avatar.book.statuses(),
            video=self.video.status,
            failure=standing.failure,
            consent=verification.consent,
            consent_at=verification.consent_at,
            link=verification.link,
            consent_link=verification.consent_link if verification.consent else None,
            device=verification.latest.device if verification.latest else None,
            ending=None if self.ending is None or standing.stage.is_end else self.ending[0],
            orders=self.orders.given,
            deliveries=self.telling.log,
        )

    def snapshot(self) -> OnboardingStatus:
        """Give what the caller is told; a hold of the video shows as the onboarding's."""
        return self.video.seen_in(self.status())

    def _tell(self) -> None:
        tell(self.status())


def _refuse_foreign_id(order: OnboardingInput) -> None:
    """Hold a run to its own id, which the person's links and the video's key are made from."""
    expected = onboarding_workflow_id(order.request.tenant, order.request.onboarding)
    refuse_if(
        workflow.info().workflow_id != expected,
        FailureCode.BAD_INPUT,
        "the workflow id must be likeness/TENANT/ONBOARDING of the request it is started with",
    )
