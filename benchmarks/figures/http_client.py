"""What one call upstream costs in CPU by each of apimart's wires, one call after the other.

The server is another process and answers at once, in plain HTTP over kept connections. A call is
one exchange of ``apimart.transport``: headers, sending, the bounded body. What is read out of that
body costs the same by either wire and is no part of it.
"""

import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from apimart.protocol import Outgoing, get_task
from apimart.transport import Transport
from apimart.wires import KEEPALIVE_S, MAX_CONNECTIONS
from benchmarks.figures.answering import BODY, READY
from benchmarks.percentiles import spread
from devstack.isolation import child_environment
from devstack.ports import LOOPBACK, free_port
from devstack.stack import our_process
from devstack.supervisor import Supervisor

WIRES = ("aiohttp", "httpx")
"""Ours, and httpx with its default transport."""

ROUNDS = 9
CALLS = 1_500
WARM_UP_CALLS = 300
TIMEOUT_S = 15.0
TARGET_US = 200
US_IN_S = 1e6

ASKED = get_task("task_01K8SGYNNNVBQTXNR4MM964S7K")


class UnexpectedAnswerError(Exception):
    """Something else than the figure counts was answered."""


async def measure(*, rounds: int = ROUNDS, calls: int = CALLS) -> dict[str, Any]:
    """Give microseconds of this process's CPU for a call, the wires in turns, round by round."""
    with tempfile.TemporaryDirectory(prefix="likeness-http-") as folder, Supervisor() as processes:
        async with AsyncExitStack() as opened:
            url = _server(processes, Path(folder))
            wires = {name: await _wire(opened, name, url) for name in WIRES}
            spent: dict[str, list[float]] = {name: [] for name in WIRES}
            for wire in wires.values():
                await _us_for_a_call(wire, WARM_UP_CALLS)
            for number in range(rounds):
                turn = number % len(WIRES)
                for name in (*WIRES[turn:], *WIRES[:turn]):
                    spent[name].append(await _us_for_a_call(wires[name], calls))
    return _told(spent, calls=calls)


def _server(processes: Supervisor, directory: Path) -> str:
    port = free_port()
    processes.start(
        our_process(
            "answering",
            *("-m", "benchmarks.figures.answering", str(port)),
            environment=child_environment(directory / "home", {}),
            directory=directory,
            ready_line=READY,
        )
    )
    return f"http://{LOOPBACK}:{port}"


async def _wire(opened: AsyncExitStack, name: str, url: str) -> Transport:
    http = None
    if name == "httpx":
        limits = httpx.Limits(
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=KEEPALIVE_S,
        )
        client = httpx.AsyncClient(trust_env=False, limits=limits)
        http = await opened.enter_async_context(client)
    transport = Transport(api_key=SecretStr("sk-figure"), base_url=url, http=http)
    return await opened.enter_async_context(aclosing(transport))


async def _us_for_a_call(wire: Transport, calls: int, *, asked: Outgoing = ASKED) -> float:
    before = time.process_time()
    for _ in range(calls):
        answer = await wire.exchange(asked, TIMEOUT_S)
        if answer.body != BODY:
            raise UnexpectedAnswerError(f"status {answer.status}")
    return US_IN_S * (time.process_time() - before) / calls


def _told(spent: Mapping[str, list[float]], *, calls: int) -> dict[str, Any]:
    ratios = [theirs / ours for ours, theirs in zip(spent["aiohttp"], spent["httpx"], strict=True)]
    return {
        "name": "http_client",
        "command": "python -m benchmarks figure http_client",
        "target": f"at most {TARGET_US} us of CPU for a call upstream",
        "rounds": len(ratios),
        "calls_a_round": calls,
        "aiohttp_wire_us": spread(spent["aiohttp"]),
        "httpx_default_transport_us": spread(spent["httpx"]),
        "httpx_over_aiohttp_ratio": spread(ratios),
        "rounds_within_target": sum(us <= TARGET_US for us in spent["aiohttp"]),
    }
