"""When a call is tried again, and how long before."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from likeness.client.errors import (
    LikenessError,
    NoAnswerError,
    TooManyRequestsError,
    UnavailableError,
)

_ANSWERS_WORTH_ANOTHER_TRY = frozenset({502, 503, 504})
_JITTER = random.SystemRandom()


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How often a call is tried, and how many seconds are waited before each repeat.

    The wait doubles from ``first_wait_s`` to ``longest_wait_s``, less up to half of it by chance.
    Where likeness asks for a wait, that is kept instead; where it asks for more than
    ``longest_asked_s``, the call is not tried again.
    """

    tries: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 8.0
    longest_asked_s: float = 60.0
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep, repr=False)

    def __post_init__(self) -> None:
        if self.tries < 1 or min(self.first_wait_s, self.longest_wait_s) < 0:
            raise ValueError("a call is tried once at least, and no wait is below 0 seconds")

    async def again(self, error: LikenessError, *, tried: int, repeatable: bool) -> bool:
        """Wait, then tell to try again what failed with ``error``; False is told without a wait."""
        if tried >= self.tries or not _worth_another_try(error, repeatable=repeatable):
            return False
        wait_s = self._wait_s(error, tried)
        if wait_s is None:
            return False
        await self.sleep(wait_s)
        return True

    def _wait_s(self, error: LikenessError, tried: int) -> float | None:
        longest = min(self.longest_wait_s, self.first_wait_s * 2 ** (tried - 1))
        asked = getattr(error, "retry_after_s", None)
        if asked is None:
            return _JITTER.uniform(longest / 2, longest)
        if asked > self.longest_asked_s:
            return None
        # Never sooner than asked, and not all at the same moment.
        return float(asked) + _JITTER.uniform(0, self.first_wait_s)


def _worth_another_try(error: LikenessError, *, repeatable: bool) -> bool:
    match error:
        case TooManyRequestsError():
            return True
        case UnavailableError():
            return repeatable and error.problem.status in _ANSWERS_WORTH_ANOTHER_TRY
        case NoAnswerError():
            return repeatable or not error.maybe_done
        case _:
            return False
