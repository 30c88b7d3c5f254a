"""The two plans: a look, and the whole measurement."""

from benchmarks.rounds import Plan
from benchmarks.schedule import Load


def full(*, rounds: int | None, people: int | None, scale: float | None, seed: int) -> Plan:
    """Measure in three rounds: people who come by and by, and a crowd at once.

    Half of real time by and by, so that polls are still seconds apart: shorter timers are stretched
    by the server, and whoever polls by timers would poll less than in reality. The crowd's reviews
    are over before the work is.
    """
    return Plan(
        phases={
            "open": Load(people=people or 40, rate_per_s=0.5, scale=scale or 0.5, seed=seed),
            "batch": Load(
                people=people or 100,
                rate_per_s=None,
                scale=1 / 60,
                seed=seed,
                tap_after_s=0,
                check_s=0,
            ),
        },
        rounds=rounds or 3,
        kills=4,
    )


def quick(*, rounds: int | None, people: int | None, scale: float | None, seed: int) -> Plan:
    """Look once, all on one store: our counts are exact, times are rough, polls too close."""
    rounds = rounds or 1
    return Plan(
        phases={
            "open": Load(people=people or 10, rate_per_s=3.0, scale=scale or 1 / 30, seed=seed)
        },
        rounds=rounds,
        idle_s=1.0,
        keeps_store=rounds == 1,
    )
