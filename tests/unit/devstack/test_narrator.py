"""What went wrong is told with the place of the logs, where there is something to read."""

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from devstack.narrator import Narrator


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def told_of_a_failure(logs: Path, *, written: bool) -> str:
    out = io.StringIO()
    narrator = Narrator(Console(file=out, width=200))
    if written:
        (logs / "web.log").write_text("listening")
    narrator.failure(RuntimeError("It is so."), logs=logs)
    return out.getvalue()


class TestAFailure:
    def test_names_the_logs_of_this_run(self, logs: Path) -> None:
        assert f"the logs lie in {logs}" in told_of_a_failure(logs, written=True)

    def test_names_no_logs_of_an_earlier_run(self, logs: Path) -> None:
        (logs / "web.log").write_text("listening")
        os.utime(logs / "web.log", (1_000_000, 1_000_000))

        told = told_of_a_failure(logs, written=False)

        assert "It is so." in told
        assert "logs lie" not in told

    def test_names_no_logs_where_there_are_none(self, tmp_path: Path) -> None:
        assert "logs lie" not in told_of_a_failure(tmp_path / "none", written=False)
