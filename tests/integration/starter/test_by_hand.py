"""Orders from the Temporal CLI, as docs/operating.md shows them; the UI sends the same."""

import asyncio
import re
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from devstack.ports import free_port
from devstack.temporal_server import RunningServer
from tests.integration.starter.conftest import Ended, Operator, WorkerRunning

pytestmark = pytest.mark.server

PAGE = (Path(__file__).parents[3] / "docs" / "operating.md").read_text()
DOCUMENTED = re.findall(r"^temporal workflow update execute .*$", PAGE, re.MULTILINE)
CONFIDED = ("anna", "the person is travelling", "not in the console", "asked by the customer")


@pytest.fixture
async def codec_endpoint(operator: Operator) -> AsyncIterator[str]:
    """The web process of the same keys; gives the address of its codec endpoint."""
    port = free_port()
    ports = {"ADMIN_PORT": str(port), "WEB_PORT": str(free_port())}
    web = await operator.whose(**ports).begins_module("web")
    try:
        async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as http:
            while True:
                try:
                    await http.get(f"http://127.0.0.1:{port}/counts")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}/codec"
    finally:
        web.terminate()
        await web.wait()


@dataclass(frozen=True)
class Hand:
    """Somebody who types the page's commands at the Temporal CLI."""

    cli: Path
    server: RunningServer
    namespace: str

    async def types(self, line: str, *, codec: str | None) -> Ended:
        """Run a line of the page with this test's addresses, with or without the endpoint."""
        _, *words = shlex.split(line)
        words[words.index("--namespace") + 1] = self.namespace
        place = words.index("--codec-endpoint")
        words[place : place + 2] = [] if codec is None else ["--codec-endpoint", codec]
        child = await asyncio.create_subprocess_exec(
            self.cli,
            *words,
            "--address",
            self.server.address,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(child.communicate(), 60)
        return Ended(code=child.returncode, out=out.decode(), err=err.decode())

    async def history(self) -> str:
        """Give the history as it stands at the server, without a key."""
        stranger = await Client.connect(self.server.address, namespace=self.namespace)
        handle = stranger.get_workflow_handle("likeness/default/order-4711")
        return (await handle.fetch_history()).to_json()


@pytest.fixture
def hand(temporal_cli: Path, temporal_server: RunningServer, namespace: str) -> Hand:
    return Hand(temporal_cli, temporal_server, namespace)


class TestThePagesCommands:
    async def test_are_obeyed_or_refused_by_the_run_and_leave_nothing_in_clear(
        self, operator: Operator, worker: WorkerRunning, codec_endpoint: str, hand: Hand
    ) -> None:
        await operator.starts("order-4711")
        extend, resolve, cancel = DOCUMENTED

        async with worker():
            extended = await hand.types(extend, codec=codec_endpoint)
            resolved = await hand.types(resolve, codec=codec_endpoint)
            canceled = await hand.types(cancel, codec=codec_endpoint)

        assert 0 == extended.code, extended.err
        assert "Nothing stands still here that this decision could resolve" in resolved.err
        assert 0 == canceled.code, canceled.err
        history = await hand.history()
        assert 2 == history.count("EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
        assert [] == [words for words in CONFIDED if words in history]

    async def test_without_the_codec_endpoint_are_refused_and_leave_no_trace(
        self, operator: Operator, worker: WorkerRunning, hand: Hand
    ) -> None:
        await operator.starts("order-4711")

        async with worker():
            refused = [await hand.types(line, codec=None) for line in DOCUMENTED]

        assert {1} == {ended.code for ended in refused}
        # Why, stands in a sentence that only the codec endpoint could show.
        assert all("Encoded failure" in ended.err for ended in refused)
        assert 0 == (await hand.history()).count("UPDATE")
