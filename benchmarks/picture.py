"""Draws docs/performance.png from a report: what one onboarding costs, and what a death leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.idling import TREES, least_idle_ms_per_s, net_cpu_ms

OURS = "likeness"
COLOURS = {"server": "#33658a", "database": "#86bbd8", "app": "#f6ae2d"}
ON_COLOUR = {"server": "white", "database": "#16324f", "app": "#4a3200"}
KEY = {"server": "Temporal server", "database": "database", "app": "app"}
INK, PALE = "#22303c", "#6b7a86"

WHO = {
    "likeness": "this project",
    "naive": "a workflow that polls by timers",
    "dbos": "DBOS Transact, checkpoints in PostgreSQL",
    "bare": "the fewest steps, no care for failures: the floor",
}
FIRST_COLUMN, COLUMN, GAP = 1.06, 0.125, 0.06
"""Where the columns stand, in widths of the bars' part."""

SIZE_IN = (9.0, 4.6)
DOTS_PER_IN = 200
BAR = 0.46
NARROWEST_LABEL = 0.04
"""The share of the widest bar that a segment must have to bear its number."""

Told = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What an onboarding cost with one contender; CPU in ms, net of what the idle store spends."""

    name: str
    medians_ms: Mapping[str, float]
    totals_ms: Sequence[float]
    figures: Mapping[str, float]

    @classmethod
    def of(cls, told: Told, name: str, phase: str) -> Self:
        """Read a contender's rounds out of a report."""
        rounds = [each["phases"][phase] for each in told["rounds"] if each["contender"] == name]
        idle = least_idle_ms_per_s([each["phases"][phase] for each in told["rounds"]])
        nets = [net_cpu_ms(figures, idle) for figures in rounds]
        return cls(
            name=name,
            medians_ms={tree: median(net[tree] for net in nets) for tree in TREES},
            totals_ms=[sum(net.values()) for net in nets],
            figures={
                figure: median(each[figure] for each in rounds)
                for figure in ("events", "upstream_calls")
                if all(isinstance(each.get(figure), int | float) for each in rounds)
            },
        )

    @property
    def total_ms(self) -> float:
        """The length of its bar."""
        return sum(self.medians_ms.values())


def draw(told: Told, path: Path, *, phase: str) -> None:
    """Write the picture of one phase; the same report gives the same bytes.

    ``told`` is what ``benchmarks.report`` gives, with what ``benchmarks.kill_effects`` gives
    under ``kill_effects`` where that was measured.

    Raises:
        ValueError: The report has no such phase, or nothing of ours; one sentence.

    """
    if "rounds" not in told:
        raise ValueError("The report has no rounds, which `run --out` makes.")
    if phase not in told["plan"]["phases"]:
        known = ", ".join(told["plan"]["phases"])
        raise ValueError(f"The report has no phase {phase!r}; it has: {known}.")
    names = dict.fromkeys(each["contender"] for each in told["rounds"])
    costs = [Cost.of(told, name, phase) for name in WHO if name in names]
    if OURS not in names:
        raise ValueError(f"The report has no rounds of {OURS}.")
    figure = Figure(figsize=SIZE_IN, dpi=DOTS_PER_IN, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.025, 0.11, 0.57, 0.68))
    widest = max(max(cost.total_ms, *cost.totals_ms) for cost in costs)
    for place, cost in enumerate(costs):
        _bar(axes, cost, place, widest=widest)
    _clear(axes, len(costs), widest=widest)
    _columns(axes, costs, told.get("kill_effects", {}).get("contenders", {}))
    shown = [tree for tree in TREES if any(cost.medians_ms[tree] for cost in costs)]
    _words(figure, shown, _finding(costs), _crowd(told, phase), _source(told))
    figure.savefig(path, metadata={"Software": None})


def _words(figure: Figure, trees: Sequence[str], finding: str, crowd: str, source: str) -> None:
    figure.text(0.025, 0.925, finding, size=13.5, weight="bold", color=INK)
    figure.text(0.025, 0.87, crowd, size=9, color=PALE)
    left = 0.025
    for tree in trees:
        figure.text(left, 0.815, "■", size=10, color=COLOURS[tree])
        figure.text(left + 0.018, 0.817, KEY[tree], size=9, color=INK)
        left += 0.035 + 0.008 * len(KEY[tree])
    figure.text(0.025, 0.035, source, size=7.5, color=PALE)


