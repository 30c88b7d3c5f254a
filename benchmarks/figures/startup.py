"""How long our processes take from their start until they are of use."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx
from pydantic import SecretStr
from temporalio.client import Client

from benchmarks.percentiles import spread
from devstack import temporal_cli
from devstack.commands import ROOT
from devstack.stack import TASK_QUEUE, Ports, Stack
from devstack.supervisor import ProcessSpec, Supervisor
from devstack.temporal_server import start_dev_server
from likeness import names
from likeness.ids import onboarding_workflow_id
from likeness.messages.conversation import OpenSession
from likeness.messages.onboarding import AssetRequest, OnboardingInput, OnboardingRequest
from likeness.search import SEARCH_ATTRIBUTES
from likeness.temporal.onboardings import start_onboarding
from likeness.temporal.plugin import likeness_plugin
from runtime.keys import load_key_file, make_key_file
from simulator.control import NO_CERTIFICATES, SimulatorControl
from web.consent import load_consent_texts

STARTS, UNCOMPILED_STARTS = 9, 3
LOOK_EVERY_S = 0.01
WITHIN_S = 60.0
NAMESPACE = "likeness-startup"
CREATE_SESSION = "create_session"

Took = dict[str, list[float]]
"""Seconds of each start, by what they led to."""


async def measure(*, starts: int = STARTS, uncompiled: int = UNCOMPILED_STARTS) -> dict[str, Any]:
    """Start each process so often, in turns; also with no bytecode of anything on the disk."""
    with tempfile.TemporaryDirectory(prefix="likeness-startup-") as folder:
        directory = Path(folder)
        async with _Place.opened(directory) as place:
            compiled = directory / "bytecode"
            await place.each_started(compiled)
            warm, cold = _Times(), _Times()
            for _ in range(starts):
                warm.add(await place.each_started(compiled))
            for number in range(uncompiled):
                cold.add(await place.each_started(directory / f"no-bytecode-{number}"))
    return {
        "name": "startup",
        "command": "python -m benchmarks figure startup",
        "target": "starter.py --help below 300 ms; worker start to the upstream call of its first "
        "activity at most 1,500 ms; web ready at most 1,500 ms",
        "starts": starts,
        "starts_with_nothing_compiled": uncompiled,
        **warm.told(),
        **cold.told("_nothing_compiled"),
    }


class _Times:
    """The starts so far."""

    def __init__(self) -> None:
        self._took: Took = defaultdict(list)

    def add(self, took: dict[str, float]) -> None:
        """Take in one start of each."""
        for what, seconds in took.items():
            self._took[what].append(seconds)

    def told(self, suffix: str = "") -> dict[str, dict[str, float]]:
        """Give what a figure shows."""
        return {
            f"{what}_ms{suffix}": spread([1e3 * s for s in took])
            for what, took in self._took.items()
        }


class _Place:
    """A Temporal server and a simulator that run, and a client of both."""

    def __init__(
        self, stack: Stack, processes: Supervisor, client: Client, upstream: SimulatorControl
    ) -> None:
        self._stack = stack
        self._processes = processes
        self._client = client
        self._upstream = upstream
        self._invited = 0

    @classmethod
    @asynccontextmanager
    async def opened(cls, directory: Path) -> AsyncIterator[Self]:
        """Start server and simulator; whatever was started has ended when the block is left."""
        # In a thread: where there is no CLI yet it is made, by ways that have loops of their own.
        cli = await asyncio.to_thread(temporal_cli.find, os.environ, say=lambda _: None)
        server = start_dev_server(
            cli, directory / "temporal", namespace=NAMESPACE, search_attributes=SEARCH_ATTRIBUTES
        )
        async with AsyncExitStack() as ending:
            running = await ending.enter_async_context(server)
            stack = Stack(
                directory=directory,
                ports=Ports.free({}),
                namespace=NAMESPACE,
                temporal_address=running.address,
            )
            processes = ending.enter_context(Supervisor())
            processes.start(stack.simulator())
            upstream = await ending.enter_async_context(SimulatorControl(stack.simulator_url))
            yield cls(stack, processes, await _client(stack), upstream)

    async def each_started(self, bytecode: Path) -> dict[str, float]:
        """Start each process once, with its bytecode in a folder below that; give seconds."""
        where = {
            name: {"PYTHONPYCACHEPREFIX": str(bytecode / name)}
            for name in ("starter", "web", "worker")
        }
        return {
            "help": self._help(where["starter"]),
            **await self._web(where["web"]),
            "worker_to_first_upstream_call": await self._worker(where["worker"]),
        }

    def _help(self, where: dict[str, str]) -> float:
        environment = self._stack.environment(**where)
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "starter.py", "--help"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return time.perf_counter() - began

    async def _web(self, where: dict[str, str]) -> dict[str, float]:
        began = time.perf_counter()
        self._processes.spawn(_in(self._stack.web(), where))
        try:
            async with httpx.AsyncClient(trust_env=False, verify=NO_CERTIFICATES) as http:
                healthy = _answered(http, f"{self._stack.public_url}/healthz")
                ready = _answered(http, f"{self._stack.admin_url}/readyz")
                at = await asyncio.gather(healthy, ready)
        finally:
            self._processes.stop("web")
        return {"web_healthz": at[0] - began, "web_readyz": at[1] - began}

    async def _worker(self, where: dict[str, str]) -> float:
        """Give the time until the upstream is asked for the session of a tap that waits already."""
        known = len(await self._upstream.ledger(CREATE_SESSION))
        tap = asyncio.create_task(self._tapped())
        began = time.time()
        self._processes.spawn(_in(self._stack.worker(), where))
        try:
            async with asyncio.timeout(WITHIN_S):
                await tap
            calls = await self._upstream.ledger(CREATE_SESSION)
        finally:
            tap.cancel()
            self._processes.stop("worker")
        at: float = calls[known]["at"]
        return at - began

    async def _tapped(self) -> None:
        self._invited += 1
        name = f"person-{self._invited}"
        request = OnboardingRequest(
            onboarding=name,
            person=name,
            assets=(AssetRequest(name="front", url=SecretStr("https://assets.example/1.jpg")),),
        )
        await start_onboarding(
            self._client, OnboardingInput(request=request), task_queue=TASK_QUEUE
        )
        handle = self._client.get_workflow_handle(onboarding_workflow_id("default", name))
        consent = load_consent_texts()["en-2"].given()
        await handle.execute_update(
            names.OPEN_SESSION, OpenSession(consent=consent, not_after=time.time() + WITHIN_S)
        )


async def _client(stack: Stack) -> Client:
    for name in ("payload", "link"):
        make_key_file(stack.directory / "keys" / f"{name}.keys")
    keys = load_key_file(stack.directory / "keys" / "payload.keys")
    plugin = likeness_plugin(keys, namespace=stack.namespace)
    return await Client.connect(stack.temporal_address, namespace=stack.namespace, plugins=[plugin])


def _in(spec: ProcessSpec, where: dict[str, str]) -> ProcessSpec:
    return spec.model_copy(update={"environment": {**spec.environment, **where}})


async def _answered(http: httpx.AsyncClient, url: str) -> float:
    """Ask until it is answered with 200; give the moment."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                if (await http.get(url)).status_code == httpx.codes.OK:
                    return time.perf_counter()
            except httpx.TransportError:
                pass
            await asyncio.sleep(LOOK_EVERY_S)
