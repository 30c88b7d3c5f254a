"""What a store spends by being there is nobody's onboarding: one rule for report and picture."""

from collections.abc import Collection, Mapping
from typing import Any

TREES = ("server", "database", "app")
"""What an onboarding is charged with; load driver and upstream are not among it."""


def least_idle_ms_per_s(phases: Collection[Mapping[str, Any]]) -> dict[str, float]:
    """Give the least CPU (ms a second) that each tree was seen to spend without work.

    The least over all rounds of all contenders: a store that has just started is still busy with
    itself, which would flatter whoever came first.
    """
    return {
        tree: min((float(each[name]) for each in phases if each.get(name) is not None), default=0.0)
        for tree, name in ((tree, f"{tree}_idle_cpu_ms_per_s") for tree in TREES)
    }


def net_cpu_ms(figures: Mapping[str, Any], idle_ms_per_s: Mapping[str, float]) -> dict[str, float]:
    """Give each tree's CPU (ms) of one onboarding without what it would have spent anyway."""
    each_s = float(figures["took_s"] / figures["people"])
    return {
        tree: max(0.0, float(figures.get(f"{tree}_cpu_ms") or 0.0) - idle_ms_per_s[tree] * each_s)
        for tree in TREES
    }
