"""How a step waits: before a request that did not leave, between two polls, while it is slow."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.outcomes import WORTH_WAITING
from apimart import ApimartError
from likeness.failures import FAILURES, FailureCode
from likeness.messages.base import Message

ResultT = TypeVar("ResultT")

MINT_BEAT_AFTER_S = 5.0
"""Quick minting beats first with the task id, which then reaches the server at once."""

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
SLOWEST_POLL_S = 60.0
BEAT_AFTER_S = 8.0
BEAT_EVERY_S = 2.0
WATCH_BEAT_AFTER_S = 45.0
"""A watch begins to heartbeat late, well before its timeout of a minute: most reviews cost one."""


async def until_sent(send: Callable[[], Awaitable[ResultT]], *, within_s: float) -> ResultT:
    """Repeat a POST for as long as it surely had no effect and time is left.

    Raises:
        ApimartError: the first failure that is not worth waiting for, or the last one in time.

    """
    give_up_at = time.monotonic() + within_s
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return await send()
        except WORTH_WAITING as error:
            wait_s = max(pause_s, error.retry_after_s or 0)
            if time.monotonic() + wait_s > give_up_at:
                raise
            await asyncio.sleep(wait_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


@asynccontextmanager
async def beating(
    word: Callable[[], Message | str | None], *, after_s: float = BEAT_AFTER_S
) -> AsyncIterator[None]:
    """Heartbeat ``word()`` every two seconds, beginning only after ``after_s``.

    A step that is quick costs no heartbeat. Each one that reaches the server is billed, but the
    SDK sends at most one in 0.8 of the heartbeat timeout.
    """

    async def beat() -> None:
        await asyncio.sleep(after_s)
        while True:
            said = word()
            activity.heartbeat(*(() if said is None else (said,)))
            await asyncio.sleep(BEAT_EVERY_S)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()


def beating_rarely() -> AbstractAsyncContextManager[None]:
    """Heartbeat as a step does that waits for somebody else."""
    return beating(lambda: None, after_s=WATCH_BEAT_AFTER_S)


async def rest(seconds: float) -> None:
    """Sleep between two polls, but leave at once when the worker is shut down.

    Raises:
        ApplicationError: ``worker_leaving``; the server hands the step to another worker.

    """
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await activity.wait_for_worker_shutdown()
    except TimeoutError:
        return
    raise _leaving()


async def uninterrupted(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Do what must not be broken off half-way: a cancel that comes meanwhile is not obeyed."""
    task = asyncio.create_task(work)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
        except Exception:  # noqa: BLE001  # raised again below, by the task itself
            break
    return task.result()


async def unless_leaving(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Do repeatable work, but leave it at once when the worker is shut down.

    Raises:
        ApplicationError: ``worker_leaving``; the server hands the step to another worker.

    """
    task = asyncio.create_task(work)
    leaving = asyncio.create_task(activity.wait_for_worker_shutdown())
    try:
        await asyncio.wait((task, leaving), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise _leaving()
    finally:
        task.cancel()
        leaving.cancel()


def _leaving() -> ApplicationError:
    return ApplicationError(
        FAILURES[FailureCode.WORKER_LEAVING].sentence,
        type=FailureCode.WORKER_LEAVING.value,
        next_retry_delay=timedelta(milliseconds=1),
    )


def waited_s() -> float:
    """Tell how long ago (seconds) the step was scheduled, whichever worker had it meanwhile."""
    return (datetime.now(UTC) - activity.info().scheduled_time).total_seconds()


def poll_pause_s(interval_s: float, *, waited: float, estimated_s: float | None) -> float:
    """Give the pause (seconds) before the next poll, never longer than a minute.

    The first poll waits for the task's own estimate; later ones keep in step with how long the
    task has taken so far. Without an estimate (a review names none) there are three early looks,
    for what takes seconds, and then steady ones, for what takes a minute or two. The numbers are
    measured in tests/unit/activities/test_upstream_calls.py: a call more buys little lag.
    """
    longest_s = max(SLOWEST_POLL_S, interval_s)
    if estimated_s is not None:
        if waited < estimated_s:
            return min(estimated_s - waited, SLOWEST_POLL_S)
        return min(max(interval_s, waited / 10), longest_s)
    steady_from_s = 9 * interval_s
    if waited < steady_from_s:
        # At 1, 3 and 9 intervals, wherever this worker has taken it up.
        return min(max(interval_s, min(2 * waited, steady_from_s - waited)), longest_s)
    return min(max(2.2 * interval_s, waited / 20), longest_s)


def asked_to_wait_s(error: ApimartError) -> float:
    """Give the wait (seconds) that the upstream asked for, or 0."""
    return error.retry_after_s or 0.0
