"""How soon work goes on after kill -9 of the worker with many in flight, and that nothing doubles.

Three kinds are in flight: parked until their callback, asked about every five seconds (a heartbeat
timeout of 10 s), and in review (60 s). The worker is started again at once.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contender import RunningStore
from benchmarks.figures.house import POLLED, House, Person, each_of
from workflows.performing import BEAT_S, asking

PARKED, ASKED, REVIEWED = 100, 50, 50
UNDER_WAY_S = 4.0
SLACK_S = 1.0
STICKY_S = 2.0
"""worker.py's STICKY_TIMEOUT."""

REVIEW_SECONDS = 15.0 + BEAT_S


async def measure(store: RunningStore, directory: Path) -> dict[str, Any]:
    """Kill once, and let all of them come to their end."""
    async with House.opened(store, directory) as house:
        await house.upstream.scenario("quick")
        parked = await house.sent_to_check("parked", PARKED)
        await each_of(parked, Person.scans)
        await house.upstream.scenario(review_seconds=REVIEW_SECONDS)
        reviewed = await house.sent_to_check("reviewed", REVIEWED)
        await each_of(reviewed, Person.scans)
        await each_of(reviewed, Person.comes_back)
        asked = await house.sent_to_check("asked", ASKED, policy=POLLED)
        await _submitted(house, REVIEWED)
        await asyncio.sleep(UNDER_WAY_S)
        await house.upstream.scenario(review_seconds=0.5)
        killed_at = time.time()
        house.processes.kill("worker")
        coming = asyncio.create_task(each_of(parked, Person.comes_back))
        await asyncio.sleep(0)
        house.processes.child("worker").start()
        await coming
        ready_after_s = await _ready(house, killed_at)
        await asyncio.sleep(asking().heartbeat_s or 0)
        await each_of(asked, Person.scans)
        await asyncio.gather(*(each.ends() for each in (*parked, *asked, *reviewed)))
        looks, entries = await house.looks(), await house.upstream.ledger()
    return {
        "name": "recovery",
        "command": f"python -m benchmarks figure recovery --store {store.name}",
        "store": {"name": store.name, **store.settings},
        "target": "parked: next step <= 5 s after its signal; in a step: heartbeat + sticky + 1 s",
        "in_flight": {"parked": PARKED, "asked": ASKED, "reviewed": REVIEWED},
        "worker_ready_after_s": ready_after_s,
        "parked": _summary([_first(looks[p.name], p.came_back_at) for p in parked], 5.0),
        "asked": _summary(
            [_first(looks[p.name], killed_at) for p in asked],
            (asking().heartbeat_s or 0) + STICKY_S + SLACK_S,
        ),
        "reviewed": _summary(_reviews_resumed(entries, killed_at), BEAT_S + STICKY_S + SLACK_S),
        "effects": _effects(entries),
    }


async def _submitted(house: House, count: int) -> None:
    while (await house.upstream.counts()).get("assets_submitted", 0) < count:  # noqa: ASYNC110  # nobody tells
        await asyncio.sleep(0.2)


async def _ready(house: House, killed_at: float) -> float:
    while "worker_ready" not in house.processes.child("worker").log_since_start():  # noqa: ASYNC110  # same
        await asyncio.sleep(0.05)
    return time.time() - killed_at


def _first(times: Sequence[float], after: float) -> float:
    return min(at for at in times if at > after) - after


def _reviews_resumed(entries: Sequence[Mapping[str, Any]], killed_at: float) -> list[float]:
    """Give how long each review that was under way went unread."""
    submitted = [
        entry["task_id"]
        for entry in entries
        if entry["name"] == "assets_submitted" and entry["at"] < killed_at
    ]
    read: dict[str, list[float]] = {task_id: [] for task_id in submitted}
    for entry in entries:
        if entry["name"] == "batch":
            # The ledger tells how many it was about; while many are watched it is about them all.
            for times in read.values():
                times.append(entry["at"])
        elif entry["kind"] == "call" and entry["task_id"] in read:
            read[entry["task_id"]].append(entry["at"])
    return [_first(times, killed_at) for times in read.values()]


def _summary(lags_s: Sequence[float], bound_s: float) -> dict[str, float]:
    return {
        "count": len(lags_s),
        "p50_s": median(lags_s),
        "max_s": max(lags_s),
        "bound_s": bound_s,
        "beyond_bound": sum(lag > bound_s for lag in lags_s),
    }


def _effects(entries: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count what the upstream did; more than one of a kind for a person is a defect."""
    counts = Counter(entry["name"] for entry in entries)
    people = PARKED + ASKED + REVIEWED
    groups = Counter(e["detail"]["group_id"] for e in entries if e["name"] == "assets_submitted")
    return {
        "people": people,
        "sessions": counts["session_created"],
        "submissions": counts["assets_submitted"],
        "doubled_submissions": sum(times - 1 for times in groups.values()),
        "lost": people - len(groups),
    }
