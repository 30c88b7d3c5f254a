"""Turns Ctrl-C, SIGTERM and a closed terminal into one exception, and never into two."""

import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class InterruptedBySignalError(BaseException):
    """Somebody asked us to end; not an ``Exception``, so that no handler takes it for a failure."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"Ended by {signal.Signals(signum).name}.")
        self.signum = signum

    @property
    def exit_code(self) -> int:
        """As a shell reports it: 128 + signal, so 130 for Ctrl-C."""
        return 128 + self.signum


SAME_S = 0.5
"""Signals this close together are one: the terminal, make and uv each pass a Ctrl-C on."""


class Interrupts:
    """The first signal raises, later ones and those during the clean-up only ask for haste."""

    def __init__(self) -> None:
        self.hurry = False
        self._closing = False
        self._last_at = -math.inf

    def close(self) -> None:
        """Say that the clean-up has begun: from here on a signal shortens it."""
        self._closing = True

    def handle(self, signum: int, _frame: FrameType | None) -> None:
        """Be the signal handler."""
        now = time.monotonic()
        again = now - self._last_at > SAME_S
        self._last_at = now
        if self._closing:
            self.hurry = self.hurry or again
            return
        self._closing = True
        raise InterruptedBySignalError(signum)


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Install the handlers for the length of the block."""
    state = Interrupts()
    before = {signum: signal.signal(signum, state.handle) for signum in SIGNALS}
    try:
        yield state
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
