"""The person's part of the story: taps, sessions and callbacks, until the group is known."""

import asyncio
from collections.abc import Callable

from temporalio import workflow

from likeness.failures import FailureCode
from likeness.ids import person_queue
from likeness.messages.conversation import (
    Consent,
    Failure,
    OpenOutcome,
    OpenSession,
    SessionOpened,
    VerificationCallback,
)
from likeness.messages.onboarding import OnboardingPolicy, OnboardingRequest
from likeness.messages.person import ConsentReceipt
from likeness.messages.steps import (
    CreateSession,
    SessionCreated,
)
from likeness.stages import AttemptState, Stage, WaitingFor
from likeness.steps import CREATE_SESSION
from likeness.summaries import Summary
from workflows.account_hold import AccountHold
from workflows.attempts import Attempt
from workflows.looks import Looks
from workflows.performing import PERSON_POST_TIMEOUT_S, StepFailedError, minting, perform
from workflows.persisting import OF_THE_ACCOUNT
from workflows.standing import Standing, is_operators


class Verification:
    """Everything between the first tap and the known group."""

    def __init__(
        self,
        request: OnboardingRequest,
        policy: OnboardingPolicy,
        *,
        standing: Standing,
        is_ending: Callable[[], bool],
    ) -> None:
        self.request = request
        self.policy = policy
        self.standing = standing
        self.is_ending = is_ending
        self.link = 1
        self.attempts: list[Attempt] = []
        self.consent: Consent | None = None
        self.consent_at: float | None = None
        self.consent_link = 1
        self.account = AccountHold(request.account, standing)
        self.looks = Looks(policy, self.account, queue=self._queue, hold=self._hold)
        self._allowed = policy.max_attempts
        self._sessions_asked_for = 0
        self._held_at = 0.0
        self._tapping = asyncio.Lock()
        self._early_callbacks: dict[int, VerificationCallback] = {}
        # In the order of their beginning: a set would cancel them in another one at each replay.
        self._watchers: dict[asyncio.Task[None], None] = {}

    @property
    def group_id(self) -> str | None:
        """Give the person's group, once a look has told it."""
        return self.looks.group_id

    @property
    def project_name(self) -> str:
        """Give the project that every step of this person must name."""
        return self.looks.project_name

    @property
    def attempts_left(self) -> int:
        """Tell how many more sessions the person may open."""
        return max(self._allowed - len(self.attempts), 0)

    @property
    def is_checking(self) -> bool:
        """Tell whether looks after a callback are under way."""
        return any(attempt.checking for attempt in self.attempts)

    async def person_is_verified(self) -> None:
        """Wait until a look of ours has told the group; nothing else proves anything."""
        try:
            await workflow.wait_condition(lambda: self.group_id is not None)
        finally:
            for watcher in tuple(self._watchers):
                watcher.cancel()
            self.account.leaves()

    # The person acts.

    async def open(self, tap: OpenSession) -> SessionOpened:
        """Answer a tap: with the session just handed out, or with a new one."""
        async with self._tapping:
            # Much may have happened while another tap was answered.
            if (code := self.refusal(tap)) is not None:
                return SessionOpened(outcome=OpenOutcome.TRY_AGAIN, code=code)
            latest = self.latest
            if latest and latest.session and self._gets_the_same_link(tap):
                return _handed_out(latest.number, latest.session)
            if (held := self.account.failure) is not None:
                self._held_at = workflow.time()
                return SessionOpened(outcome=OpenOutcome.ON_HOLD, code=held.code)
            self.consent, self.consent_at = tap.consent, workflow.time()
            self.consent_link = self.link
            self.standing.released(WaitingFor.PERSON)
            return await self._mint(tap.device)

    def refusal(self, tap: OpenSession) -> FailureCode | None:
        """Tell why a tap gets no session, None when it gets one."""
        if (code := self._too_late()) is not None:
            return code
        if tap.consent is None:
            return FailureCode.CONSENT_MISSING
        if workflow.time() > tap.not_after:
            return FailureCode.TAP_TOO_OLD
        if (code := self._busy(tap)) is not None:
            return code
        if self._gets_the_same_link(tap) or self.attempts_left:
            return None
        return FailureCode.ATTEMPTS_EXHAUSTED

    def _busy(self, tap: OpenSession) -> FailureCode | None:
        """Tell whether another device or the session just opened stands in the way."""
        now, latest = workflow.time(), self.latest
        if self._is_held_from(tap) and not tap.take_over:
            return FailureCode.OTHER_DEVICE
        if self._gets_the_same_link(tap) or not self.attempts_left:
            return None
        cooling = now - self._held_at < self.policy.cooldown_s
        just_opened = latest is not None and latest.was_just_opened(now)
        too_soon = cooling or (just_opened and not self._is_held_from(tap))
        return FailureCode.TOO_SOON if too_soon else None

    def _is_held_from(self, tap: OpenSession) -> bool:
        latest = self.latest
        return latest is not None and latest.is_held_from(tap.device, workflow.time())

    def _gets_the_same_link(self, tap: OpenSession) -> bool:
        fresh = self.latest is not None and self.latest.is_fresh(workflow.time())
        return fresh and not self._is_held_from(tap)

    def _too_late(self) -> FailureCode | None:
        if self.is_ending():
            return FailureCode.ALREADY_ENDED
        return FailureCode.ALREADY_VERIFIED if self.group_id is not None else None

    @property
    def latest(self) -> Attempt | None:
        """Give the latest attempt."""
        return self.attempts[-1] if self.attempts else None

    def came_back(self, callback: VerificationCallback) -> None:
        """Take a callback; one that overtakes its session's own answer waits for it."""
        attempt = self._attempt(callback.attempt)
        if attempt is not None:
            attempt.came_back(callback)
        elif callback.attempt == self._sessions_asked_for:
            self._early_callbacks.setdefault(callback.attempt, callback)

    def said_finished(self, number: int | None) -> None:
        """Take the word of the person that the scan is done."""
        attempt = self._attempt(number) if number else self.latest
        if attempt is not None:
            attempt.said_finished()

    # An operator helps.

    def release_device(self) -> None:
        """Let any device go on; the one that held the check keeps its link."""
        for attempt in self.attempts:
            attempt.device = None

    def reset_attempts(self) -> None:
        """Grant as many attempts as in the beginning."""
        self._allowed = len(self.attempts) + self.policy.max_attempts
        held = self.standing.failure
        if held is not None and held.code is FailureCode.ATTEMPTS_EXHAUSTED:
            self.standing.released(WaitingFor.PERSON)

    @property
    def may_be_looked_at(self) -> bool:
        """Tell whether a look at the upstream is left for a check under way."""
        return self._to_be_looked_at is not None

    def looks_now(self) -> None:
        """Look once, as if the person had said that the check is done."""
        if (attempt := self._to_be_looked_at) is not None:
            attempt.said_finished()

    @property
    def _to_be_looked_at(self) -> Attempt | None:
        if self.group_id is not None:
            return None
        return next((each for each in reversed(self.attempts) if each.may_be_looked_at), None)

    @property
    def receipt(self) -> ConsentReceipt | None:
        """Give the consent in force, with its circumstances."""
        if self.consent is None or self.consent_at is None:
            return None
        return ConsentReceipt(
            onboarding=self.request.onboarding,
            link=self.consent_link,
            consent=self.consent,
            consent_at=self.consent_at,
        )

    def _attempt(self, number: int) -> Attempt | None:
        return next((each for each in self.attempts if each.number == number), None)

    # A session is minted.

    async def _mint(self, device: str | None) -> SessionOpened:
        self._sessions_asked_for += 1
        attempt = Attempt(number=self._sessions_asked_for, policy=self.policy, device=device)
        try:
            session = await self._session(attempt.number)
        except StepFailedError as failed:
            return self._not_opened(attempt, failed)
        attempt.opened(session, workflow.time())
        self.attempts.append(attempt)
        if (code := self._too_late()) is not None:
            return SessionOpened(outcome=OpenOutcome.TRY_AGAIN, code=code)
        self.standing.rests(Stage.VERIFYING, WaitingFor.PERSON)
        if early := self._early_callbacks.pop(attempt.number, None):
            attempt.came_back(early)
        watcher = asyncio.create_task(self._watch(attempt, session))
        self._watchers[watcher] = None
        watcher.add_done_callback(lambda over: self._watchers.pop(over, None))
        return _handed_out(attempt.number, session)

    async def _session(self, number: int) -> SessionCreated:
        """Mint; a step interrupted after its POST is taken up by the task id it left behind."""
        post_timeout_s = min(self.policy.post_timeout_s, PERSON_POST_TIMEOUT_S)
        order = CreateSession(
            tenant=self.request.tenant,
            onboarding=self.request.onboarding,
            person=self.request.person,
            link=self.link,
            attempt=number,
            post_timeout_s=post_timeout_s,
        )
        patience = minting(post_timeout_s, order.ready_within_s)
        queue = self._queue
        try:
            return await perform(
                CREATE_SESSION, order, on=queue, patience=patience, summary=Summary.CREATE_SESSION
            )
        except StepFailedError as failed:
            task_id = failed.heartbeat
            if not (failed.lost and isinstance(task_id, str)):
                raise
        order = order.model_copy(update={"resume_task_id": task_id})
        try:
            return await perform(
                CREATE_SESSION, order, on=queue, patience=patience, summary=Summary.RESUME_SESSION
            )
        except StepFailedError as failed:
            # The session exists, so whatever came of reading it, that attempt is spent.
            raise StepFailedError(failed.step, FailureCode.SESSION_LOST, lost=True) from failed

    def _not_opened(self, attempt: Attempt, failed: StepFailedError) -> SessionOpened:
        """Offer the tap again, or hold when an operator must act first.

        Only a session that may exist at the upstream and is lost to us counts as an attempt.
        """
        code = FailureCode.SESSION_LOST if failed.lost else failed.code
        if (late := self._too_late()) is not None:
            return SessionOpened(outcome=OpenOutcome.TRY_AGAIN, code=late)
        if is_operators(code) and code is not FailureCode.UPSTREAM_UNAVAILABLE:
            # These count as no attempt, so nothing but the cooldown keeps them few.
            self._held_at = workflow.time()
            self._hold(failed)
            return SessionOpened(outcome=OpenOutcome.ON_HOLD, code=code)
        if code in (FailureCode.SESSION_LOST, FailureCode.SESSION_INCOMPLETE):
            attempt.state = AttemptState.LOST
            self.attempts.append(attempt)
            self._hold_if_exhausted()
        return SessionOpened(outcome=OpenOutcome.TRY_AGAIN, code=code)

    # Looks at the upstream prove what came of it.

    async def _watch(self, attempt: Attempt, session: SessionCreated) -> None:
        try:
            await self.looks.to_the_end(attempt, session)
        finally:
            # Its credentials leave the run's state however the attempt has ended.
            attempt.session = None
        if attempt.state is AttemptState.NOT_PASSED and attempt.unasked:
            # Nobody could ask whether it has passed, so it counts as none.
            self._allowed += 1
        self.standing.on_change()
        self._hold_if_exhausted()

    def _hold(self, failed: StepFailedError) -> bool:
        """Hold for what somebody must mend; tell whether it still matters."""
        if self._too_late() is not None:
            return False
        of_the_account = failed.code in OF_THE_ACCOUNT
        holds = self.account.begins if of_the_account else self.standing.holds
        holds(failed.failure)
        return True

    def _hold_if_exhausted(self) -> None:
        over = all(not attempt.is_open for attempt in self.attempts)
        if self.attempts_left == 0 and over and self._too_late() is None:
            self.standing.holds(Failure.of(FailureCode.ATTEMPTS_EXHAUSTED))

    @property
    def _queue(self) -> str:
        return person_queue(workflow.info().task_queue, self.request.account)


def _handed_out(number: int, session: SessionCreated) -> SessionOpened:
    return SessionOpened(outcome=OpenOutcome.OPENED, attempt=number, h5_link=session.h5_link)
