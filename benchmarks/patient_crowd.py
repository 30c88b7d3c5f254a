"""People who go through an onboarding at once, ask again where they may, and wait for the end."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx

from benchmarks.contender import Caller, LinkLostError, LinkRefusedError, TellsHolds

PAUSE_S = 1.5
"""The longest a person waits before each move: the crowd is everywhere at once."""

TAP_AGAIN_S = 1.0
LOOK_S = 1.0
PATIENCE_S = 300.0
"""Above every timeout by which a contender may find out that its step died."""


@dataclass(kw_only=True)
class PatientCrowd:
    """People with phones who are patient, and what they met with."""

    caller: Caller
    phone: httpx.AsyncClient
    chance: random.Random
    pause_s: float = PAUSE_S
    tap_again_s: float = TAP_AGAIN_S
    look_s: float = LOOK_S
    tapped: set[str] = field(default_factory=set)
    links_declared_lost: int = 0
    walks: dict[str, asyncio.Task[bool]] = field(default_factory=dict)

    def sets_out(self, people: Iterable[str]) -> None:
        """Send everybody on their way."""
        for person in people:
            pauses = [self.chance.uniform(0, self.pause_s) for _ in range(3)]
            self.walks[person] = asyncio.create_task(self._goes(person, pauses))

    async def has_come_to_rest(self) -> set[str]:
        """Wait until all have ended or are held, or patience has; give those who are held."""
        held: set[str] = set()
        try:
            async with asyncio.timeout(PATIENCE_S):
                while under_way := {p for p, walk in self.walks.items() if not walk.done()} - held:
                    held |= {person for person in under_way if await self._is_held(person)}
                    await asyncio.sleep(self.look_s)
        except TimeoutError:
            pass
        for walk in self.walks.values():
            walk.cancel()
        await asyncio.gather(*self.walks.values(), return_exceptions=True)
        return held

    def finished(self) -> set[str]:
        """Name those who ended with a usable asset."""
        return {
            person
            for person, walk in self.walks.items()
            if not walk.cancelled() and walk.exception() is None and walk.result()
        }

    def troubles(self) -> Counter[str]:
        """Count the kinds of error that ended a walk."""
        ends = (walk.exception() for walk in self.walks.values() if not walk.cancelled())
        return Counter(type(error).__name__ for error in ends if error is not None)

    async def _goes(self, person: str, pauses: list[float]) -> bool:
        try:
            return await self._walk(person, pauses)
        except Exception:
            # Temporal's client tells a cancel as an error of its own, which is no trouble here.
            if (task := asyncio.current_task()) and task.cancelling():
                raise asyncio.CancelledError from None
            raise

    async def _walk(self, person: str, pauses: list[float]) -> bool:
        await asyncio.sleep(pauses[0])
        await self.caller.begin(person)
        await asyncio.sleep(pauses[1])
        link = await self._has_link(person)
        await asyncio.sleep(pauses[2])
        (await self.phone.get(link)).raise_for_status()
        passed = await self.phone.post(link.partition("?")[0], data={"outcome": "pass"})
        if not passed.has_redirect_location:
            raise RuntimeError("The link was dead.")
        await self.caller.came_back(person)
        return await self.caller.ended(person)

    async def _has_link(self, person: str) -> str:
        self.tapped.add(person)
        while True:
            try:
                return await self.caller.link(person)
            except LinkLostError:
                self.links_declared_lost += 1
            except LinkRefusedError:
                pass
            await asyncio.sleep(self.tap_again_s)

    async def _is_held(self, person: str) -> bool:
        return isinstance(self.caller, TellsHolds) and await self.caller.is_held(person)
