"""Tells where an onboarding stands: describe first, the run itself for details, both if need be."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from temporalio.client import Client

from commands.answers import (
    TEMPORAL_AWAY,
    WORKER_AWAY,
    DeliveryAnswer,
    OrderGivenAnswer,
    StatusAnswer,
    VideoAnswer,
)
from commands.subjects import Clip, Subject
from likeness.messages.conversation import Failure, OnboardingStatus
from likeness.temporal.ends import end_of, failure_at
from likeness.temporal.errors import TemporalAwayError
from likeness.temporal.onboardings import (
    OnboardingGlance,
    describe_onboarding,
    onboarding_status,
)
from likeness.temporal.videos import describe_video
from likeness.temporal.webhooks import deliveries_of

LOOK_EVERY_S = 1.0
PATIENCE = timedelta(seconds=1.5)


async def look(client: Client, subject: Subject, *, patience: timedelta = PATIENCE) -> StatusAnswer:
    """Give all that can be known within about ``patience``, worker or no worker.

    Raises:
        NoSuchOnboardingError: Nothing is known of it.
        TemporalAwayError: The server did not answer.

    """
    glance = await describe_onboarding(client, *subject)
    known = _at_a_glance(glance)
    if glance.closed:
        result = await end_of(client, glance)
        if isinstance(result, OnboardingStatus):
            return known.knowing(result)
        known = known.model_copy(update={"failure": result or known.failure})
    status = await onboarding_status(client, *subject, timeout=patience)
    return known if status is None else known.knowing(status)


async def look_closely(
    client: Client, subject: Subject, *, patience: timedelta = PATIENCE
) -> StatusAnswer:
    """Add what became of each webhook since the run last heard of it; raises as ``look``."""
    seen = await look(client, subject, patience=patience)
    if seen.deliveries == ():
        return seen
    log = await deliveries_of(client, *subject, asking=seen.details is None)
    return seen.model_copy(update={"deliveries": tuple(map(DeliveryAnswer.of, log))})


async def look_at_video(
    client: Client, clip: Clip, *, patience: timedelta = PATIENCE
) -> VideoAnswer:
    """Give all that can be known of one video; raises as ``look``, NoSuchVideoError."""
    glance = await describe_video(client, clip.workflow_id, timeout=patience)
    told = glance.status
    failure = None if glance.reason is None else Failure.of(glance.reason)
    ended_outside = glance.closed and told is None
    return VideoAnswer(
        workflow_id=glance.workflow_id,
        owner=glance.owner,
        number=glance.number,
        hold=glance.hold if told is None or glance.closed else told.hold,
        video=told,
        failure=failure if told is None else told.failure,
        orders=None if told is None else tuple(map(OrderGivenAnswer.of, told.orders)),
        details=_details(glance.run, is_told=told is not None, ended_outside=ended_outside),
        started_at=glance.started_at,
        closed_at=glance.closed_at,
    )


def _details(run: str, *, is_told: bool, ended_outside: bool) -> str | None:
    if is_told:
        return None
    return f"Temporal says {run}" if ended_outside else WORKER_AWAY


async def follow(
    client: Client, subject: Subject, *, every_s: float = LOOK_EVERY_S
) -> AsyncIterator[StatusAnswer]:
    """Give the status at once and after each change, until the onboarding has ended.

    A server that goes away meanwhile is waited for.

    Raises:
        NoSuchOnboardingError: Nothing is known of it.
        TemporalAwayError: The server did not answer the first look.

    """
    shown: StatusAnswer | None = None
    while True:
        try:
            now = await look(client, subject)
        except TemporalAwayError:
            if shown is None:
                raise
            now = shown.model_copy(update={"details": TEMPORAL_AWAY})
        if now != shown:
            yield now
        shown = now
        if now.stage.is_end:
            return
        await asyncio.sleep(every_s)


def _at_a_glance(glance: OnboardingGlance) -> StatusAnswer:
    return StatusAnswer(
        onboarding_id=glance.onboarding_id,
        tenant=glance.tenant,
        workflow_id=glance.workflow_id,
        stage=glance.stage,
        hold=glance.hold,
        waiting_for=glance.waiting_for,
        deadline=glance.deadline,
        failure=failure_at(glance),
        details=WORKER_AWAY,
        started_at=glance.started_at,
        closed_at=glance.closed_at,
    )
