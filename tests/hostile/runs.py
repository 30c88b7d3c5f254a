"""Onboardings on a stage, and what must hold of them whatever anybody does: I3, I4 and I8."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr
from temporalio.exceptions import ApplicationError

from apimart.callbacks import read_callback
from likeness.ids import onboarding_workflow_id
from likeness.messages.conversation import (
    Consent,
    Finished,
    OpenSession,
    VerificationCallback,
)
from likeness.messages.onboarding import (
    AssetRequest,
    OnboardingInput,
    OnboardingPolicy,
    OnboardingRequest,
)
from likeness.stages import QueryPolicy
from runtime.links import LinkSealer
from tests.hostile.sessions import LINK_TTL_S, TOKEN_TTL_S, Session, Upstream
from tests.hostile.stage import Stage
from tests.hostile.tokens import READ_KEYS
from workflows.onboard_person import OnboardPerson

CONSENT = Consent(text_version="en-1", sha256="0" * 64, locale="en")
MOST_LOOKS = 6
SCAN_GRACE_S = 300
POLL_EVERY_S = 5
MAX_ATTEMPTS = 3


@dataclass(eq=False)
class Run:
    """One onboarding.

    ``taps`` counts those that were let in, ``resets`` how often an operator granted attempts anew.
    """

    id: str
    workflow: OnboardPerson
    story: asyncio.Task[Any]
    resets: int = 0
    taps: int = 0
    group: str | None = None
    verified_at: float | None = None


@dataclass
class Runs:
    """Several onboardings with one upstream, and everybody who acts on them."""

    single_use: bool = False
    policy: QueryPolicy = QueryPolicy.FRUGAL
    all: list[Run] = field(default_factory=list)
    sealer: LinkSealer = field(default_factory=lambda: LinkSealer.of(READ_KEYS))

    def __post_init__(self) -> None:
        """Build the stage."""
        self.upstream = Upstream(lambda: self.stage.now, self.sealer, single_use=self.single_use)
        self.stage = Stage(self.upstream.steps())

    def start(self, name: str) -> Run:
        """Start an onboarding of its own person."""
        request = OnboardingRequest(
            onboarding=name,
            person=f"p-{name}",
            assets=(AssetRequest(name="front", url=SecretStr("https://a.example/1.jpg")),),
        )
        policy = OnboardingPolicy(
            query_policy=self.policy, max_attempts=MAX_ATTEMPTS, link_reuse_s=0, cooldown_s=0
        )
        order = OnboardingInput(request=request, policy=policy)
        run_id = onboarding_workflow_id("default", name)
        run = self.stage.on(run_id, lambda: OnboardPerson(order))
        self.all.append(Run(run_id, run, self.stage.begun(run_id, run.run(order))))
        return self.all[-1]

    # What people do.

    def tap(
        self,
        run: Run,
        *,
        consents: bool = True,
        device: str | None = None,
        take_over: bool = False,
        within_s: float = 15,
    ) -> None:
        """Tap Start."""
        tap = OpenSession(
            consent=CONSENT if consents else None,
            not_after=self.stage.now + within_s,
            device=device,
            take_over=take_over,
        )
        if self.order(run, "open_session", tap):
            assert consents, "a session was opened without consent (I8)"
            assert within_s >= 0, "a session was opened for a tap of long ago"
            run.taps += 1

    def come_back(
        self, session: Session, *, code: int = 10000, carried: str = "", copies: int = 1
    ) -> None:
        """Bring a browser back by a session's own address, with whatever it carries."""
        token = self.sealer.open_callback(session.callback)
        assert token is not None
        hint = read_callback(query=f"bytedToken={carried}&resultCode={code}")
        signal = VerificationCallback(attempt=token.attempt, result_code=hint.result_code)
        run_id = onboarding_workflow_id(token.tenant, token.onboarding)
        run = next(each for each in self.all if each.id == run_id)
        session.causes.append(self.stage.now)
        for _ in range(copies):
            self.stage.on(run_id, lambda: run.workflow.verification_callback(signal))

    def come_back_as_nobody(self, run: Run, attempt: int) -> None:
        """Tell a run of an attempt that was never minted."""
        signal = VerificationCallback(attempt=attempt, result_code=10000)
        self.stage.on(run.id, lambda: run.workflow.verification_callback(signal))

    def say_finished(self, run: Run, attempt: int | None) -> None:
        """Say that the scan is done."""
        sessions = self.sessions_of(run)
        handed_out = [session for session in sessions if session.told_at]
        meant = handed_out[-1:] if attempt is None else sessions[attempt - 1 : attempt]
        for session in meant:
            session.causes.append(self.stage.now)
        self.order(run, "finished", Finished(attempt=attempt))

    def order(self, run: Run, update: str, message: Any) -> bool:
        """Send an Update; tell whether its validator took it."""
        handler = getattr(run.workflow, update)
        validator = handler.__func__._defn.validator  # where the SDK keeps it
        if validator is not None:
            try:
                self.stage.on(run.id, lambda: validator(run.workflow, message))
            except ApplicationError:
                return False
        self.stage.begun(run.id, _answered(handler(message)))
        return True

    def sessions_of(self, run: Run) -> list[Session]:
        """Give the sessions that ``run`` has minted, oldest first."""
        return [session for session in self.upstream.sessions if session.run == run.id]

    # What must hold.

    def check(self) -> None:
        """Raise when an invariant is broken."""
        assert not self.stage.faults, "\n".join(self.stage.faults)
        for run in self.all:
            if run.story.done() and not run.story.cancelled():
                run.story.result()
            self._check_group(run)
            self._check_sessions(run)
        for session in self.upstream.sessions:
            self._check_looks(session)

    def _check_group(self, run: Run) -> None:
        """I3: the group of a run comes from a session of its own that was passed, and stays."""
        group = run.workflow.status().group_id
        if group is not None and run.group is None:
            run.group, run.verified_at = group, self.stage.now
        own = {session.group for session in self.sessions_of(run) if session.passed}
        assert group is None or group in own
        assert group == run.group
        used = {used for owner, used in self.upstream.submitted if owner == run.id}
        assert used <= {group}

    def _check_sessions(self, run: Run) -> None:
        """I8 and the cap: one session a tap with consent, none beyond the attempts granted."""
        sessions = self.sessions_of(run)
        assert len(sessions) <= run.taps
        assert len(sessions) <= MAX_ATTEMPTS * (1 + run.resets)

    def _check_looks(self, session: Session) -> None:
        """I4: a few looks, each after a cause; or one in five seconds until the token's end."""
        if self.policy is QueryPolicy.POLL:
            pauses = zip(session.asked, session.asked[1:], strict=False)
            assert all(later - sooner >= POLL_EVERY_S - 0.001 for sooner, later in pauses)
            last = session.told_at + TOKEN_TTL_S + POLL_EVERY_S
            assert all(asked <= last for asked in session.asked)
            return
        assert len(session.asked) <= MOST_LOOKS
        timed = session.minted_at + LINK_TTL_S + SCAN_GRACE_S
        first_cause = min([*session.causes, timed])
        assert all(asked >= first_cause for asked in session.asked)


async def _answered(handling: Coroutine[Any, Any, Any]) -> None:
    try:
        await handling
    except ApplicationError:
        return
