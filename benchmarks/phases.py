"""Plays one load on one contender whose processes run, and reads what it cost."""

import time
from dataclasses import replace
from typing import Any

from benchmarks.contender import Caller, Contender, Costs, Place
from benchmarks.driving import Drive, drive
from benchmarks.ledger_figures import figures
from benchmarks.percentiles import percentile_ms
from benchmarks.process_trees import Peaks, ProcessTrees
from benchmarks.schedule import Load, schedule
from simulator.control import SimulatorControl

PATIENCE_S = 600.0
"""Above the longest review of any schedule; whoever is not done then is lost."""

WARM_UP = 2
"""People who come first and count for nothing: what a process does once is no onboarding's."""


async def play_phase(
    name: str, load: Load, contender: Contender, place: Place, *, trees: ProcessTrees
) -> dict[str, Any]:
    """Warm up, play the load, and give every figure of it as plain JSON."""
    first = replace(
        load, people=WARM_UP, rate_per_s=None, tap_after_s=0, check_s=0, review_median_s=0
    )
    async with (
        SimulatorControl(place.upstream_url) as upstream,
        contender.called(place) as caller,
    ):
        await upstream.scenario(**first.scenario())
        await drive(caller, schedule(first, prefix=f"{name}-w"), patience_s=PATIENCE_S)
        await upstream.scenario(**load.scenario())
        before = await caller.costs()
        begun = len(await upstream.ledger())
        played, spent = await _played(name, load, caller, trees)
        entries = (await upstream.ledger())[begun:]
        after = await caller.costs()
    return {
        **_of_drive(played),
        **spent,
        **figures(entries, played, upstream_url=place.upstream_url),
        **_of_histories(before, after, people=load.people),
    }


async def _played(
    name: str, load: Load, caller: Caller, trees: ProcessTrees
) -> tuple[Drive, dict[str, Any]]:
    """Play the load; give what each process tree spent and held meanwhile."""
    visits = schedule(load, prefix=name)
    async with trees.watched() as peaks:
        before, own = trees.cpu_s(), time.process_time()
        played = await drive(caller, visits, patience_s=PATIENCE_S)
        spent = {tree: cpu_s - before[tree] for tree, cpu_s in trees.cpu_s().items()}
        spent["driver"] = time.process_time() - own
    each = {f"{tree}_cpu_ms": 1000 * cpu_s / len(visits) for tree, cpu_s in spent.items()}
    return played, {**each, **_of_memory(peaks)}


def _of_drive(played: Drive) -> dict[str, Any]:
    journeys = played.journeys
    taps = [j.link_at - j.tap_planned_at for j in journeys if j.link_at and j.tap_planned_at]
    late = [
        j.back_sent_at - j.back_planned_at for j in journeys if j.back_sent_at and j.back_planned_at
    ]
    return {
        "people": len(journeys),
        "lost": sum(not journey.usable for journey in journeys),
        "troubles": sorted({j.trouble for j in journeys if j.trouble}),
        "took_s": played.took_s,
        "onboardings_per_s": played.per_s,
        "tap_to_link_p50_ms": percentile_ms(taps, 50),
        "tap_to_link_p99_ms": percentile_ms(taps, 99),
        "driver_late_p99_ms": percentile_ms(late, 99),
    }


def _of_memory(peaks: Peaks) -> dict[str, float]:
    return {
        f"{tree}_{kind}_mib": value
        for tree, memory in peaks.memory.items()
        for kind, value in (("rss", memory.rss_mib), ("pss", memory.pss_mib))
    }


def _of_histories(before: Costs | None, after: Costs | None, *, people: int) -> dict[str, Any]:
    """Give what was written since ``before``, for each person; nothing without histories."""
    if before is None or after is None:
        return {}
    return {
        figure: (_sum(after, figure) - _sum(before, figure)) / people
        for figure in ("events", "bytes", "actions")
    } | {"events_by_workflow": _by_type(before, after, people=people)}


def _sum(costs: Costs, figure: str) -> int:
    return sum(getattr(run, figure) for run in costs.runs)


def _by_type(before: Costs, after: Costs, *, people: int) -> dict[str, float]:
    events = {run.workflow_type: 0.0 for run in after.runs}
    for costs, sign in ((after, 1), (before, -1)):
        for run in costs.runs:
            events[run.workflow_type] += sign * run.events / people
    return {kind: round(count, 2) for kind, count in sorted(events.items())}
