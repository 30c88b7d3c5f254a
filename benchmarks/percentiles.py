"""Percentiles and spreads as every figure here has them: of all values."""

from collections.abc import Sequence
from statistics import median, quantiles


def percentile_ms(seconds: Sequence[float], percent: int) -> float | None:
    """Give a percentile (1 to 99) of durations in seconds as milliseconds; None of nothing."""
    if len(seconds) < 2:  # noqa: PLR2004 - a single value is every percentile of itself
        return 1000 * seconds[0] if seconds else None
    return 1000 * quantiles(seconds, n=100, method="inclusive")[percent - 1]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Give median and range of what rounds have shown, to three digits behind the point."""
    shown = {"median": median(values), "min": min(values), "max": max(values)}
    return {name: round(value, 3) for name, value in shown.items()}
