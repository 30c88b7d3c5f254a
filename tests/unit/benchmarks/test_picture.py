import copy
from pathlib import Path
from typing import Any

import pytest

from benchmarks.picture import Cost, draw


def played(contender: str, number: int, *, server_ms: float) -> dict[str, Any]:
    figures = {
        "people": 10,
        "took_s": 20.0,
        "server_cpu_ms": server_ms,
        "server_idle_cpu_ms_per_s": 5.0,
        "app_cpu_ms": 30.0,
        "events": 76,
        "upstream_calls": 9,
    }
    return {"contender": contender, "round": number, "phases": {"batch": figures}}


REPORT: dict[str, Any] = {
    "rounds": [
        *(played("likeness", number, server_ms=100 + number) for number in (1, 2, 3)),
        *(played("naive", number, server_ms=400 + number) for number in (1, 2, 3)),
    ],
    "plan": {"phases": {"batch": {"people": 10, "rate_per_s": None}}, "rounds": 3},
    "machine": {"cores": 2},
    "store": {"name": "postgresql", "temporal": "server 1", "fsync": "on"},
    "versions": {"python": "3.11.7", "temporalio": "1.35"},
    "seed": 1,
}
KILLS = {"people": 20, "doubled_sessions": 1, "doubled_submissions": 2, "lost": 0, "held": 3}


def picture_of(told: dict[str, Any], directory: Path) -> bytes:
    draw(told, directory / "picture.png", phase="batch")
    return (directory / "picture.png").read_bytes()


class TestWhatAnOnboardingCost:
    def test_is_the_median_of_the_rounds_net_of_what_the_idle_store_spends(self) -> None:
        cost = Cost.of(REPORT, "likeness", "batch")

        assert {"server": 92.0, "database": 0.0, "app": 30.0} == cost.medians_ms

    def test_owes_nothing_to_a_store_that_was_busy_with_its_own_start(self) -> None:
        busy = copy.deepcopy(REPORT)
        busy["rounds"][0]["phases"]["batch"]["server_idle_cpu_ms_per_s"] = 500.0

        assert Cost.of(REPORT, "likeness", "batch") == Cost.of(busy, "likeness", "batch")

    def test_is_told_for_every_round_too(self) -> None:
        assert [121.0, 122.0, 123.0] == Cost.of(REPORT, "likeness", "batch").totals_ms


class TestThePicture:
    def test_is_the_same_to_the_byte_for_the_same_report(self, tmp_path: Path) -> None:
        assert picture_of(REPORT, tmp_path) == picture_of(REPORT, tmp_path)

    def test_shows_a_round_that_was_dearer(self, tmp_path: Path) -> None:
        dearer = copy.deepcopy(REPORT)
        dearer["rounds"][0]["phases"]["batch"]["server_cpu_ms"] = 200

        assert picture_of(REPORT, tmp_path) != picture_of(dearer, tmp_path)

    def test_shows_what_deaths_left_where_that_was_counted(self, tmp_path: Path) -> None:
        killed = REPORT | {"kill_effects": {"contenders": {"likeness": KILLS}}}

        assert picture_of(REPORT, tmp_path) != picture_of(killed, tmp_path)

    def test_is_wide_enough_to_be_shown_900_pixels_wide_on_a_fine_screen(
        self, tmp_path: Path
    ) -> None:
        assert 1800 == int.from_bytes(picture_of(REPORT, tmp_path)[16:20])


class TestAReportThatCannotBeDrawn:
    def test_has_no_such_phase(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"no phase 'open'; it has: batch\.$"):
            draw(REPORT, tmp_path / "picture.png", phase="open")

    def test_has_nothing_of_ours(self, tmp_path: Path) -> None:
        told = REPORT | {"rounds": [played("naive", 1, server_ms=1)]}

        with pytest.raises(ValueError, match="no rounds of likeness"):
            draw(told, tmp_path / "picture.png", phase="batch")

    def test_tells_of_deaths_alone(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="run --out"):
            draw({"kill_effects": {}}, tmp_path / "picture.png", phase="batch")
