"""Figures that have a target of their own, by name: `python -m benchmarks figure NAME`."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from benchmarks.figures import relay, startup

FIGURES: Mapping[str, Callable[[], Coroutine[Any, Any, dict[str, Any]]]] = {
    "relay": relay.measure,
    "startup": startup.measure,
}
