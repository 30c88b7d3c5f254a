"""The two plans: a look, and the whole measurement."""

from benchmarks.rounds import Plan
from benchmarks.schedule import Load

REVIEW_SIGMA = 0.3
"""Reviews lie closer together than a schedule's default, so that a phase does not wait for one."""


def full(*, rounds: int | None, people: int | None, scale: float | None, seed: int) -> Plan:
    """Measure in three rounds and two deaths, 25 minutes: people by and by, and a crowd at once.

    A fifth of real time by and by, so that polls are still a second apart and as many as in
    reality: shorter timers are stretched by the server, and whoever polls by timers would poll
    less. The crowd's reviews are over before the work is.
    """
    return Plan(
        phases={
            "open": Load(
                people=people or 24,
                rate_per_s=1.5,
                scale=scale or 0.2,
                review_sigma=REVIEW_SIGMA,
                seed=seed,
            ),
            "batch": Load(
                people=people or 60,
                rate_per_s=None,
                scale=1 / 60,
                seed=seed,
                tap_after_s=0,
                check_s=0,
            ),
        },
        rounds=rounds or 3,
        idle_s=4.0,
        kills=2,
    )


def quick(*, rounds: int | None, people: int | None, scale: float | None, seed: int) -> Plan:
    """Look once, all on one store: our counts are exact, times are rough, polls too close."""
    rounds = rounds or 1
    return Plan(
        phases={
            "open": Load(
                people=people or 6,
                rate_per_s=6.0,
                scale=scale or 1 / 60,
                review_sigma=REVIEW_SIGMA,
                seed=seed,
            )
        },
        rounds=rounds,
        idle_s=0.5,
        keeps_store=rounds == 1,
    )
