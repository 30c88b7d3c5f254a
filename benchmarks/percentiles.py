"""Percentiles as every figure here has them: of all values, in milliseconds."""

from collections.abc import Sequence
from statistics import quantiles


def percentile_ms(seconds: Sequence[float], percent: int) -> float | None:
    """Give a percentile (1 to 99) of durations in seconds as milliseconds; None of nothing."""
    if len(seconds) < 2:  # noqa: PLR2004 - a single value is every percentile of itself
        return 1000 * seconds[0] if seconds else None
    return 1000 * quantiles(seconds, n=100, method="inclusive")[percent - 1]
