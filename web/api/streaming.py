"""Server-sent events of one onboarding: what stands on the wire, and who may have a stream.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from likeness.failures import FailureCode
from web.api.documenting import EVENT_STREAM
from web.api.looking import Looked
from web.api.problems import ProblemError
from web.api.watching import Watched

STREAMS_PER_KEY = 20
QUIET_S = 15.0
"""A comment after so long a silence keeps gateways from cutting the connection."""

CHANGED: Final = "onboarding"
ENDED: Final = "ended"

_AGAIN_AFTER_S = 15


def event_id_of(seen: Looked) -> str:
    """Give the id of a snapshot's event: how many events the run had, then what it told."""
    told = hashlib.sha256(seen.onboarding.model_dump_json().encode()).hexdigest()
    return f"{seen.age[1]}-{told[:16]}"


def is_same(event_id: str, last_event_id: str) -> bool:
    """Tell whether the two ids are of snapshots that tell the same."""
    return event_id.partition("-")[2] == last_event_id.partition("-")[2]


async def snapshots(
    watched: Watched,
    last_event_id: str,
    *,
    leaving: asyncio.Event,
    still_admitted: Callable[[], Awaitable[bool]],
    quiet_s: float = QUIET_S,
) -> AsyncGenerator[str]:
    """Give the lines of a stream: what is new since ``last_event_id``, then each change.

    It ends with the run, when the process stops, and when the caller may no longer listen.
    """
    yield "retry: 2000\n\n"
    told_away = False
    asked_at = time.monotonic()
    while not leaving.is_set():
        changed, seen = watched.changed, watched.seen
        event_id = event_id_of(seen)
        if not is_same(event_id, last_event_id):
            yield _event(seen, event_id)
            last_event_id = event_id
        elif watched.away and not told_away:
            yield ": Temporal does not answer; going on\n\n"
        told_away = watched.away
        if watched.is_over:
            return
        moved = await _one_of(changed, leaving, within_s=quiet_s)
        if not moved or time.monotonic() - asked_at >= quiet_s:
            if not await still_admitted():
                return
            asked_at = time.monotonic()
        if not moved:
            yield ": still here\n\n"


class Places:
    """How many streams each key has open."""

    def __init__(self, at_most: int = STREAMS_PER_KEY) -> None:
        self._at_most = at_most
        self._taken: Counter[str] = Counter()

    def take(self, key_id: str) -> Callable[[], None]:
        """Take a place; give what leaves it.

        Raises:
            ProblemError: The key has as many as it may.

        """
        if self._taken[key_id] >= self._at_most:
            raise ProblemError(
                FailureCode.TOO_MANY_REQUESTS,
                429,
                detail=f"This API key has {self._at_most} streams open, which is all it may.",
                headers={"Retry-After": str(_AGAIN_AFTER_S)},
            )
        self._taken[key_id] += 1

        def leave() -> None:
            self._taken[key_id] -= 1
            if not self._taken[key_id]:
                del self._taken[key_id]

        return leave


class EventStream(StreamingResponse):
    """The answer that goes on; ``leave`` is called when it has ended, however it ends."""

    def __init__(self, lines: AsyncGenerator[str], *, leave: Callable[[], None]) -> None:
        # nginx would otherwise keep the events until its buffer is full.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(lines, headers=headers, media_type=EVENT_STREAM)
        self._lines = lines
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the lines until they end or nobody listens any more."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()
            await self._lines.aclose()


def _event(seen: Looked, event_id: str) -> str:
    name = ENDED if seen.closed else CHANGED
    return f"event: {name}\nid: {event_id}\ndata: {seen.onboarding.model_dump_json()}\n\n"


async def _one_of(*events: asyncio.Event, within_s: float) -> bool:
    """Wait for one of them; tell whether it came in time."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(waiting, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
    return bool(done)
