"""From a callback to the next call of the upstream: cached, evicted, and the bare SDK beside them.

Each sample is one run of its own. The clock is the machine's: ours before the signal's call, the
simulator's when the request has come in. Between samples there is a pause, so that all are idle.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from temporalio.client import Client

from benchmarks.contender import RunningStore
from benchmarks.figures.house import House, Person
from benchmarks.figures.signalled import QUEUE, READY, Signalled
from benchmarks.percentiles import percentile_ms
from devstack.isolation import child_environment
from devstack.stack import our_process
from simulator.ledger import fingerprint

PARKED = 2000
ROUNDS = 3
EACH = 12
"""Samples of each kind in a round."""

PAUSE_S = 0.4
ARRIVES_WITHIN_S = 3.0

KINDS = ("bare", "cached", "evicted")
Sample = Callable[[], Awaitable[float]]


async def measure(store: RunningStore, directory: Path, *, parked: int = PARKED) -> dict[str, Any]:
    """Measure in rounds, the three kinds in turns; ``parked`` runs wait meanwhile."""
    async with House.opened(store, directory) as house:
        bare = await _bare(house)
        evicted = await house.sent_to_check("evicted", ROUNDS * EACH)
        await house.invited("parked", parked)
        rounds = [await _round(house, bare, evicted, number) for number in range(ROUNDS)]
        arrivals = await _arrivals(house)
    lags = [
        {kind: [arrivals[name] - began for name, began in each[kind].items()] for kind in KINDS}
        for each in rounds
    ]
    return {
        "name": "latency",
        "command": f"python -m benchmarks figure latency --store {store.name}",
        "store": {"name": store.name, **store.settings},
        "target": "cached p50 <= 1.3x bare p50; evicted p50 <= 2x cached p50",
        "parked_runs": parked,
        "samples_of_each_kind": ROUNDS * EACH,
        **{kind: _summary([lag for each in lags for lag in each[kind]]) for kind in KINDS},
        "cached_to_bare_by_round": _ratios(lags, "cached", "bare"),
        "evicted_to_cached_by_round": _ratios(lags, "evicted", "cached"),
    }


async def _bare(house: House) -> Client:
    stack = house.stack
    house.processes.start(
        our_process(
            "bare",
            *("-m", "benchmarks.figures.signalled"),
            *(stack.temporal_address, stack.namespace, stack.simulator_url),
            environment=child_environment(stack.directory / "home", {}),
            directory=stack.directory,
            ready_line=READY,
        )
    )
    return await Client.connect(stack.temporal_address, namespace=stack.namespace)


async def _round(
    house: House, bare: Client, evicted: Sequence[Person], number: int
) -> dict[str, dict[str, float]]:
    """Give when each signal's call began, by kind and name."""
    mine = evicted[number * EACH : (number + 1) * EACH]
    cached = await house.sent_to_check(f"cached-{number}", EACH)
    names = [f"bare-{number}-{index}" for index in range(EACH)]
    for name in names:
        await bare.start_workflow(Signalled.run, name, id=name, task_queue=QUEUE)
    await asyncio.sleep(2)
    began: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}
    for index in range(EACH):
        ways: dict[str, tuple[str, Sample]] = {
            "bare": (names[index], partial(_told, bare, names[index])),
            "cached": (cached[index].name, partial(_came_back, cached[index])),
            "evicted": (mine[index].name, partial(_came_back, mine[index])),
        }
        for turn in range(len(KINDS)):
            kind = KINDS[(index + turn) % len(KINDS)]
            name, goes = ways[kind]
            began[kind][name] = await goes()
            await asyncio.sleep(PAUSE_S)
    await asyncio.sleep(ARRIVES_WITHIN_S)
    return began


async def _told(bare: Client, name: str) -> float:
    began = time.time()
    await bare.get_workflow_handle(name).signal(Signalled.told)
    return began


async def _came_back(person: Person) -> float:
    await person.comes_back()
    return person.came_back_at


async def _arrivals(house: House) -> Mapping[str, float]:
    """Give when the upstream was first asked, by the name of whom it was for."""
    found = {name: times[0] for name, times in (await house.looks()).items() if times}
    for entry in await house.upstream.ledger("query_group"):
        found.setdefault(entry["detail"]["token"], entry["at"])
    names = (f"bare-{number}-{index}" for number in range(ROUNDS) for index in range(EACH))
    return found | {name: found[fingerprint(name)] for name in names}


def _summary(lags: Sequence[float]) -> dict[str, float | None]:
    return {
        "p50_ms": percentile_ms(lags, 50),
        "p99_ms": percentile_ms(lags, 99),
        "max_ms": 1000 * max(lags),
    }


def _ratios(lags: Sequence[Mapping[str, Sequence[float]]], of: str, to: str) -> dict[str, float]:
    ratios = [median(each[of]) / median(each[to]) for each in lags]
    return {"median": median(ratios), "min": min(ratios), "max": max(ratios)}
