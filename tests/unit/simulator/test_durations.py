"""Reviews that differ from each other, and not from one run to the next."""

import math
from statistics import median, stdev

from simulator.durations import spread_seconds

ORIGIN = "http://127.0.0.1:9/portraits"


def durations(seed: int, count: int = 2000) -> list[float]:
    return [
        spread_seconds(90, sigma=0.5, seed=seed, asset_url=f"{ORIGIN}/p{n}.jpg")
        for n in range(count)
    ]


class TestSpreadSeconds:
    def test_without_spread_every_review_takes_the_median(self) -> None:
        assert 90 == spread_seconds(90, sigma=0, seed=1, asset_url=f"{ORIGIN}/a.jpg")

    def test_a_portrait_takes_as_long_at_every_origin(self) -> None:
        here = spread_seconds(90, sigma=0.5, seed=1, asset_url=f"{ORIGIN}/a.jpg")
        there = spread_seconds(90, sigma=0.5, seed=1, asset_url="https://x.test/other/a.jpg?q=1")

        assert here == there

    def test_another_seed_is_another_world(self) -> None:
        assert durations(1, 3) != durations(2, 3)

    def test_it_is_lognormal_around_the_median(self) -> None:
        found = durations(1)

        assert 90 == round(median(found) / 5) * 5
        assert 0.5 == round(stdev(map(math.log, found)), 1)
