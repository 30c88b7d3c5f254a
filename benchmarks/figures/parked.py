"""What a run that waits for its person costs the worker: memory by the run, CPU while all wait.

Before the first reading the worker has done everything that a process does once: people have gone
all the way, and so many runs are parked that its cache of runs is full. Every reading waits until
the server has no task left for any run, and then for the worker's own calm.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contender import RunningStore
from benchmarks.figures.house import House, Person, each_of
from benchmarks.process_trees import ProcessTrees
from benchmarks.waiting import within

PARKED = 5000
SHARES = (0.0, 0.2, 0.4, 0.7, 1.0)
"""At how much of the crowd the memory is read; 0, 2,000 and 5,000 of 5,000 are among them."""

GO_ALL_THE_WAY = 40
FILL_THE_CACHE = 600
"""More than WORKFLOW_CACHE's default."""

END_WITHIN_S = 180.0
SETTLES_S = 8.0
IDLE_S = 20.0
KIB_IN_MIB = 1024


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the worker held (MiB) while so many more runs were parked."""

    parked: int
    rss_mib: float
    pss_mib: float


async def measure(
    store: RunningStore,
    directory: Path,
    *,
    parked: int = PARKED,
    settles_s: float = SETTLES_S,
    idle_s: float = IDLE_S,
) -> dict[str, Any]:
    """Park more and more runs, with the worker's settings as they are by default."""
    async with House.opened(store, directory) as house:
        worker = ProcessTrees({"worker": (house.worker_pid,)})
        await _gone_all_the_way(house)
        empty = await _reading(worker, 0, after_s=settles_s)
        await house.invited("cached", FILL_THE_CACHE)
        readings = [await _reading(worker, 0, after_s=settles_s)]
        idle_before = await _idle_percent(worker, idle_s)
        for count in (round(share * parked) for share in SHARES[1:]):
            await house.invited(f"to-{count}", count - readings[-1].parked)
            readings.append(await _reading(worker, count, after_s=settles_s))
        idle = await _idle_percent(worker, idle_s)
    return {
        "name": "parked",
        "command": f"python -m benchmarks figure parked --parked {parked} --store {store.name}",
        "store": {"name": store.name, **store.settings},
        "target": "RSS <= 6 KB per parked run (slope over 0, 2k, 5k); idle CPU <= 2 % of a core",
        "went_all_the_way_before": GO_ALL_THE_WAY,
        "parked_before": FILL_THE_CACHE,
        "rss_mib": {each.parked: each.rss_mib for each in readings},
        "pss_mib": {each.parked: each.pss_mib for each in readings},
        "rss_kib_per_run": _kib_per_run(readings, [each.rss_mib for each in readings]),
        "pss_kib_per_run": _kib_per_run(readings, [each.pss_mib for each in readings]),
        "rss_mib_of_the_full_cache": readings[0].rss_mib - empty.rss_mib,
        "idle_cpu_percent_of_a_core": idle,
        "idle_cpu_percent_with_none_parked": idle_before,
    }


async def _gone_all_the_way(house: House) -> None:
    await house.upstream.scenario("quick")
    people = await house.sent_to_check("first", GO_ALL_THE_WAY)
    await each_of(people, Person.scans)
    await each_of(people, Person.comes_back)
    async with within(END_WITHIN_S, f"The end of {len(people)} onboardings"):
        await asyncio.gather(*(person.ends() for person in people))


async def _reading(worker: ProcessTrees, parked: int, *, after_s: float) -> Reading:
    await asyncio.sleep(after_s)
    held = worker.memory()["worker"]
    return Reading(parked=parked, rss_mib=held.rss_mib, pss_mib=held.pss_mib)


async def _idle_percent(worker: ProcessTrees, seconds: float) -> float:
    before = worker.cpu_s()["worker"]
    await asyncio.sleep(seconds)
    return 100 * (worker.cpu_s()["worker"] - before) / seconds


def _kib_per_run(readings: Sequence[Reading], mib: list[float]) -> float:
    return KIB_IN_MIB * slope([each.parked for each in readings], mib)


def slope(at: list[float] | list[int], values: list[float]) -> float:
    """Give the least squares' slope of values at places."""
    middle, mean = sum(at) / len(at), sum(values) / len(values)
    spread = sum((each - middle) ** 2 for each in at)
    return sum((x - middle) * (y - mean) for x, y in zip(at, values, strict=True)) / spread
