"""How a workflow performs a step: the table of patience, and what a failed step tells."""

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    TimeoutType,
    is_cancelled_exception,
)
from temporalio.exceptions import TimeoutError as StepTimeoutError
from temporalio.workflow import ActivityCancellationType

from likeness.failures import FailureCode, code_of
from likeness.messages.base import Message
from likeness.messages.conversation import Failure
from likeness.steps import UNSENT_BUDGET_S, GivesT, Step, TakesT
from likeness.summaries import Summary

ONCE = RetryPolicy(maximum_attempts=1)
"""For every POST: a lost answer means unknown, never failed, so Temporal must not repeat it."""

AGAIN = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=60),
)
"""For steps that only read or may be repeated: for as long as the run lives."""

_WITHOUT_EFFECT = frozenset(
    {
        FailureCode.UPSTREAM_UNAVAILABLE,
        FailureCode.UPSTREAM_KEY_REFUSED,
        FailureCode.UPSTREAM_BALANCE,
        FailureCode.UPSTREAM_FORBIDDEN,
        FailureCode.SPEND_LIMIT,
        FailureCode.TEMPORAL_AWAY,
    }
)

ResultT = TypeVar("ResultT")

PERSON_POST_TIMEOUT_S = 15.0
"""A person holds a phone in front of these POSTs, so they give up sooner than the others."""

BEAT_S = 60.0
"""Heartbeat timeout of watchers. The SDK sends at 0.8 of it, and each one sent costs an action."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a step may take and what follows its loss."""

    start_to_close_s: float
    retry: RetryPolicy
    heartbeat_s: float | None = None
    schedule_to_start_s: float | None = None
    schedule_to_close_s: float | None = None


def posting(post_timeout_s: float) -> Patience:
    """Post once. Heartbeats begin only when the answer is slow, so a quick one costs none."""
    return Patience(
        start_to_close_s=UNSENT_BUDGET_S + 2 * post_timeout_s + 20,
        retry=ONCE,
        heartbeat_s=15,
    )


def minting(post_timeout_s: float, ready_within_s: float) -> Patience:
    """Post once, then read on. Heartbeats begin after five seconds, or with the task id.

    A step no worker takes within the tap's own time is given up unsent.
    """
    return Patience(
        start_to_close_s=2 * post_timeout_s + ready_within_s + 40,
        retry=ONCE,
        heartbeat_s=15,
        schedule_to_start_s=15,
    )


def looking(post_timeout_s: float, delays_s: tuple[float, ...]) -> Patience:
    """Look at the given delays. Heartbeats tell which of them are over."""
    return Patience(
        start_to_close_s=max(delays_s) + 2 * post_timeout_s + 20,
        retry=ONCE,
        heartbeat_s=10,
    )


def asking() -> Patience:
    """Ask every few seconds; a cancel reaches the step with its next heartbeat."""
    return Patience(start_to_close_s=365 * 24 * 3600, retry=AGAIN, heartbeat_s=10)


def watching() -> Patience:
    """Read until there is an answer, for as long as the run lives."""
    return Patience(start_to_close_s=365 * 24 * 3600, retry=AGAIN, heartbeat_s=BEAT_S)


def copying() -> Patience:
    """Copy a file; a few tries before somebody is told."""
    return Patience(
        start_to_close_s=1800,
        retry=dataclasses.replace(AGAIN, maximum_attempts=8),
        heartbeat_s=BEAT_S,
    )


def delivering() -> Patience:
    """Tell a receiver; the step itself says when it is to be tried again, over three days."""
    return Patience(start_to_close_s=20, retry=AGAIN, schedule_to_close_s=4 * 24 * 3600)


def delivering_once() -> Patience:
    """Tell a receiver once, while a run that has ended waits for it."""
    return Patience(start_to_close_s=12, retry=ONCE, schedule_to_start_s=5)


@dataclass(eq=False)
class StepFailedError(Exception):
    """A step ended without a result.

    ``lost`` tells that no worker answered, so the outcome is unknown; ``unsent`` that no worker
    ever took the step; ``heartbeat`` is the last word it gave, as plain JSON.
    """

    step: str
    code: FailureCode
    detail: str | None = None
    lost: bool = False
    unsent: bool = False
    heartbeat: Any = field(default=None, repr=False)

    @classmethod
    def of(cls, step: str, error: ActivityError) -> Self:
        """Read what Temporal tells of a failed activity."""
        match error.cause:
            case ApplicationError() as cause:
                word = cause.details[1] if len(cause.details) > 1 else None
                return cls(step, code_of(cause.type), detail=_detail(cause), heartbeat=word)
            case StepTimeoutError() as cause:
                unsent = cause.type is TimeoutType.SCHEDULE_TO_START
                details = cause.last_heartbeat_details
                return cls(
                    step,
                    FailureCode.UPSTREAM_UNAVAILABLE if unsent else FailureCode.BUG,
                    lost=not unsent,
                    unsent=unsent,
                    heartbeat=details[0] if details else None,
                )
            case _:
                return cls(step, FailureCode.BUG)

    @property
    def had_no_effect(self) -> bool:
        """Tell whether nothing was done at the upstream, so that repeating is safe."""
        return self.unsent or self.code in _WITHOUT_EFFECT

    @property
    def failure(self) -> Failure:
        """Give the failure as every interface shows it."""
        return Failure.of(self.code, step=self.step, detail=self.detail)


def _detail(cause: ApplicationError) -> str | None:
    return str(cause.details[0])[:200] if cause.details else None


async def perform(
    step: Step[TakesT, GivesT],
    message: TakesT,
    *,
    on: str,
    patience: Patience,
    summary: Summary,
    cancellation: ActivityCancellationType = ActivityCancellationType.TRY_CANCEL,
) -> GivesT:
    """Perform ``step`` on queue ``on`` and give its result, or raise ``StepFailedError``."""

    def seconds(value: float | None) -> timedelta | None:
        return None if value is None else timedelta(seconds=value)

    try:
        result: Message = await workflow.execute_activity(
            step.name,
            message,
            result_type=step.gives,
            task_queue=on,
            start_to_close_timeout=seconds(patience.start_to_close_s),
            schedule_to_start_timeout=seconds(patience.schedule_to_start_s),
            schedule_to_close_timeout=seconds(patience.schedule_to_close_s),
            heartbeat_timeout=seconds(patience.heartbeat_s),
            retry_policy=patience.retry,
            cancellation_type=cancellation,
            summary=summary,
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise asyncio.CancelledError from error
        raise StepFailedError.of(step.name, error) from error
    return result  # type: ignore[return-value]  # result_type says so


async def post_unless(
    given_up: Callable[[], bool],
    step: Step[TakesT, GivesT],
    message: TakesT,
    *,
    on: str,
    post_timeout_s: float,
    summary: Summary,
) -> GivesT:
    """Have a POST sent once, or taken back while no worker has taken it up.

    Raises:
        StepFailedError: As ``perform``.
        asyncio.CancelledError: It was taken back, so it was never sent.

    """
    sending = asyncio.create_task(
        perform(
            step,
            message,
            on=on,
            patience=posting(post_timeout_s),
            summary=summary,
            cancellation=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
    )
    await workflow.wait_condition(lambda: sending.done() or given_up())
    if not sending.done():
        sending.cancel()
    return await sending
