"""What a callback costs the web process, beside a route that does nothing under the same server."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures.knocking import (
    Connection,
    as_fast_as_answered,
    at_a_steady_rate,
    connected,
)
from benchmarks.percentiles import percentile_ms, spread
from benchmarks.process_trees import ProcessTrees
from devstack.child import Child
from devstack.isolation import child_environment
from devstack.ports import free_port
from devstack.stack import our_process
from devstack.supervisor import Supervisor
from likeness.temporal.keyring import KeyRing
from runtime.keys import load_key_file, make_key_file
from runtime.links import CALLBACK_PATH, CallbackToken, LinkSealer

NAMES = ("relay", "bare")
ROUNDS = 5
SATURATING = 3_000
"""Requests of one round that are sent as fast as they are answered."""

STEADY_S, A_SECOND = 5, 200
CONNECTIONS = 16
SEE_OTHER = 303

QUERY = (
    "?bytedToken=bt-{number:032d}&resultCode=10000&algorithmBaseRespCode=0"
    "&reqMeasureInfoValue=1&verify_type=real_time"
)
BROWSER = (
    "Host: likeness.example\r\n"
    "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148\r\n"
    "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
    "Accept-Language: de-DE,de;q=0.9\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Sec-Fetch-Site: cross-site\r\n\r\n"
)


@dataclass(frozen=True)
class Round:
    """What one server did in one round; ``took_s`` is of each request at the steady rate."""

    a_core_second: float
    took_s: list[float]


async def measure(*, rounds: int = ROUNDS) -> dict[str, Any]:
    """Give requests per second of CPU and latency at a steady rate, round by round."""
    with tempfile.TemporaryDirectory(prefix="likeness-relay-") as folder, Supervisor() as processes:
        directory = Path(folder)
        keys_file = directory / "link.keys"
        make_key_file(keys_file)
        callbacks = Callbacks(load_key_file(keys_file))
        servers = {name: _started(processes, name, directory, keys_file) for name in NAMES}
        played: dict[str, list[Round]] = {name: [] for name in NAMES}
        for _ in range(rounds):
            for name, (child, port) in servers.items():
                played[name].append(await _round(child, port, callbacks))
    return _told(played)


def _started(
    processes: Supervisor, name: str, directory: Path, keys_file: Path
) -> tuple[Child, int]:
    port = free_port()
    spec = our_process(
        name,
        "-m",
        "benchmarks.figures.relay_process",
        name,
        str(port),
        str(keys_file),
        environment=child_environment(directory / "home", {}),
        directory=directory,
    )
    child = processes.spawn(spec)
    return child, port


class Callbacks:
    """Makes requests of browsers that come back, each with a token of its own."""

    def __init__(self, keys: KeyRing) -> None:
        self._links = LinkSealer.of(keys)
        self._made = 0

    def made(self, count: int) -> list[bytes]:
        """Give ``count`` of them."""
        return [self._one() for _ in range(count)]

    def _one(self) -> bytes:
        self._made += 1
        token = CallbackToken(
            tenant="default",
            onboarding=f"ob-{self._made}",
            person=f"p-{self._made}",
            link=1,
            attempt=1,
            minted_at=int(time.time()),
        )
        path = f"{CALLBACK_PATH}/{self._links.seal_callback(token)}"
        return f"GET {path}{QUERY.format(number=self._made)} HTTP/1.1\r\n{BROWSER}".encode()


async def _round(child: Child, port: int, callbacks: Callbacks) -> Round:
    connections = await _once_it_listens(child, port)
    server = ProcessTrees({"server": () if child.pid is None else (child.pid,)})
    try:
        requests = callbacks.made(SATURATING)
        before = server.cpu_s()["server"]
        await as_fast_as_answered(connections, requests, status=SEE_OTHER)
        spent_s = server.cpu_s()["server"] - before
        took_s = await at_a_steady_rate(
            connections,
            callbacks.made(STEADY_S * A_SECOND),
            a_second=A_SECOND,
            status=SEE_OTHER,
        )
    finally:
        for connection in connections:
            await connection.close()
    return Round(SATURATING / spent_s, took_s)


async def _once_it_listens(child: Child, port: int) -> list[Connection]:
    async with asyncio.timeout(30):
        while True:
            try:
                return await connected(port, CONNECTIONS)
            except ConnectionRefusedError:
                if not child.alive:
                    raise
                await asyncio.sleep(0.05)


def _told(played: dict[str, list[Round]]) -> dict[str, Any]:
    ours, floor = played["relay"], played["bare"]
    return {
        "name": "relay",
        "command": "python -m benchmarks figure relay",
        "target": "at least 2,000 callbacks a second per core; the relay's own p50 at 200 a second "
        "at most 0.6 ms, the signal answered at once",
        "rounds": len(ours),
        "requests_a_round": SATURATING,
        "relay_requests_per_core_second": spread([each.a_core_second for each in ours]),
        "bare_route_requests_per_core_second": spread([each.a_core_second for each in floor]),
        "bare_over_relay_ratio": spread(
            [b.a_core_second / r.a_core_second for r, b in zip(ours, floor, strict=True)]
        ),
        "relay_p50_ms": spread(_at(ours, 50)),
        "relay_p99_ms": spread(_at(ours, 99)),
        "bare_route_p50_ms": spread(_at(floor, 50)),
        "bare_route_p99_ms": spread(_at(floor, 99)),
        "own_added_p50_ms": spread(
            [r - b for r, b in zip(_at(ours, 50), _at(floor, 50), strict=True)]
        ),
    }


def _at(rounds: Sequence[Round], percent: int) -> list[float]:
    shown = (percentile_ms(each.took_s, percent) for each in rounds)
    return [ms for ms in shown if ms is not None]
