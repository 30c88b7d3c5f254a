"""CPU and memory of whole process trees, by the process ids at their roots."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil

SAMPLED_EVERY_S = 5.0
"""A look at a database's many processes takes tens of milliseconds of the cores being measured."""

MIB = 1024 * 1024


@dataclass(frozen=True)
class Memory:
    """What a tree holds, in MiB; ``pss`` shares out what its processes share."""

    rss_mib: float
    pss_mib: float


@dataclass
class Peaks:
    """The most that each tree held at once, as far as it was looked at."""

    memory: dict[str, Memory] = field(default_factory=dict)

    def see(self, name: str, now: Memory) -> None:
        """Take in one look."""
        before = self.memory.get(name, Memory(0, 0))
        self.memory[name] = Memory(
            max(before.rss_mib, now.rss_mib), max(before.pss_mib, now.pss_mib)
        )


class ProcessTrees:
    """Trees under names; each one's roots live for as long as it is measured."""

    def __init__(self, roots: Mapping[str, tuple[int, ...]]) -> None:
        self._roots = {name: [psutil.Process(pid) for pid in pids] for name, pids in roots.items()}

    def cpu_s(self) -> dict[str, float]:
        """Give the CPU seconds of each tree so far: user and system.

        A child that has ended counts by what its parent was told when it took its leave.
        """
        return {name: sum(map(_cpu_s, self._members(name))) for name in self._roots}

    def memory(self) -> dict[str, Memory]:
        """Give what each tree holds now."""
        found = {}
        for name in self._roots:
            held = [_memory(process) for process in self._members(name)]
            found[name] = Memory(
                sum(each.rss_mib for each in held), sum(each.pss_mib for each in held)
            )
        return found

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[Peaks]:
        """Look at the memory every few seconds, and once when the block is left."""
        peaks = Peaks()
        watching = asyncio.create_task(self._watch(peaks))
        try:
            yield peaks
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            self._look(peaks)

    async def _watch(self, peaks: Peaks) -> None:
        while True:
            await asyncio.sleep(SAMPLED_EVERY_S)
            # In a thread: reading smaps of a large process takes milliseconds.
            await asyncio.to_thread(self._look, peaks)

    def _look(self, peaks: Peaks) -> None:
        for name, now in self.memory().items():
            peaks.see(name, now)

    def _members(self, name: str) -> list[psutil.Process]:
        roots = self._roots[name]
        return [*roots, *(child for root in roots for child in root.children(recursive=True))]


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        # Between the list and the look it ended; its parent has its time now or soon.
        return 0.0
    return times.user + times.system + times.children_user + times.children_system


def _memory(process: psutil.Process) -> Memory:
    try:
        held = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return Memory(0, 0)
    return Memory(held.rss / MIB, held.pss / MIB)
