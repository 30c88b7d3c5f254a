"""Prints answers: one line of JSON for programs, a few kind words for people."""

import json
import sys
from collections.abc import Sequence

from pydantic import TypeAdapter
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from commands import wording
from commands.answers import (
    Answer,
    CancelAnswer,
    LinkAnswer,
    ListedAnswer,
    NewKeysAnswer,
    RotationAnswer,
    StartAnswer,
    StatusAnswer,
)
from commands.outcomes import CommandError, Output

PIPE_WIDTH = 250


class Printer:
    """Speaks to stdout, and to stderr of what went wrong, in the form that was asked for."""

    def __init__(self, output: Output) -> None:
        self._as_json = output is Output.JSON
        # A pipe has no width; nothing is cut there.
        width = None if sys.stdout.isatty() else PIPE_WIDTH
        self._console = Console(markup=False, highlight=False, soft_wrap=True, width=width)
        self._live: Live | None = None

    def answer(self, answer: Answer) -> None:
        """Print the answer of a command."""
        if self._as_json:
            _write(answer.model_dump_json())
            return
        match answer:
            case StartAnswer():
                self._lines(wording.start(answer))
            case LinkAnswer():
                self._lines([answer.invite_url])
            case StatusAnswer():
                self._console.print(_status(answer))
            case CancelAnswer():
                self._lines(wording.cancel(answer))
            case NewKeysAnswer():
                self._lines(wording.new_keys(answer))
            case RotationAnswer():
                self._lines(wording.rotation(answer))

    def table(self, answers: Sequence[ListedAnswer], *, limit: int) -> None:
        """Print a list: one array, or a table."""
        if self._as_json:
            _write(TypeAdapter(list[ListedAnswer]).dump_json(list(answers)).decode())
            return
        if not answers:
            self._lines(["There is none."])
            return
        self._console.print(_table(answers))
        if len(answers) == limit:
            self._lines([f"These are the newest {limit}; --limit shows more."])

    def progress(self, status: StatusAnswer) -> None:
        """Show one change: on a terminal in place, else one more line."""
        if self._as_json:
            _write(status.model_dump_json())
        elif self._console.is_terminal:
            self._live = self._live or Live(console=self._console, auto_refresh=False)
            self._live.start()
            self._live.update(_status(status), refresh=True)
        else:
            self._lines([wording.one_line(status)])

    def close(self) -> None:
        """Give the terminal back."""
        if self._live is not None:
            self._live.stop()

    def _lines(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._console.print(line)


def print_error(error: CommandError, output: Output) -> None:
    """Print what went wrong to stderr, so that stdout holds answers only."""
    if output is Output.JSON:
        sys.stderr.write(json.dumps(error.answer()) + "\n")
    else:
        sys.stderr.write(f"{error}\nNext: {error.next_step}\n")


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    # A reader of `watch` and of `start --wait` acts on the first line while we go on.
    sys.stdout.flush()


def _status(status: StatusAnswer) -> RenderableType:
    facts = Table.grid(padding=(0, 2))
    for name, value in wording.facts(status):
        facts.add_row(Text(name, style="dim"), value)
    parts: list[RenderableType] = [facts]
    if status.assets:
        assets = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for column in ("asset", "state", "asset id", "reason"):
            assets.add_column(column)
        for asset in status.assets:
            assets.add_row(asset.name or "?", asset.state, asset.asset_id, asset.reason)
        parts += ["", assets]
    parts += ["", f"Next: {wording.next_step(status)}"]
    return Group(*parts)


def _table(answers: Sequence[ListedAnswer]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("onboarding", "stage", "hold", "waiting for", "deadline", "started", "person"):
        table.add_column(column, overflow="fold", no_wrap=column == "onboarding")
    for answer in answers:
        table.add_row(
            answer.onboarding_id,
            answer.stage,
            answer.hold,
            answer.waiting_for,
            wording.moment(answer.deadline),
            wording.moment(answer.started_at),
            answer.person,
        )
    return table
