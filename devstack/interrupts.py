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


INSIST_S = 1.0
"""Longer than it takes from a raised signal to the clean-up."""


class Interrupts:
    """The first signal raises, later ones and those during the clean-up only ask for haste."""

    def __init__(self) -> None:
        self.hurry = False
        self._closing = False
        self._insists = False
        self._signum: int | None = None
        self._last_at = -math.inf

    def insist(self) -> None:
        """Raise anew until ``close``, from here on.

        Python drops an exception that a signal raises inside a destructor or a callback of the
        garbage collector, and then nobody would ever hear of it.
        """
        self._insists = True

    def close(self) -> None:
        """Say that the clean-up has begun: from here on a signal shortens it."""
        self._closing = True
        signal.setitimer(signal.ITIMER_REAL, 0)

    def handle(self, signum: int, _frame: FrameType | None) -> None:
        """Be the signal handler."""
        now = time.monotonic()
        again = now - self._last_at > SAME_S
        self._last_at = now
        if self._closing:
            self.hurry = self.hurry or again
            return
        if not again and self._signum is not None:
            return
        self._raise(signum)

    def handle_again(self, _signum: int, _frame: FrameType | None) -> None:
        """Be the handler of the alarm: nothing has come of the signal."""
        if not self._closing and self._signum is not None:
            self._raise(self._signum)

    def _raise(self, signum: int) -> None:
        self._signum = signum
        if self._insists:
            signal.setitimer(signal.ITIMER_REAL, INSIST_S)
        else:
            self._closing = True
        raise InterruptedBySignalError(signum)


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Install the handlers for the length of the block."""
    state = Interrupts()
    before = {signum: signal.signal(signum, state.handle) for signum in SIGNALS}
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, state.handle_again)
    try:
        yield state
    finally:
        state.close()
        for signum, handler in before.items():
            signal.signal(signum, handler)
