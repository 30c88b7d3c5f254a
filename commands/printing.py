"""Prints answers: one line of JSON for programs, a few kind words for people."""

import json
import sys
from collections.abc import Sequence

from pydantic import SerializeAsAny, TypeAdapter
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from commands import (
    api_key_wording,
    order_wording,  # noqa: F401 - the import is what registers its words
    people_wording,
    qr_codes,
    status_wording,
    webhook_key_wording,  # noqa: F401 - as above
    wording,
)
from commands.answers import (
    Answer,
    LinkAnswer,
    ListedAnswer,
    StartAnswer,
    StatusAnswer,
    VideoAnswer,
)
from commands.api_key_answers import ApiKeyAnswer
from commands.outcomes import CommandError, Output
from commands.people_answers import (
    ListedPersonAnswer,
    PersonShownAnswer,
)

PIPE_WIDTH = 250
_Row = ListedAnswer | ListedPersonAnswer | ApiKeyAnswer
LIGHT_ON_DARK = "#ffffff on #000000"
"""Said outright: in a light window the code would else be its own negative."""


class Printer:
    """Speaks to stdout, and to stderr of what went wrong, in the form that was asked for."""

    def __init__(self, output: Output, *, qr: bool | None = None) -> None:
        """Take the form, and whether links are drawn, too: on a terminal when not said."""
        self._as_json = output is Output.JSON
        self._qr = sys.stdout.isatty() if qr is None else qr
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
            case StatusAnswer() | VideoAnswer():
                self._console.print(_status(answer))
            case PersonShownAnswer():
                self._console.print(_person(answer))
            case StartAnswer() | LinkAnswer():
                self._link(answer)
            case _:
                self._lines(wording.words(answer))

    def table(self, answers: Sequence[_Row], *, limit: int | None = None) -> None:
        """Print a list: one array, or a table."""
        if self._as_json:
            _write(TypeAdapter(list[SerializeAsAny[Answer]]).dump_json(list(answers)).decode())
            return
        if not answers:
            self._lines(["There is none."])
            return
        self._console.print(_table([_row(answer) for answer in answers]))
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
            self._lines([status_wording.one_line(status)])

    def close(self) -> None:
        """Give the terminal back."""
        if self._live is not None:
            self._live.stop()

    def _link(self, answer: StartAnswer | LinkAnswer) -> None:
        lines = wording.words(answer)
        if answer.invite_url not in lines:
            self._lines(lines)
            return
        shown = lines.index(answer.invite_url) + 1
        self._lines(lines[:shown])
        if self._qr:
            self._draw(answer.invite_url)
        self._lines(lines[shown:])

    def _draw(self, url: str) -> None:
        drawing = qr_codes.drawn(url)
        if qr_codes.width(drawing) > self._console.width:
            needed = f"it needs {qr_codes.width(drawing)} columns"
            self._lines([f"(The window is too narrow for a QR code; {needed}.)"])
        elif _can_be_written(drawing):
            for line in drawing.splitlines():
                self._console.print(Text(line, style=LIGHT_ON_DARK))

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


def _status(status: StatusAnswer | VideoAnswer) -> RenderableType:
    facts = Table.grid(padding=(0, 2))
    for name, value in status_wording.facts(status):
        facts.add_row(Text(name, style="dim"), value)
    parts: list[RenderableType] = [facts]
    if isinstance(status, StatusAnswer) and status.assets:
        parts += ["", _assets(status), *map(_wrapped, status_wording.advice(status))]
    if isinstance(status, StatusAnswer) and status.deliveries:
        told = map(_wrapped, status_wording.about_deliveries(status))
        parts += ["", _deliveries(status), *told]
    parts += ["", _wrapped(f"Next: {status_wording.next_step(status)}")]
    # Never broken: a command is copied as it stands.
    parts += [Text(f"  {line}", no_wrap=True, overflow="ignore") for line in status.next_commands]
    return Group(*parts)


def _wrapped(sentence: str) -> Table:
    """Break a sentence between words, which a console with soft wraps does in a table only."""
    grid = Table.grid()
    grid.add_row(sentence)
    return grid


def _assets(status: StatusAnswer) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("asset", "state", "asset id", "reason"):
        table.add_column(column)
    for asset in status.assets or ():
        table.add_row(asset.name or "?", asset.state, asset.asset_id, asset.reason)
    return table


def _deliveries(status: StatusAnswer) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("webhook", "event", "state", "tries", "answer", "next try"):
        table.add_column(column)
    for line in status_wording.deliveries(status):
        table.add_row(*line)
    return table


def _person(person: PersonShownAnswer) -> RenderableType:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in people_wording.facts(person):
        facts.add_row(Text(name, style="dim"), value)
    return Group(facts, "", f"Next: {people_wording.next_step(person)}")


def _row(answer: _Row) -> dict[str, str | None]:
    match answer:
        case ApiKeyAnswer():
            return api_key_wording.row(answer)
        case ListedPersonAnswer():
            return {
                "person": answer.person,
                "stands": answer.stands,
                "known since": wording.moment(answer.started_at),
            }
        case ListedAnswer():
            return {
                "onboarding": answer.onboarding_id,
                "stage": answer.stage,
                "hold": answer.hold,
                "waiting for": answer.waiting_for,
                "deadline": wording.moment(answer.deadline),
                "started": wording.moment(answer.started_at),
                "person": answer.person,
            }


def _table(rows: Sequence[dict[str, str | None]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    first, *_ = rows[0]
    for column in rows[0]:
        table.add_column(column, overflow="fold", no_wrap=column == first)
    for row in rows:
        table.add_row(*row.values())
    return table


def _can_be_written(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
