"""What the benchmarks' command line says of itself."""

from typer.testing import CliRunner

from benchmarks.__main__ import KNOWN, app
from benchmarks.figures import FIGURES, FIGURES_ON_A_STORE


class TestFigureHelp:
    def test_names_every_figure_that_there_is(self) -> None:
        assert sorted((*FIGURES, *FIGURES_ON_A_STORE)) == list(KNOWN)

    def test_shows_the_names(self) -> None:
        told = CliRunner().invoke(app, ["figure", "--help"], env={"COLUMNS": "200"}).output

        assert ", ".join(KNOWN) in told


class TestPicture:
    def test_without_a_report_names_what_writes_one(self) -> None:
        told = CliRunner().invoke(app, ["picture", "--report", "nothing.json"])

        assert 2 == told.exit_code
        assert "`make bench` writes" in told.output
