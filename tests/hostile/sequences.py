"""Person, upstream and operator in any order: sequences of what each may do, found by Hypothesis.

After every move ``Runs.check`` holds the invariants against what was really asked and submitted.
"""

from contextlib import ExitStack

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from likeness.messages.conversation import Cancel, Decline, OperatorOrder
from likeness.stages import AttemptState, Hold, QueryPolicy, Stage
from tests.hostile.runs import Run, Runs
from tests.hostile.sessions import Session
from tests.hostile.tokens import Forger

STEPS = 25
_WHICH = st.integers(0, 50)
_DEVICES = st.sampled_from([None, "a" * 64, "b" * 64])
_PAUSES = st.sampled_from([0.1, 1, 3, 8, 26, 60, 130, 430, 1400, 1900])


class Onboardings(RuleBasedStateMachine):
    """Two to four onboardings; callbacks late, early, doubled, forged and of one for another."""

    done = 0

    @initialize(
        count=st.integers(2, 4),
        single_use=st.booleans(),
        policy=st.sampled_from([QueryPolicy.FRUGAL] * 3 + [QueryPolicy.POLL]),
        seed=st.integers(0, 2**32),
    )
    def begin(self, *, count: int, single_use: bool, policy: QueryPolicy, seed: int) -> None:
        """Start them."""
        type(self).done += 1
        self.runs = Runs(single_use=single_use, policy=policy)
        self.forger = Forger(seed, self.runs.sealer)
        self.quiet = True
        self.stack = ExitStack()
        self.stack.enter_context(self.runs.stage.set_up())
        self.stack.callback(self.runs.stage.close)
        for number in range(count):
            self.runs.start(f"ob-{number}")

    def _run(self, which: int) -> Run:
        return self.runs.all[which % len(self.runs.all)]

    def _session(self, which: int) -> Session:
        return self.runs.upstream.sessions[which % len(self.runs.upstream.sessions)]

    def _any_session(self) -> bool:
        return bool(self.runs.upstream.sessions)

    @rule(
        which=_WHICH,
        consents=st.sampled_from([True, True, True, False]),
        device=_DEVICES,
        take_over=st.booleans(),
        minting_s=st.sampled_from([0, 0, 4]),
        within_s=st.sampled_from([15, 15, 15, -1]),
    )
    def tap(
        self,
        *,
        which: int,
        consents: bool,
        device: str | None,
        take_over: bool,
        minting_s: float,
        within_s: float,
    ) -> None:
        """Somebody taps Start; the session may take its time."""
        self.runs.upstream.minting_s = self.runs.upstream.reading_s = minting_s
        self.runs.tap(
            self._run(which),
            consents=consents,
            device=device,
            take_over=take_over,
            within_s=within_s,
        )

    @precondition(_any_session)
    @rule(which=_WHICH, passes=st.sampled_from([True, True, False]))
    def scan(self, *, which: int, passes: bool) -> None:
        """Somebody goes through a check."""
        self.runs.upstream.scan(self._session(which), passes=passes)

    @precondition(_any_session)
    @rule(
        which=_WHICH,
        other=_WHICH,
        code=st.sampled_from([10000, -1003, 0]),
        copies=st.integers(1, 4),
    )
    def come_back(self, *, which: int, other: int, code: int, copies: int) -> None:
        """A browser comes back by one session's address, with the token of any (T3)."""
        carried = self._session(other).token
        self.runs.come_back(self._session(which), code=code, carried=carried, copies=copies)

    @rule(which=_WHICH, attempt=st.sampled_from([-1, 0, 50]), texts=st.integers(1, 5))
    def forge(self, *, which: int, attempt: int, texts: int) -> None:
        """Somebody makes a callback up: by a token nobody sealed, or for an attempt never made."""
        for forgery in self.forger.some(texts):
            opens = self.runs.sealer.open_callback(forgery.text)
            assert opens is None or forgery.good_at == "callback"
        self.runs.come_back_as_nobody(self._run(which), attempt)

    @rule(which=_WHICH, attempt=st.none() | st.integers(1, 4))
    def say_finished(self, *, which: int, attempt: int | None) -> None:
        """The person says that the scan is done."""
        self.runs.say_finished(self._run(which), attempt)

    @rule(seconds=_PAUSES)
    def wait(self, *, seconds: float) -> None:
        """Time passes."""
        self.runs.stage.pass_time(seconds)

    @rule(count=st.integers(1, 3))
    def lose_answers(self, *, count: int) -> None:
        """The upstream's next answers get lost."""
        self.quiet = False
        self.runs.upstream.answers_to_lose = count

    @precondition(lambda self: self.runs.policy is QueryPolicy.FRUGAL)
    @rule()
    def kill_worker(self) -> None:
        """The worker dies in the middle of whatever it does."""
        self.quiet = False
        self.runs.stage.kill_worker()

    @rule(which=_WHICH, order=st.sampled_from(["release_device", "revoke_link"]))
    def order(self, *, which: int, order: str) -> None:
        """An operator helps."""
        self.runs.order(self._run(which), order, OperatorOrder())

    @rule(which=_WHICH)
    def reset_attempts(self, *, which: int) -> None:
        """An operator grants attempts anew."""
        run = self._run(which)
        run.resets += self.runs.order(run, "reset_attempts", OperatorOrder())

    @rule(which=_WHICH, often=st.integers(0, 9))
    def end(self, *, which: int, often: int) -> None:
        """Now and then somebody ends it."""
        if often == 0:
            self.runs.order(self._run(which), "decline", Decline())
        elif often == 1:
            self.runs.order(self._run(which), "cancel", Cancel())

    @invariant()
    def holds(self) -> None:
        """Hold every invariant."""
        if hasattr(self, "runs"):
            self.runs.check()

    def teardown(self) -> None:
        """Let all timed looks come: nobody who has passed is forgotten, nothing is left open."""
        if not hasattr(self, "runs"):
            return
        try:
            self.runs.stage.pass_time(2 * 1800 + 120)
            self.runs.check()
            for run in self.runs.all:
                settled(self.runs, run, undisturbed=self.quiet)
        finally:
            self.stack.close()


def settled(runs: Runs, run: Run, *, undisturbed: bool) -> None:
    """Raise when a run is stuck, or has lost a pass that a look could have told."""
    status = run.workflow.status()
    provable = any(session.passed and not session.burnt for session in runs.sessions_of(run))
    if undisturbed and provable and status.stage not in (Stage.DECLINED, Stage.CANCELED):
        assert run.group is not None
    exhausted = status.hold is Hold.NEEDS_OPERATOR and not status.attempts_left
    waits_for_tap = status.stage in (Stage.INVITED, Stage.VERIFYING)
    assert status.stage.is_end or exhausted or waits_for_tap
    still_open = any(attempt.state is AttemptState.OPEN for attempt in status.attempt_log)
    assert status.stage.is_end or not still_open


def sequences(count: int, *, in_brief: bool = False) -> int:
    """Try ``count`` sequences of at most ``STEPS`` moves; give how many those were.

    One that breaks an invariant is shrunk to its shortest form, unless it is wanted ``in_brief``.
    """
    before = Onboardings.done
    run_state_machine_as_test(
        Onboardings,
        settings=settings(
            max_examples=count,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate] if in_brief else list(Phase),
        ),
    )
    return Onboardings.done - before
