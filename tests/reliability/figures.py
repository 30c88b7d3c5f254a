"""Keeps the figures of docs/reliability.md: who measures calls ``record`` and is done.

They are written only when the run asks for it (``RECORD=1``), so that a test run in passing leaves
the working tree as it was.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from devstack.commands import ROOT

FIGURES_FILE = ROOT / "docs" / "reliability.json"
ASKED_BY = "RECORD"

Figure = int | float | str


class Measured(BaseModel):
    """What one command found: labels as a reader sees them, numbers that no machine changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str
    date: date
    figures: dict[str, Figure]


Measurements = dict[str, Measured]


def record(
    name: str,
    command: str,
    figures: Mapping[str, Figure],
    *,
    path: Path = FIGURES_FILE,
    wanted: bool | None = None,
) -> None:
    """Keep the figures of one measurement in place of its last ones.

    Args:
        name: One of ``page.CHAPTERS``; where it is in none, the page shows it at its end.
        command: What a reader types to measure it again, such as ``make chaos RUNS=2000``.
        figures: In the order of the page. Counts, never seconds of this machine.
        path: The file that keeps them; processes that record at once wait for each other.
        wanted: Whether to keep them at all; by default what ``RECORD=1`` says.

    """
    if not (os.environ.get(ASKED_BY) == "1" if wanted is None else wanted):
        return
    found = Measured(command=command, date=datetime.now(UTC).date(), figures=dict(figures))
    with _alone(path):
        kept = {**read(path), name: found}
        texts = {each: kept[each].model_dump(mode="json") for each in sorted(kept)}
        path.write_text(json.dumps(texts, indent=2, ensure_ascii=False) + "\n")


def read(path: Path = FIGURES_FILE) -> Measurements:
    """Return all measurements by name; none where nothing was recorded yet."""
    if not path.exists():
        return {}
    return {name: Measured.model_validate(it) for name, it in json.loads(path.read_text()).items()}


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    # The folder is locked, not the file: a lock file beside it would be one more to explain.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
