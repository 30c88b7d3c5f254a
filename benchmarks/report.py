"""Puts rounds together: every value, its ratio to each peer in the same round, median and range."""

import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from statistics import median
from typing import Any

from rich.table import Table

from benchmarks.idling import TREES, least_idle_ms_per_s, net_cpu_ms
from benchmarks.rounds import Plan, Played, Round

OURS = "likeness"
PACKAGES = ("temporalio", "dbos", "httpx", "pydantic", "uvicorn")

Figures = dict[str, float]


def report(plan: Plan, played: Played, *, seed: int, command: str) -> dict[str, Any]:
    """Give everything as plain JSON.

    ``figures[phase][contender][figure]`` and ``ratios[phase][peer][figure]`` (ours divided by the
    peer's, round by round) each hold ``rounds``, ``median``, ``min`` and ``max``.
    """
    contenders = list(dict.fromkeys(each.contender for each in played.rounds))
    peers = [name for name in contenders if name != OURS]
    return {
        "command": command,
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": {"cores": os.cpu_count(), "system": f"{sys.platform} {platform.machine()}"},
        "store": played.store,
        "seed": seed,
        "plan": asdict(plan),
        "order": [f"{each.round}/{each.contender}" for each in played.rounds],
        "rounds": [asdict(each) for each in played.rounds],
        "figures": {
            phase: {name: _over_rounds(played.rounds, phase, name) for name in contenders}
            for phase in plan.phases
        },
        "ratios": {
            phase: {peer: ratios(played.rounds, phase, peer) for peer in peers}
            for phase in plan.phases
        }
        if OURS in contenders
        else {},
    }


def ratios(rounds: Sequence[Round], phase: str, peer: str) -> dict[str, dict[str, Any]]:
    """Divide each of our figures by the peer's of the same round, where both have it."""
    idle = _idle(rounds, phase)
    ours = {each.round: numbers(each, phase, idle) for each in rounds if each.contender == OURS}
    theirs = {each.round: numbers(each, phase, idle) for each in rounds if each.contender == peer}
    found: dict[str, list[float]] = {}
    for number in ours.keys() & theirs.keys():
        for name, value in ours[number].items():
            if divisor := theirs[number].get(name):
                found.setdefault(name, []).append(value / divisor)
    return {name: _summary(values) for name, values in found.items()}


def numbers(measured: Round, phase: str, idle_ms_per_s: Mapping[str, float]) -> Figures:
    """Give the plain numbers of one round, and what follows from several of them."""
    figures = {
        name: float(value)
        for name, value in measured.phases[phase].items()
        if isinstance(value, int | float)
    }
    return figures | _whole(figures, idle_ms_per_s)


def _whole(figures: Figures, idle_ms_per_s: Mapping[str, float]) -> Figures:
    """Add up what one onboarding costs on this machine, without load driver and upstream.

    ``whole_net_cpu_ms`` leaves out what an idle store spends in the same time anyway, and
    ``capacity_per_s`` is how many onboardings of that cost the cores could do in a second.
    """
    whole = sum(figures.get(f"{tree}_cpu_ms", 0.0) for tree in TREES)
    nets = net_cpu_ms(figures, idle_ms_per_s)
    net = sum(nets.values())
    capacity = 1000 * (os.cpu_count() or 1) / net if net > 0 else 0.0
    return {
        "whole_cpu_ms": whole,
        **{f"{tree}_net_cpu_ms": ms for tree, ms in nets.items()},
        "whole_net_cpu_ms": net,
        "capacity_per_s": capacity,
    }


def _idle(rounds: Iterable[Round], phase: str) -> dict[str, float]:
    return least_idle_ms_per_s([each.phases[phase] for each in rounds])


def _over_rounds(rounds: Sequence[Round], phase: str, contender: str) -> dict[str, dict[str, Any]]:
    idle = _idle(rounds, phase)
    found: dict[str, list[float]] = {}
    for each in rounds:
        if each.contender == contender:
            for name, value in numbers(each, phase, idle).items():
                found.setdefault(name, []).append(value)
    return {name: _summary(values) for name, values in found.items()}


def _summary(values: Sequence[float]) -> dict[str, Any]:
    return {
        "rounds": [round(value, 4) for value in values],
        "median": round(median(values), 4),
        "min": round(min(values), 4),
        "max": round(max(values), 4),
    }


def _versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


SHOWN = {
    "onboardings_per_s": "onboardings/s",
    "server_cpu_ms": "server CPU ms",
    "database_cpu_ms": "database CPU ms",
    "app_cpu_ms": "app CPU ms",
    "server_net_cpu_ms": "server, net of idle ms",
    "database_net_cpu_ms": "database, net of idle ms",
    "whole_net_cpu_ms": "all, net of idle ms",
    "capacity_per_s": "so the cores could do, 1/s",
    "events": "events",
    "actions": "actions",
    "bytes": "bytes",
    "upstream_calls": "upstream calls",
    "callback_to_call_p50_ms": "callback to call p50 ms",
    "callback_to_call_p99_ms": "callback to call p99 ms",
    "review_lag_mean_s": "review lag mean s",
    "app_rss_mib": "app RSS MiB",
    "lost": "lost",
    "doubled_sessions": "doubled sessions",
    "doubled_submissions": "doubled submissions",
}


def table(told: Mapping[str, Any], phase: str) -> Table:
    """Give a phase's medians per onboarding, one column a contender."""
    figures = told["figures"][phase]
    shown = Table(title=f"{phase}: medians per onboarding, {len(told['order'])} runs")
    shown.add_column("figure")
    for name in figures:
        shown.add_column(name, justify="right")
    for figure, words in SHOWN.items():
        cells = [figures[name].get(figure) for name in figures]
        shown.add_row(words, *("" if cell is None else f"{cell['median']:.4g}" for cell in cells))
    return shown


def table_of_deaths(told: Mapping[str, Any]) -> Table:
    """Give what came of the people of every kill -9, one row a contender."""
    found = told["kill_effects"]["contenders"]
    words = list(dict.fromkeys(word for sums in found.values() for word in sums))
    shown = Table(title="after a kill -9 among them, sums")
    for word in ("contender", *words):
        shown.add_column(word.replace("_", " "), justify="left" if word == "contender" else "right")
    for name, sums in found.items():
        shown.add_row(name, *(str(sums.get(word, 0)) for word in words))
    return shown
