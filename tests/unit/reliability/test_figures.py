"""What is measured is kept and shown; what is shown is what was measured."""

import threading
from pathlib import Path

import pytest

from tests.reliability.figures import ASKED_BY, FIGURES_FILE, read, record
from tests.reliability.page import PAGE, rendered


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "figures.json"


class TestRecord:
    def test_it_keeps_what_was_found_and_how(self, path: Path) -> None:
        record("flood", "make flood", {"delivered": 50}, path=path, wanted=True)

        kept = read(path)["flood"]
        assert ("make flood", {"delivered": 50}) == (kept.command, kept.figures)

    def test_the_last_one_counts_and_others_stay(self, path: Path) -> None:
        record("tokens", "make tokens", {"accepted": 0}, path=path, wanted=True)
        record("flood", "make flood", {"delivered": 49}, path=path, wanted=True)
        record("flood", "make flood", {"delivered": 50}, path=path, wanted=True)

        found = {name: it.figures for name, it in read(path).items()}
        assert {"flood": {"delivered": 50}, "tokens": {"accepted": 0}} == found

    def test_several_at_once_lose_nothing(self, path: Path) -> None:
        threads = [
            threading.Thread(
                target=record,
                args=(f"m{n}", "make", {"n": n}),
                kwargs={"path": path, "wanted": True},
            )
            for n in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert {f"m{n}" for n in range(20)} == set(read(path))

    def test_a_run_in_passing_keeps_nothing(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(ASKED_BY, raising=False)
        record("flood", "make flood", {"delivered": 50}, path=path)

        assert not path.exists()


class TestPage:
    def test_it_shows_every_figure_and_its_command(self, path: Path) -> None:
        record("tokens", "make tokens", {"tried": 1_000_000, "accepted": 0}, path=path, wanted=True)

        page = rendered(read(path))
        assert "## Forged tokens" in page
        assert "`make tokens`, " in page
        assert "| tried | 1,000,000 |" in page
        assert "| accepted | 0 |" in page

    def test_a_measurement_it_does_not_know_is_shown_too(self, path: Path) -> None:
        record("clock-jumps", "make jumps", {"jumps": 3}, path=path, wanted=True)

        assert "## Clock jumps" in rendered(read(path))

    def test_the_committed_one_is_what_the_figures_render(self) -> None:
        expected = rendered(read(FIGURES_FILE))

        assert expected == PAGE.read_text(), "Run `python -m tests.reliability`."
