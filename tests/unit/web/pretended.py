"""Runs that are pretended in memory, and the tokens and times of the web tests."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from likeness.failures import FailureCode
from likeness.ids import onboarding_workflow_id
from likeness.messages.conversation import (
    AttemptStatus,
    OnboardingStatus,
    OpenOutcome,
    OpenSession,
    SessionOpened,
    VerificationCallback,
)
from likeness.messages.onboarding import RunMemo
from likeness.messages.person import ConsentReceipt, PersonState
from likeness.stages import AttemptState, Hold, Stage, WaitingFor
from likeness.temporal.errors import TemporalAwayError
from likeness.temporal.glance import OnboardingGlance
from likeness.temporal.keyring import Key, KeyRing
from likeness.temporal.people import PersonStands
from runtime.links import CallbackToken, InviteToken
from web.calls import RunGoneError, TapLostError
from web.consent import load_consent_texts

NOW = 1_800_000_000.0
H5_LINK = "https://h5.example/scan?accessKeyId=canary-h5"
LINK_KEYS = KeyRing.of(Key.of(b"l" * 32))
INVITE = InviteToken(tenant="default", onboarding="ob-1", person="p-1", link=1)
MEMO = RunMemo(
    person="p-1",
    request="0" * 64,
    display_name=SecretStr("Anna <b>"),
    sender=SecretStr("Studio & Sons"),
    contact=SecretStr("studio@example.org"),
    purpose=SecretStr("A greeting of the season"),
)
CONSENT = load_consent_texts()["en-2"].given()
RECEIPT = ConsentReceipt(onboarding="ob-1", link=1, consent=CONSENT, consent_at=NOW - 90)


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
        deadline=datetime.fromtimestamp(NOW, tz=UTC) + timedelta(days=3),
        memo=MEMO.model_copy(update={"link": link}),
        closed=stage.is_end if closed is None else closed,
        status="running",
        started_at=datetime.fromtimestamp(NOW, tz=UTC),
    )


def opened(h5_link: str = H5_LINK) -> SessionOpened:
    return SessionOpened(outcome=OpenOutcome.OPENED, attempt=1, h5_link=SecretStr(h5_link))


def details(
    *attempts: AttemptStatus,
    left: int = 3,
    checking: bool = False,
    device: str | None = None,
    **changed: object,
) -> OnboardingStatus:
    """What a run under way answers; by default one session is open and nobody came back."""
    return OnboardingStatus(
        onboarding_id="ob-1",
        tenant="default",
        stage=Stage.VERIFYING,
        waiting_for=WaitingFor.UPSTREAM if checking else WaitingFor.PERSON,
        deadline=NOW + 3600,
        attempts=len(attempts) or 1,
        attempts_left=left,
        attempt_log=attempts or (attempt(),),
        consent=CONSENT,
        consent_at=NOW - 90,
        device=device,
    ).model_copy(update=changed)


def attempt(
    state: AttemptState = AttemptState.OPEN, *, result_code: int | None = None
) -> AttemptStatus:
    return AttemptStatus(
        number=1,
        state=state,
        opened_at=NOW - 60,
        came_back=result_code is not None,
        result_code=result_code,
    )


@dataclass
class PretendedPeople:
    """``People`` in memory."""

    stands: PersonStands | None = None
    state: PersonState | None = None
    trouble: Exception | None = None
    calls: list[str] = field(default_factory=list)
    withdrawals: set[str] = field(default_factory=set)

    async def standing(self, tenant: str, person: str) -> PersonStands | None:
        self._called("standing", tenant, person)
        return self.stands

    async def known(self, tenant: str, person: str) -> PersonState | None:
        self._called("known", tenant, person)
        if self.stands is None:
            raise RunGoneError
        return self.state

    async def withdraw(self, tenant: str, person: str, *, update_id: str) -> None:
        self._called("withdraw", tenant, person)
        if self.trouble is not None:
            raise self.trouble
        if self.stands is None:
            raise RunGoneError
        self.withdrawals.add(update_id)

    def _called(self, name: str, tenant: str, person: str) -> None:
        self.calls.append(name)
        assert (tenant, person) == ("default", "p-1")


@dataclass
class PretendedRuns:
    """``Onboardings`` in memory: says what a test tells it to, and remembers every call."""

    run: OnboardingGlance | None = field(default_factory=lambda: glance(Stage.INVITED))
    outcome: SessionOpened | Exception = field(default_factory=opened)
    details_told: OnboardingStatus | None = None
    trouble: Exception | None = None
    away: bool = False
    calls: list[str] = field(default_factory=list)
    taps: dict[str, OpenSession] = field(default_factory=dict)
    callbacks: list[VerificationCallback] = field(default_factory=list)

    @property
    def writes(self) -> list[str]:
        return [call for call in self.calls if call not in ("glance", "details")]

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

    async def details(self, tenant: str, onboarding: str) -> OnboardingStatus | None:
        await self._called("details", tenant, onboarding)
        if self.run is None:
            raise RunGoneError
        return self.details_told

    async def finished(self, tenant: str, onboarding: str, *, update_id: str) -> None:
        await self._said("finished", tenant, onboarding, update_id)

    async def decline(self, tenant: str, onboarding: str, *, update_id: str) -> None:
        await self._said("decline", tenant, onboarding, update_id)

    async def tell_withdrawn(self, tenant: str, onboarding: str) -> None:
        await self._said("tell_withdrawn", tenant, onboarding, "")

    async def _said(self, name: str, tenant: str, onboarding: str, update_id: str) -> None:
        await self._called(name, tenant, onboarding)
        assert name == "tell_withdrawn" or update_id.startswith(f"{name}-")
        if self.trouble is not None:
            raise self.trouble

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
class PretendedVideos:
    """``Videos`` in memory: remembers whose runs were hinted at."""

    gone: bool = False
    away: bool = False
    hinted: list[str] = field(default_factory=list)

    async def tell_changed(self, workflow_id: str) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise TemporalAwayError("away")
        if self.gone:
            raise RunGoneError
        self.hinted.append(workflow_id)


@dataclass
class Clock:
    """A clock that stands still until it is moved; unix seconds."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


def minted(at: float, *, attempt: int = 2) -> CallbackToken:
    return CallbackToken(**INVITE.model_dump(), attempt=attempt, minted_at=int(at))
