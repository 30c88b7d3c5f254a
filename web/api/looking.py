"""Looks at one onboarding: describe first, the run itself or its end for details."""

import time
from dataclasses import dataclass, field
from datetime import datetime

from temporalio.client import Client

from likeness.messages.conversation import OnboardingStatus
from likeness.rest.onboardings import Onboarding
from likeness.temporal.ends import end_of, failure_at
from likeness.temporal.onboardings import (
    OnboardingGlance,
    describe_onboarding,
    onboarding_status,
)


@dataclass(frozen=True)
class Looked:
    """What was seen; ``tag`` changes whenever it may have changed.

    ``age`` puts two looks in order: when the latest run began, for there may be another after a
    Reset, and how many events it had. ``looked_at`` is by ``time.monotonic``.
    """

    onboarding: Onboarding
    tag: str
    closed: bool
    age: tuple[datetime, int]
    looked_at: float = field(default_factory=time.monotonic, compare=False)


async def look(client: Client, tenant: str, onboarding: str) -> Looked:
    """Give all that can be known within about 1.5 s, worker or no worker.

    Raises:
        NoSuchOnboardingError: Nothing is known of it.
        TemporalAwayError: The server did not answer.

    """
    return await look_closer(client, await describe_onboarding(client, tenant, onboarding))


async def look_closer(client: Client, glance: OnboardingGlance) -> Looked:
    """Add to a glance what the run itself tells; raises as ``look``."""
    known = _at_a_glance(glance)
    if glance.closed:
        end = await end_of(client, glance)
        if isinstance(end, OnboardingStatus):
            return _looked(glance, shown(glance, end))
        known = known.model_copy(update={"failure": end or known.failure})
    status = await onboarding_status(client, glance.tenant, glance.onboarding_id)
    return _looked(glance, known if status is None else shown(glance, status))


def shown(glance: OnboardingGlance, status: OnboardingStatus) -> Onboarding:
    """Put a glance and the run's own words together; after the end Temporal's word stays."""
    told = Onboarding.of_status(
        status,
        person=glance.memo.person if glance.memo else None,
        started_at=glance.started_at.timestamp(),
        ended_at=None if glance.closed_at is None else glance.closed_at.timestamp(),
    )
    if not glance.closed:
        return told
    known = _at_a_glance(glance)
    return told.model_copy(
        update={
            "stage": known.stage,
            "hold": known.hold,
            "waiting_for": known.waiting_for,
            "failure": told.failure or (known.failure if known.stage.is_end else None),
        }
    )


def tag_of(glance: OnboardingGlance, *, detailed: bool = True) -> str:
    """Tell this state of a run from any other, without asking the run: by counting events."""
    parts = [glance.run_id[-8:], str(glance.events)]
    if glance.video_events:
        parts.append(f"v{glance.video_events}")
    if not detailed:
        parts.append("brief")
    return "-".join(parts)


def _looked(glance: OnboardingGlance, onboarding: Onboarding) -> Looked:
    return Looked(
        onboarding=onboarding,
        tag=tag_of(glance, detailed=onboarding.detailed),
        closed=glance.closed,
        age=(glance.started_at, glance.events),
    )


def _at_a_glance(glance: OnboardingGlance) -> Onboarding:
    return Onboarding(
        onboarding_id=glance.onboarding_id,
        person=glance.memo.person if glance.memo else None,
        stage=glance.stage,
        hold=glance.hold,
        waiting_for=glance.waiting_for,
        failure=failure_at(glance),
        deadline=glance.deadline,
        started_at=glance.started_at,
        ended_at=glance.closed_at,
        detailed=False,
    )
