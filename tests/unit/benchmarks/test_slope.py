"""What a parked run costs is a slope, so that what a worker costs anyway is no part of it."""

import pytest

from benchmarks.figures.parked import slope


class TestSlope:
    def test_it_is_the_growth_for_each_step_whatever_there_was_before(self) -> None:
        assert pytest.approx(0.006) == slope([0, 2000, 5000], [120, 132, 150])

    def test_what_stays_the_same_has_none(self) -> None:
        assert 0 == slope([0, 1, 2], [7, 7, 7])
