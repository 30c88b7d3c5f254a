"""Counts what each of many keys has taken lately, so that nobody takes too much.

Everything is done at the call itself: no thread and no walk over keys that are not asked about. A
walk over all of them in a thread was measured to cost half of the process at 3,000 keys.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

MINUTE_S = 60.0
HOUR_S = 3600.0


@dataclass(frozen=True)
class Quota:
    """At most so many within the last so many seconds, whenever these began."""

    at_most: int
    within_s: float


class Quotas:
    """Remembers when each key took, for ``remember_s``: the longest quota it is asked about.

    Where strangers choose the keys, ``most_keys`` bounds how many are remembered: those that took
    longest ago are forgotten first.
    """

    def __init__(
        self,
        remember_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        most_keys: int | None = None,
    ) -> None:
        self._remember_s = remember_s
        self._most_keys = most_keys
        self._clock = clock
        # Whoever took last is last, so that what can be forgotten is at the front.
        self._taken: dict[str, deque[float]] = {}

    def wait_s(self, key: str, *quotas: Quota) -> float:
        """Take one and give 0.0; give the seconds until there is one, and take none, if not."""
        now = self._clock()
        self._forget_until(now - self._remember_s)
        taken = self._taken.get(key, deque())
        while taken and taken[0] <= now - self._remember_s:
            taken.popleft()
        wait_s = max(_free_in_s(taken, quota, now) for quota in quotas)
        if wait_s > 0:
            return wait_s
        self._taken.pop(key, None)
        self._taken[key] = taken
        taken.append(now)
        if self._most_keys is not None and len(self._taken) > self._most_keys:
            del self._taken[next(iter(self._taken))]
        return 0.0

    def give_back(self, key: str) -> None:
        """Let the last one that ``key`` took not count."""
        if taken := self._taken.get(key):
            taken.pop()

    def __len__(self) -> int:
        """Give how many keys are remembered."""
        return len(self._taken)

    def _forget_until(self, moment: float) -> None:
        while self._taken:
            key, taken = next(iter(self._taken.items()))
            if taken and taken[-1] > moment:
                return
            del self._taken[key]


def _free_in_s(taken: deque[float], quota: Quota, now: float) -> float:
    if len(taken) < quota.at_most:
        return 0.0
    return max(0.0, taken[-quota.at_most] + quota.within_s - now)
