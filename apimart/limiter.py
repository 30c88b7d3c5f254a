"""How fast one process may ask, so that a crowd of pollers never keeps a person waiting."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from math import isfinite

from apimart.errors import RateLimited

RECOVERY_S = 120.0
MIN_FACTOR = 1 / 16

_HALVING_PAUSE_S = 1.0
_ROUNDING = 1e-9


class Lane(StrEnum):
    """Who waits for the answer: a person with a phone in hand, or only a task."""

    PERSON = "person"
    UPSTREAM = "upstream"


_SHARES = {Lane.PERSON: 1 / 3, Lane.UPSTREAM: 2 / 3}


class _Bucket:
    """Tokens of one lane, and the line of those waiting for one."""

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self.tokens = self._capacity()
        self.waiting = 0
        self.turn = asyncio.Lock()
        self._filled_at = now

    def fill(self, now: float, factor: float) -> None:
        gained = max(0.0, now - self._filled_at) * self.rate * factor
        self.tokens = min(self._capacity(), self.tokens + gained)
        self._filled_at = now

    def take(self) -> bool:
        if self.tokens < 1 - _ROUNDING:
            return False
        self.tokens -= 1
        return True

    def _capacity(self) -> float:
        return max(1.0, self.rate)


class RateLimiter:
    """Token bucket of `requests_per_second`, a third of it kept for the person's lane.

    The person's lane may also use what the other leaves lying. A 429 halves the pace (at most once
    a second, down to a sixteenth); it comes back evenly within two minutes.
    https://docs.apimart.ai publishes no figure, so the pace must find itself.
    """

    def __init__(
        self,
        requests_per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if not isfinite(requests_per_second) or requests_per_second <= 0:
            raise ValueError("requests per second must be a number above 0")
        self._clock = clock
        self._sleep = sleep
        now = clock()
        self._buckets = {
            lane: _Bucket(requests_per_second * share, now) for lane, share in _SHARES.items()
        }
        self._full_rate = requests_per_second
        self._factor = 1.0
        self._slowed_at: float | None = None

    @property
    def requests_per_second(self) -> float:
        """The pace of this moment, both lanes together."""
        return self._full_rate * self._factor_at(self._clock())

    async def acquire(self, lane: Lane, *, max_wait_s: float) -> None:
        """Wait for a turn, first come first served within the lane.

        Raises:
            RateLimited: code `local_queue`; the line is longer than `max_wait_s`.
        """
        bucket = self._buckets[lane]
        expected_s = self._expected_wait_s(bucket)
        if expected_s > max_wait_s:
            raise RateLimited(
                "Too many requests are already waiting in this process.",
                code="local_queue",
                retry_after_s=min(max(expected_s, 1.0), 600.0),
            )
        bucket.waiting += 1
        try:
            async with bucket.turn:
                while (pause_s := self._take(lane)) > 0:
                    await self._sleep(pause_s)
        finally:
            bucket.waiting -= 1

    def slow_down(self) -> None:
        """Halve the pace, because the provider said 429."""
        now = self._clock()
        if self._slowed_at is not None and now - self._slowed_at < _HALVING_PAUSE_S:
            return
        self._fill(now)
        self._factor = max(MIN_FACTOR, self._factor_at(now) / 2)
        self._slowed_at = now

    def _take(self, lane: Lane) -> float:
        """Take a token and return 0, or return the seconds after which to look again."""
        now = self._clock()
        self._fill(now)
        sources = [self._buckets[lane]]
        spare = self._buckets[Lane.UPSTREAM]
        if lane is Lane.PERSON and not spare.waiting:
            sources.append(spare)
        if any(bucket.take() for bucket in sources):
            return 0.0
        factor = self._factor_at(now)
        return min((1 - bucket.tokens) / (bucket.rate * factor) for bucket in sources)

    def _expected_wait_s(self, bucket: _Bucket) -> float:
        now = self._clock()
        self._fill(now)
        missing = bucket.waiting + 1 - bucket.tokens
        return max(0.0, missing / (bucket.rate * self._factor_at(now)))

    def _fill(self, now: float) -> None:
        for bucket in self._buckets.values():
            bucket.fill(now, self._factor_at(now))

    def _factor_at(self, now: float) -> float:
        if self._slowed_at is None:
            return 1.0
        return min(1.0, self._factor + (now - self._slowed_at) / RECOVERY_S)
