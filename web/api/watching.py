"""Watches runs for whoever follows them: one look a second at each, however many follow it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from likeness.temporal.errors import NoSuchOnboardingError, OnboardingError
from web.api.looking import Looked
from web.shield import where

LOOK_EVERY_S = 1.0
_log = structlog.get_logger("likeness.api")

Run = tuple[str, str]
"""Tenant and onboarding."""

LookAgain = Callable[[Run, Looked], Awaitable[Looked]]
"""Looks at a run, and gives what was seen before where nothing has changed since."""


class Watched:
    """One run under watch: ``seen`` is its latest state, ``away`` that Temporal does not answer."""

    def __init__(self, seen: Looked) -> None:
        self.seen = seen
        self.away = False
        self.lost = False
        self.changed = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more will be seen: the run has ended, or cannot be looked at."""
        return self.lost or self.seen.closed

    def show(self, seen: Looked) -> None:
        """Take what was seen, unless something later was; wake the followers if it is new."""
        self.away = False
        if seen.age < self.seen.age:
            return
        is_new = seen.onboarding != self.seen.onboarding or seen.closed is not self.seen.closed
        self.seen = seen
        if is_new:
            self._wake()

    def miss(self) -> None:
        """Tell the followers that Temporal does not answer, once."""
        if not self.away:
            self.away = True
            self._wake()

    def lose(self) -> None:
        """Tell the followers that there will be no other look."""
        self.lost = True
        self._wake()

    def _wake(self) -> None:
        # A fresh event for the next change: whoever took this one before looking misses none.
        awaited, self.changed = self.changed, asyncio.Event()
        awaited.set()


class Watch:
    """Looks at each run for as long as somebody follows it."""

    def __init__(self, look: LookAgain, *, every_s: float = LOOK_EVERY_S) -> None:
        self._look = look
        self._every_s = every_s
        self._runs: dict[Run, tuple[Watched, asyncio.Task[None]]] = {}
        self._followers: dict[Run, int] = {}

    @asynccontextmanager
    async def following(self, run: Run, seen: Looked) -> AsyncIterator[Watched]:
        """Have the run watched while the block lasts; ``seen`` is a look taken just now."""
        watched = self._watched(run, seen)
        watched.show(seen)
        self._followers[run] = self._followers.get(run, 0) + 1
        try:
            yield watched
        finally:
            self._followers[run] -= 1
            if not self._followers[run]:
                del self._followers[run]
                self._runs.pop(run)[1].cancel()

    def _watched(self, run: Run, seen: Looked) -> Watched:
        if run not in self._runs or self._runs[run][1].done():
            watched = Watched(seen)
            self._runs[run] = watched, asyncio.create_task(self._go_on(run, watched))
        return self._runs[run][0]

    async def _go_on(self, run: Run, watched: Watched) -> None:
        while not watched.is_over:
            await asyncio.sleep(self._every_s)
            try:
                watched.show(await self._look(run, watched.seen))
            except NoSuchOnboardingError:
                watched.lose()
            except OnboardingError:
                watched.miss()
            except Exception as error:  # noqa: BLE001  # a follower must not wait for ever
                _log.error("fault", reason=where(error))
                watched.lose()
