"""One seeded schedule: who comes when, how long each person takes, how long their review lasts."""

import random
from dataclasses import dataclass
from typing import Any

from simulator.durations import spread_seconds

PAUSE_SIGMA = 0.4
"""Spread of a person's own pauses; most take about the median, a few much longer."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a schedule is made from; all seconds are real ones before ``scale`` shortens them.

    ``rate_per_s`` is the rate of the Poisson arrivals after scaling; None lets all come at once.
    ``scale`` shortens pauses, reviews and polls alike, so that a quick run polls as often as a
    real one.
    """

    people: int
    rate_per_s: float | None
    seed: int = 1
    scale: float = 1.0
    tap_after_s: float = 20.0
    check_s: float = 25.0
    review_median_s: float = 90.0
    review_sigma: float = 0.5
    poll_interval_s: float = 5.0

    @property
    def scaled_poll_s(self) -> float:
        """How long every contender is to wait between two polls."""
        return self.poll_interval_s * self.scale

    def scenario(self) -> dict[str, Any]:
        """Give the simulator's fields; it must take as long for a person as the schedule says.

        No estimates: nobody is told beforehand how long a review takes.
        """
        return {
            "review_seconds": self.review_median_s * self.scale,
            "review_sigma": self.review_sigma,
            "review_seed": self.seed,
            "estimated_time": False,
        }


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One person; ``arrives_at_s`` counts from the start, the rest from what came before."""

    person: str
    arrives_at_s: float
    tap_after_s: float
    check_s: float
    review_s: float


def schedule(load: Load, *, prefix: str = "p") -> tuple[Visit, ...]:
    """Make the visits of a load, in order of arrival; the same ones whenever it is called.

    ``prefix`` begins every name; another one is another crowd.
    """
    rng = random.Random(f"{load.seed}:{prefix}")  # noqa: S311 - chance that can be repeated
    at_s = 0.0
    visits = []
    for number in range(load.people):
        if load.rate_per_s is not None:
            at_s += rng.expovariate(load.rate_per_s)
        visits.append(_visit(load, f"{prefix}{number:04d}", at_s, rng=rng))
    return tuple(visits)


def _visit(load: Load, person: str, at_s: float, *, rng: random.Random) -> Visit:
    return Visit(
        person=person,
        arrives_at_s=at_s,
        tap_after_s=_pause(load.tap_after_s * load.scale, rng),
        check_s=_pause(load.check_s * load.scale, rng),
        review_s=spread_seconds(
            load.review_median_s * load.scale,
            sigma=load.review_sigma,
            seed=load.seed,
            asset_url=f"/portraits/{person}.jpg",
        ),
    )


def _pause(median_s: float, rng: random.Random) -> float:
    return median_s * rng.lognormvariate(0, PAUSE_SIGMA)
