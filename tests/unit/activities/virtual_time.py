"""A clock that jumps to the next thing to happen: waits of minutes cost no time and are exact.

Only for tests without sockets; what waits for the network waits here for ever.
"""

import asyncio
import selectors
import time
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

import pytest

ResultT = TypeVar("ResultT")

EPOCH = 1_800_000_000.0


class _JumpingSelector(selectors.BaseSelector):
    """Lets the clock jump instead of sleeping."""

    def __init__(self, clock: "VirtualClock") -> None:
        self._clock = clock
        self._real = selectors.DefaultSelector()

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits, and nothing will ever happen")
        ready = self._real.select(0)
        if not ready:
            self._clock.elapsed_s += max(timeout, 0)
        return ready

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: "VirtualClock") -> None:
        super().__init__(_JumpingSelector(clock))
        self._virtual_clock = clock

    def time(self) -> float:
        return self._virtual_clock.elapsed_s


class VirtualClock:
    """Seconds since the test began, for the loop and for everything that looks at a clock."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0

    @property
    def rounded_s(self) -> float:
        """To the millisecond, so that sums of fractions compare."""
        return round(self.elapsed_s, 3)

    def now(self) -> datetime:
        return datetime.fromtimestamp(EPOCH + self.elapsed_s, tz=UTC)

    def rule(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put the clock in the place of ``time`` and of the steps' ``datetime``."""
        clock = self

        class Calendar(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> "Calendar":
                return cls.fromtimestamp(EPOCH + clock.elapsed_s, tz=tz)

        monkeypatch.setattr(time, "monotonic", lambda: clock.elapsed_s)
        monkeypatch.setattr(time, "time", lambda: EPOCH + clock.elapsed_s)
        monkeypatch.setattr("activities.waiting.datetime", Calendar)

    def run(self, waiting: Coroutine[Any, Any, ResultT]) -> ResultT:
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(self)) as runner:
            return runner.run(waiting)
