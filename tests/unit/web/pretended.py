"""Runs that are pretended in memory, and the tokens and times of the web tests."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import SecretStr

from likeness.failures import FailureCode
from likeness.ids import onboarding_workflow_id
from likeness.messages.conversation import (
    OpenOutcome,
    OpenSession,
    SessionOpened,
    VerificationCallback,
)
from likeness.messages.onboarding import RunMemo
from likeness.stages import Hold, Stage, WaitingFor
from likeness.temporal.errors import TemporalAwayError
from likeness.temporal.glance import OnboardingGlance
from likeness.temporal.keyring import Key, KeyRing
from runtime.links import CallbackToken, InviteToken
from web.onboardings import RunGoneError, TapLostError

NOW = 1_800_000_000.0
H5_LINK = "https://h5.example/scan?accessKeyId=canary-h5"
LINK_KEYS = KeyRing.of(Key.of(b"l" * 32))
INVITE = InviteToken(tenant="default", onboarding="ob-1", person="p-1", link=1)


def glance(
    stage: Stage,
    *,
    hold: Hold | None = None,
    reason: FailureCode | None = None,
    closed: bool | None = None,
    link: int = 1,
) -> OnboardingGlance:
    return OnboardingGlance(
        tenant="default",
        onboarding_id="ob-1",
        workflow_id=onboarding_workflow_id("default", "ob-1"),
        stage=stage,
        hold=hold,
        reason=reason,
        waiting_for=WaitingFor.PERSON,
        memo=RunMemo(person="p-1", request="0" * 64, link=link),
        closed=stage.is_end if closed is None else closed,
        status="running",
        started_at=datetime.fromtimestamp(NOW, tz=UTC),
    )


def opened(h5_link: str = H5_LINK) -> SessionOpened:
    return SessionOpened(outcome=OpenOutcome.OPENED, attempt=1, h5_link=SecretStr(h5_link))


@dataclass
class PretendedRuns:
    """``Onboardings`` in memory: says what a test tells it to, and remembers every call."""

    run: OnboardingGlance | None = field(default_factory=lambda: glance(Stage.INVITED))
    outcome: SessionOpened | Exception = field(default_factory=opened)
    away: bool = False
    calls: list[str] = field(default_factory=list)
    taps: dict[str, OpenSession] = field(default_factory=dict)
    callbacks: list[VerificationCallback] = field(default_factory=list)

    @property
    def writes(self) -> list[str]:
        return [call for call in self.calls if call != "glance"]

    async def glance(self, tenant: str, onboarding: str) -> OnboardingGlance:
        await self._called("glance", tenant, onboarding)
        if self.run is None:
            raise RunGoneError
        return self.run

    async def open_session(
        self, tenant: str, onboarding: str, *, tap: OpenSession, update_id: str, within_s: float
    ) -> SessionOpened:
        await self._called("open_session", tenant, onboarding)
        assert within_s == 8.0
        self.taps.setdefault(update_id, tap)
        return self._outcome()

    async def outcome_of_tap(
        self, tenant: str, onboarding: str, *, update_id: str, within_s: float
    ) -> SessionOpened:
        await self._called("outcome_of_tap", tenant, onboarding)
        assert within_s < 8
        if update_id not in self.taps:
            raise TapLostError
        return self._outcome()

    async def tell_callback(
        self, tenant: str, onboarding: str, callback: VerificationCallback
    ) -> None:
        await self._called("tell_callback", tenant, onboarding)
        if self.run is None or self.run.closed:
            raise RunGoneError
        self.callbacks.append(callback)

    async def _called(self, name: str, tenant: str, onboarding: str) -> None:
        await asyncio.sleep(0)
        self.calls.append(name)
        assert (tenant, onboarding) == ("default", "ob-1")
        if self.away:
            raise TemporalAwayError("away")

    def _outcome(self) -> SessionOpened:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@dataclass
class Clock:
    """A clock that stands still until it is moved; unix seconds."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


def minted(at: float, *, attempt: int = 2) -> CallbackToken:
    return CallbackToken(**INVITE.model_dump(), attempt=attempt, minted_at=int(at))
