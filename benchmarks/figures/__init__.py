"""Figures that have a target of their own, by name: `python -m benchmarks figure NAME`."""

from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from benchmarks.contender import RunningStore
from benchmarks.figures import http_client, latency, parked, recovery, relay, soak, startup

FIGURES: Mapping[str, Callable[[], Coroutine[Any, Any, dict[str, Any]]]] = {
    "http_client": http_client.measure,
    "relay": relay.measure,
    "startup": startup.measure,
}

FIGURES_ON_A_STORE: Mapping[
    str, Callable[[RunningStore, Path], Coroutine[Any, Any, dict[str, Any]]]
] = {
    "latency": latency.measure,
    "parked": parked.measure,
    "recovery": recovery.measure,
    "soak": soak.measure,
}
"""Those of a running worker, beside the store that it works on and a folder of its own."""
