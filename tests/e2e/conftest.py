"""Whole processes on one machine: Temporal, worker, web, simulator, and a person with a phone."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from devstack.child import Child
from devstack.commands import ROOT
from devstack.isolation import child_environment, new_test_namespace
from devstack.stack import Ports, Stack, temporal_running
from devstack.supervisor import ProcessSpec, Supervisor
from devstack.temporal_server import DevServer
from likeness.ids import onboarding_workflow_id

POLL_S = 0.1
PATIENCE_S = 100.0
"""Above the longest heartbeat timeout, after which a killed worker's watch is taken up again."""

FactT = TypeVar("FactT")


class House:
    """One stack with everything running, steered from a test."""

    def __init__(self, stack: Stack, server: DevServer, processes: Supervisor) -> None:
        self.stack = stack
        self.server = server
        self.processes = processes
        self.starter = stack.starter()
        self.http = httpx.Client(base_url=stack.simulator_url, trust_env=False, timeout=40)
        self.onboarding = ""
        self.invite_url = ""

    # What a test does.

    def invite(self, *arguments: str, assets: tuple[str, ...] = ("a",)) -> None:
        portraits = f"{self.stack.simulator_url}/portraits"
        named = [part for a in assets for part in ("--asset", f"image={portraits}/{a}.jpg")]
        started = self.starter.start("--person", "p-1", *named, *arguments)
        self.onboarding = started["onboarding_id"]
        self.invite_url = started["invite_url"]

    def person(self, scenario: str = "pass") -> Child:
        return self.processes.spawn(
            ProcessSpec(
                name="person",
                argv=(
                    *(sys.executable, "-m", "simulator.person", self.invite_url),
                    *("--scenario", scenario, "--timeout-s", "90"),
                ),
                environment=child_environment(self.stack.directory / "phone", {}),
                log_path=self.stack.directory / "logs" / "person.log",
                directory=ROOT,
            )
        )

    def hold(self, route: str, when: str, **fields: Any) -> str:
        """Stop the upstream's world at the next call of a route."""
        asked = {"route": route, "when": when, **fields}
        answer = self.http.post("/_sim/holds", json=asked).raise_for_status()
        hold_id: str = answer.json()["id"]
        return hold_id

    def until_held(self, hold_id: str) -> None:
        told = self.http.get(f"/_sim/holds/{hold_id}", params={"wait_s": 30})
        assert told.raise_for_status().json()["arrived"]

    def release(self, hold_id: str) -> None:
        self.http.delete(f"/_sim/holds/{hold_id}").raise_for_status()

    def change(self, **fields: Any) -> None:
        self.http.put("/_sim/scenario", json=fields).raise_for_status()

    # What a test sees.

    def status(self) -> dict[str, Any]:
        return self.starter.status(self.onboarding)

    def until(self, told: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the command line tells what is expected."""

        def asked() -> dict[str, Any] | None:
            status = self.status()
            return status if told(status) else None

        return wait_for(asked)

    def until_counted(self, name: str) -> None:
        wait_for(lambda: self.count(name) or None)

    def count(self, name: str) -> int:
        counts: dict[str, int] = self.http.get("/_sim/ledger").json()["counts"]
        return counts.get(name, 0)

    def calls(self, name: str) -> list[dict[str, Any]]:
        """Give what the ledger tells of each call of a route."""
        entries = self.http.get("/_sim/ledger").json()["entries"]
        return [entry["detail"] for entry in entries if entry["name"] == name]

    def secrets(self) -> dict[str, list[str]]:
        told: dict[str, list[str]] = self.http.get("/_sim/secrets").json()
        return told

    @property
    def workflow_id(self) -> str:
        return onboarding_workflow_id("default", self.onboarding)

    def history(self, workflow_id: str | None = None) -> list[HistoryEvent]:
        """Read a run's history as anybody with access to the server could: undecoded."""

        async def read() -> list[HistoryEvent]:
            client = await Client.connect(
                self.stack.temporal_address, namespace=self.stack.namespace
            )
            handle = client.get_workflow_handle(workflow_id or self.workflow_id)
            return [event async for event in handle.fetch_history_events()]

        return asyncio.run(read())

    def logs(self) -> str:
        folder = self.stack.directory / "logs"
        return "\n".join(path.read_text(errors="replace") for path in folder.glob("*.log"))


def wait_for(fact: Callable[[], FactT | None]) -> FactT:
    """Wait until ``fact`` gives something; the limit only ends a test that has failed."""
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        if (found := fact()) is not None:
            return found
        time.sleep(POLL_S)
    raise AssertionError("what was waited for did not come")


@contextmanager
def housed(temporal_cli: Path, directory: Path) -> Iterator[House]:
    """Run a stack's Temporal server, and whatever the block starts beside it."""
    ports = Ports.free({})
    namespace = new_test_namespace()
    with (
        temporal_running(temporal_cli, directory, ports=ports, namespace=namespace) as (
            stack,
            server,
        ),
        Supervisor() as processes,
    ):
        house = House(stack, server, processes)
        house.starter.new_keys()
        try:
            yield house
        finally:
            house.http.close()


@pytest.fixture
def house(temporal_cli: Path, tmp_path: Path) -> Iterator[House]:
    with housed(temporal_cli, tmp_path) as house:
        for spec in (house.stack.simulator(), house.stack.web(), house.stack.worker()):
            house.processes.start(spec)
        house.change(review_seconds=1, video_seconds=1)
        yield house
