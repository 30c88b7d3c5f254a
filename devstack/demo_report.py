"""The summary at the end of the demo: stage times, upstream calls, events, the file."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from temporalio.api.history.v1 import HistoryEvent

from devstack.histories import ENDED, TAPPED, Mark, durations, marks
from likeness.names import GENERATE_VIDEO, ONBOARD_PERSON, VERIFICATION_CALLBACK
from likeness.stages import Stage
from likeness.steps import POLL_REVIEW, QUERY_GROUP, SUBMIT_ASSETS

STAGE_ENDS = {
    f"{Stage.INVITED} (until the tap)": TAPPED,
    f"{Stage.VERIFYING} (the person is away)": VERIFICATION_CALLBACK,
    f"{Stage.VERIFYING} (until we know)": QUERY_GROUP.name,
    Stage.SUBMITTING_ASSETS: SUBMIT_ASSETS.name,
    Stage.IN_REVIEW: POLL_REVIEW.name,
    Stage.GENERATING: GENERATE_VIDEO,
    Stage.COMPLETED: ENDED,
}
"""Each stretch of the way and the mark in the history that ends it, in order."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one run of the demo came to."""

    onboarding: list[HistoryEvent]
    video: list[HistoryEvent]
    calls: dict[str, int]
    effects: dict[str, int]
    file: Path

    def marks(self) -> list[Mark]:
        """Return the moments of the onboarding's history."""
        return marks(self.onboarding)


def print_report(report: Report, console: Console, *, took_s: float) -> None:
    """Print the summary."""
    console.rule(f"done in {took_s:.0f} s")
    stages = durations(report.marks(), STAGE_ENDS)
    console.print(_table("stage", "seconds", {k: f"{v:.1f}" for k, v in stages.items()}))
    console.print(_table("upstream call", "times", report.calls))
    console.print(_table("what it did there", "times", report.effects))
    events = {ONBOARD_PERSON: len(report.onboarding), GENERATE_VIDEO: len(report.video)}
    console.print(_table("workflow", "events", events))
    size = report.file.stat().st_size
    console.print(f"The video: {report.file} ({size:,} bytes)", soft_wrap=True, highlight=False)


def _table(what: str, how_much: str, rows: dict[str, int] | dict[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", min_width=44)
    table.add_column(what, ratio=1)
    table.add_column(how_much, justify="right")
    for name, value in rows.items():
        table.add_row(name, f"{value}")
    return table
