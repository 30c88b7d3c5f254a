"""Runs of every kind, pretended in memory, for pictures and tests of how the pages look."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from likeness.failures import FailureCode
from likeness.ids import DEFAULT_TENANT, onboarding_workflow_id
from likeness.messages.conversation import (
    AttemptStatus,
    Consent,
    OnboardingStatus,
    OpenOutcome,
    OpenSession,
    SessionOpened,
    VerificationCallback,
)
from likeness.messages.onboarding import RunMemo
from likeness.messages.person import PersonState
from likeness.stages import AttemptState, Hold, Stage, WaitingFor
from likeness.temporal.errors import TemporalAwayError
from likeness.temporal.glance import OnboardingGlance
from likeness.temporal.people import PersonStands
from web.calls import RefusedByRunError, RunGoneError

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
"""The time of every picture, so that the same code gives the same picture."""

MAX_ATTEMPTS = 5
TENANT = DEFAULT_TENANT


@dataclass(frozen=True, kw_only=True)
class Pretence:
    """One run; ``results`` are the codes of its ended checks, ``answer`` is what a tap gets.

    ``device`` is told as to a run, so that its own browser is known again.

    ``gone``: the onboarding's history is deleted. ``away``: there is no Temporal. ``broken``: a
    fault that nobody foresaw.
    """

    stage: Stage = Stage.INVITED
    hold: Hold | None = None
    reason: FailureCode | None = None
    closed: bool | None = None
    results: tuple[int, ...] = ()
    open_attempt: bool = False
    consent: Consent | None = None
    device: str | None = None
    answer: Exception | None = None
    person: PersonStands | None = None
    gone: bool = False
    away: bool = False
    broken: bool = False

    @property
    def attempts(self) -> tuple[AttemptStatus, ...]:
        """The checks so far: those that ended, then the one under way."""
        states = [AttemptState.NOT_PASSED] * len(self.results)
        codes: list[int | None] = list(self.results)
        if self.open_attempt:
            states.append(AttemptState.OPEN)
            codes.append(None)
        return tuple(
            AttemptStatus(
                number=number,
                state=state,
                opened_at=NOW.timestamp() - 60,
                result_code=code,
                came_back=code is not None,
            )
            for number, (state, code) in enumerate(zip(states, codes, strict=True), start=1)
        )


@dataclass
class PretendedRuns:
    """``Onboardings`` and ``People`` over pretences, each under its name."""

    pretences: dict[str, Pretence]
    asked_for: set[str] = field(default_factory=set)

    def _at(self, tenant: str, name: str) -> Pretence:
        pretence = self.pretences[name]
        if tenant != TENANT:
            raise RunGoneError
        if pretence.broken:
            raise RuntimeError("a fault nobody foresaw")
        if pretence.away:
            raise TemporalAwayError("There is no Temporal.")
        return pretence

    # As the onboardings.

    async def glance(self, tenant: str, onboarding: str) -> OnboardingGlance:
        """See ``web.onboardings.Onboardings``."""
        run = self._at(tenant, onboarding)
        if run.gone:
            raise RunGoneError
        closed = run.stage.is_end if run.closed is None else run.closed
        return OnboardingGlance(
            tenant=tenant,
            onboarding_id=onboarding,
            workflow_id=onboarding_workflow_id(tenant, onboarding),
            stage=run.stage,
            hold=run.hold,
            reason=run.reason,
            waiting_for=WaitingFor.PERSON,
            deadline=NOW + timedelta(days=13),
            memo=_memo(onboarding),
            closed=closed,
            status="completed" if closed else "running",
            started_at=NOW - timedelta(days=1),
        )

    async def details(self, tenant: str, onboarding: str) -> OnboardingStatus | None:
        """See ``web.onboardings.Onboardings``."""
        run = self._at(tenant, onboarding)
        if run.gone:
            raise RunGoneError
        return OnboardingStatus(
            onboarding_id=onboarding,
            tenant=tenant,
            stage=run.stage,
            hold=run.hold,
            waiting_for=WaitingFor.PERSON,
            deadline=(NOW + timedelta(days=13)).timestamp(),
            attempts=len(run.attempts),
            attempts_left=MAX_ATTEMPTS - len(run.attempts),
            attempt_log=run.attempts,
            consent=run.consent,
            device=run.device,
            consent_at=NOW.timestamp() - 90 if run.consent else None,
        )

    async def open_session(
        self, tenant: str, onboarding: str, *, tap: OpenSession, update_id: str, within_s: float
    ) -> SessionOpened:
        """See ``web.onboardings.Onboardings``."""
        if tap.consent is None:
            raise RefusedByRunError(FailureCode.CONSENT_MISSING)
        return await self._tapped(tenant, onboarding, update_id=update_id, within_s=within_s)

    async def outcome_of_tap(
        self, tenant: str, onboarding: str, *, update_id: str, within_s: float
    ) -> SessionOpened:
        """See ``web.onboardings.Onboardings``."""
        return await self._tapped(tenant, onboarding, update_id=update_id, within_s=within_s)

    async def tell_callback(
        self, tenant: str, onboarding: str, callback: VerificationCallback
    ) -> None:
        """See ``web.onboardings.Onboardings``."""

    async def finished(self, tenant: str, onboarding: str, *, update_id: str) -> None:
        """See ``web.onboardings.Onboardings``."""

    async def decline(self, tenant: str, onboarding: str, *, update_id: str) -> None:
        """See ``web.onboardings.Onboardings``."""

    async def tell_withdrawn(self, tenant: str, onboarding: str) -> None:
        """See ``web.onboardings.Onboardings``."""

    async def tell_changed(self, workflow_id: str) -> None:
        """See ``web.videos.Videos``."""

    # As the people; a person is named as the onboarding is.

    async def standing(self, tenant: str, person: str) -> PersonStands | None:
        """See ``web.people.People``."""
        return self._at(tenant, person).person

    async def known(self, tenant: str, person: str) -> PersonState | None:
        """See ``web.people.People``."""
        return PersonState(tenant=tenant, person=person, links={person: 1})

    async def withdraw(self, tenant: str, person: str, *, update_id: str) -> None:
        """See ``web.people.People``."""

    async def _tapped(
        self, tenant: str, onboarding: str, *, update_id: str, within_s: float
    ) -> SessionOpened:
        self.asked_for.add(update_id)
        async with asyncio.timeout(within_s):
            await asyncio.sleep(0)
            if (answer := self._at(tenant, onboarding).answer) is not None:
                raise answer
        link = SecretStr("https://h5.example/scan")
        return SessionOpened(outcome=OpenOutcome.OPENED, attempt=1, h5_link=link)


def _memo(onboarding: str) -> RunMemo:
    return RunMemo(
        person=onboarding,
        request="0" * 64,
        display_name=SecretStr("Maria Lindqvist"),
        sender=SecretStr("Studio Rosa, Lisbon"),
        contact=SecretStr("hello@studio-rosa.example"),
        purpose=SecretStr("Short videos that present our spring collection"),
        video=True,
    )
