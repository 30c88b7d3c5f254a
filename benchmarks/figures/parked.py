"""What a run that waits for its person costs the worker: memory by the run, CPU while all wait."""

import asyncio
from pathlib import Path
from typing import Any

from benchmarks.contender import RunningStore
from benchmarks.figures.house import House
from benchmarks.process_trees import Memory, ProcessTrees

COUNTS = (0, 2000, 5000)
SETTLES_S = 8.0
IDLE_S = 30.0
KIB_IN_MIB = 1024


async def measure(
    store: RunningStore, directory: Path, *, counts: tuple[int, ...] = COUNTS
) -> dict[str, Any]:
    """Park more and more runs, with the worker's settings as they are by default."""
    held: dict[int, Memory] = {}
    async with House.opened(store, directory) as house:
        worker = ProcessTrees({"worker": (house.worker_pid,)})
        parked = 0
        for count in counts:
            await house.invited(f"to-{count}", count - parked)
            parked = count
            await asyncio.sleep(SETTLES_S)
            held[count] = worker.memory()["worker"]
        before = worker.cpu_s()["worker"]
        await asyncio.sleep(IDLE_S)
        idle_s = worker.cpu_s()["worker"] - before
    rss = {count: memory.rss_mib for count, memory in held.items()}
    pss = {count: memory.pss_mib for count, memory in held.items()}
    return {
        "name": "parked",
        "command": f"python -m benchmarks figure parked --store {store.name}",
        "store": {"name": store.name, **store.settings},
        "target": "RSS <= 6 KB per parked run (slope over 0, 2k, 5k); idle CPU <= 2 % of a core",
        "rss_mib": rss,
        "pss_mib": pss,
        "rss_kib_per_run": KIB_IN_MIB * slope(list(rss), list(rss.values())),
        "pss_kib_per_run": KIB_IN_MIB * slope(list(pss), list(pss.values())),
        "idle_cpu_percent_of_a_core": 100 * idle_s / IDLE_S,
    }


def slope(at: list[float] | list[int], values: list[float]) -> float:
    """Give the least squares' slope of values at places."""
    middle, mean = sum(at) / len(at), sum(values) / len(values)
    spread = sum((each - middle) ** 2 for each in at)
    return sum((x - middle) * (y - mean) for x, y in zip(at, values, strict=True)) / spread