def _bar(axes: Axes, cost: Cost, place: int, *, widest: float) -> None:
    left = 0.0
    for tree in TREES:
        width = cost.medians_ms[tree]
        axes.barh(place, width, BAR, left=left, color=COLOURS[tree], edgecolor="white")
        if width >= NARROWEST_LABEL * widest:
            at = (left + width / 2, place)
            colour = ON_COLOUR[tree]
            axes.text(*at, f"{width:.0f}", ha="center", va="center", size=9, color=colour)
        left += width
    axes.scatter(
        cost.totals_ms,
        [place + BAR / 2 + 0.07] * len(cost.totals_ms),
        s=14,
        color=INK,
        alpha=0.65,
        linewidths=0,
    )
    is_ours = cost.name == OURS
    axes.text(
        0,
        place - BAR / 2 - 0.1,
        cost.name,
        size=11.5,
        weight="bold" if is_ours else "normal",
        color=INK,
    )
    axes.annotate(
        WHO[cost.name],
        (0, place - BAR / 2 - 0.1),
        xytext=(8 + 7.2 * len(cost.name), 0),
        textcoords="offset points",
        size=9,
        color=PALE,
    )
    axes.text(left + 0.012 * widest, place, f"{left:.0f} ms", va="center", size=10.5, color=INK)


def _clear(axes: Axes, count: int, *, widest: float) -> None:
    axes.set_xlim(0, widest * 1.12)
    axes.set_ylim(count - 0.5, -0.75)
    axes.set_axis_off()


def _columns(axes: Axes, costs: Sequence[Cost], kills: Told) -> None:
    """Write beside the bars what counts exactly, and what deaths by kill -9 left behind."""
    columns = {
        "events": [_number(cost.figures.get("events")) for cost in costs],
        "upstream\ncalls": [_number(cost.figures.get("upstream_calls")) for cost in costs],
    }
    if kills:
        sums = [kills.get(cost.name) for cost in costs]
        columns |= {
            "done\ntwice": [_doubled(each) for each in sums],
            "lost": [_one(each, "lost") for each in sums],
            "held to\ndecide": [_one(each, "held") for each in sums],
        }
    to_axes = axes.get_yaxis_transform()
    for number, (head, cells) in enumerate(columns.items()):
        at = FIRST_COLUMN + COLUMN * number + (GAP if number > 1 else 0)
        axes.text(at, -0.5, head, transform=to_axes, ha="center", va="bottom", size=9, color=PALE)
        for place, cell in enumerate(cells):
            where: dict[str, Any] = {"transform": to_axes, "ha": "center", "va": "center"}
            axes.text(at, place, cell, size=11, color=INK, **where)
    if kills:
        people = max(each["people"] for each in kills.values())
        middle = FIRST_COLUMN + 3 * COLUMN + GAP
        words = f"kill -9 under {people} people"
        axes.text(middle, -0.98, words, transform=to_axes, ha="center", size=9, color=INK)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"  # noqa: RUF001 - a dash for "does not apply"


def _doubled(sums: Told | None) -> str:
    return "" if sums is None else str(sums["doubled_sessions"] + sums["doubled_submissions"])


def _one(sums: Told | None, name: str) -> str:
    return "" if sums is None else str(sums[name])


def _finding(costs: Sequence[Cost]) -> str:
    totals = {cost.name: cost.total_ms for cost in costs}
    ours = totals[OURS]
    whose = {"naive": "a polling workflow's", "dbos": "DBOS's"}
    shares = [f"{ours / totals[name]:.2g}x {of}" for name, of in whose.items() if name in totals]
    return ", ".join([f"An onboarding costs {ours:.0f} ms of CPU", *shares])


def _crowd(told: Told, phase: str) -> str:
    load = told["plan"]["phases"][phase]
    coming = "all at once" if load["rate_per_s"] is None else f"{load['rate_per_s']:g} each second"
    return (
        f"{load['people']} people come {coming}. Bars: medians, net of what an idle store spends. "
        f"A dot is a round, of {told['plan']['rounds']}."
    )


def _source(told: Told) -> str:
    store, versions = told["store"], told["versions"]
    named = ", ".join(
        f"{name} {versions[name]}" for name in ("temporalio", "dbos") if name in versions
    )
    parts = [
        f"{told['machine']['cores']} cores",
        f"store {store['name']}, {store.get('temporal', '')}",
        f"fsync {store['fsync']}" if "fsync" in store else "",
        f"Python {versions['python']}, {named}",
        f"seed {told['seed']}",
    ]
    return " · ".join(part for part in parts if part)
