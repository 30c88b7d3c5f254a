"""Two onboardings a second beside five thousand that wait: does memory grow, does it get slower."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.contender import RunningStore
from benchmarks.figures.house import House, Person
from benchmarks.figures.parked import slope
from benchmarks.percentiles import percentile_ms
from benchmarks.process_trees import ProcessTrees

PARKED = 5000
A_SECOND = 2.0
SAMPLED_EVERY_S = 5.0
WARM_UP = 0.25
"""Of the whole time; the cache fills meanwhile."""

ENDS_WITHIN_S = 120.0
MINUTE_S = 60.0
HOUR_S = 3600.0


@dataclass
class Soak:
    """What is seen while it runs; seconds since the beginning, MiB, seconds from tap to end."""

    house: House
    began: float = field(default_factory=time.monotonic)
    memory: list[tuple[float, float]] = field(default_factory=list)
    ended: list[tuple[float, float]] = field(default_factory=list)
    not_ended: int = 0

    def now(self) -> float:
        """Give the seconds since the beginning."""
        return time.monotonic() - self.began

    async def samples(self) -> None:
        """Look at the worker's memory until canceled."""
        worker = ProcessTrees({"worker": (self.house.worker_pid,)})
        while True:
            held = await asyncio.to_thread(worker.memory)
            self.memory.append((self.now(), held["worker"].rss_mib))
            await asyncio.sleep(SAMPLED_EVERY_S)

    async def one(self, number: int) -> None:
        """Take one person through, from the invitation to the end."""
        came = self.now()
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                person = self.house.person(f"soaked-{number}")
                await person.is_invited()
                await person.taps()
                await person.scans()
                await person.comes_back()
                await person.ends()
        except TimeoutError:
            self.not_ended += 1
        else:
            self.ended.append((came, self.now() - came))

    async def comes_for(self, seconds: float) -> None:
        """Let people come at a steady rate, whatever becomes of those before them."""
        watching = asyncio.create_task(self.samples())
        try:
            async with asyncio.TaskGroup() as everybody:
                for number in range(int(seconds * A_SECOND)):
                    await asyncio.sleep(max(number / A_SECOND - self.now(), 0))
                    everybody.create_task(self.one(number))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def measure(
    store: RunningStore, directory: Path, *, minutes: float = 20, parked: int = PARKED
) -> dict[str, Any]:
    """Soak for so many minutes."""
    async with House.opened(store, directory) as house:
        await house.upstream.scenario("quick")
        waiting: list[Person] = await house.invited("parked", parked)
        soak = Soak(house)
        await soak.comes_for(minutes * MINUTE_S)
    warm_from = WARM_UP * minutes * MINUTE_S
    warm = [(at, mib) for at, mib in soak.memory if at >= warm_from]
    by_minute: dict[int, list[float]] = {}
    for came, took in soak.ended:
        by_minute.setdefault(int(came // MINUTE_S), []).append(took)
    return {
        "name": "soak",
        "command": f"python -m benchmarks figure soak --minutes {minutes:g} --store {store.name}",
        "store": {"name": store.name, **store.settings},
        "target": "RSS slope <= 1 MB/h after warm-up, p99 flat",
        "minutes": minutes,
        "parked_runs": len(waiting),
        "ended": len(soak.ended),
        "not_ended": soak.not_ended,
        "rss_mib_first_warm_last": [soak.memory[0][1], warm[0][1], warm[-1][1]],
        "rss_mib_per_hour": HOUR_S * slope([at for at, _ in warm], [mib for _, mib in warm]),
        "p99_ms_by_minute": {
            minute: percentile_ms(took, 99) for minute, took in sorted(by_minute.items())
        },
    }
