"""The API of ``python -m web`` in processes: one stopped with a stream open, and one killed."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from devstack.temporal_server import RunningServer
from runtime.api_key_file import add_api_key
from runtime.api_keys import NewApiKey, Scope
from tests.integration.web.api.service import runs_counted
from tests.integration.web.test_process import Start, WebProcess, start

__all__ = ["start"]

pytestmark = [pytest.mark.server, pytest.mark.processes]

BODY: dict[str, Any] = {
    "person": "p-1",
    "assets": [{"name": "one", "url": "https://assets.example/1.jpg"}],
}
CREATE = {"Idempotency-Key": "order-1"}


@pytest.fixture
def begun(
    start: Start, temporal_server: RunningServer, namespace: str, tmp_path: Path
) -> Callable[[], WebProcess]:
    """Call it for another web process over the same namespace, keys and API key."""

    def begin() -> WebProcess:
        return start(
            {
                "TEMPORAL_ADDRESS": temporal_server.address,
                "TEMPORAL_NAMESPACE": namespace,
                "API_KEYS_FILE": str(tmp_path / "api.keys"),
                # Its assets are made-up addresses.
                "PREFLIGHT": "0",
            }
        )

    return begin


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client that has a key of the file that the processes read."""
    made = NewApiKey.made(
        name="shop", tenant="default", scope=Scope.OPERATE, created_at=datetime.now(UTC)
    )
    add_api_key(tmp_path / "api.keys", made.key)
    headers = {"Authorization": f"Bearer {made.secret.get_secret_value()}"}
    async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=30) as it:
        yield it


class TestTheProcess:
    async def test_ends_a_stream_whole_when_it_is_stopped(
        self, begun: Callable[[], WebProcess], api: httpx.AsyncClient
    ) -> None:
        web = begun()
        await web.answers(f"{web.admin}/readyz", 200)
        created = await api.post(f"{web.admin}/v1/onboardings", json=BODY, headers=CREATE)
        path = f"{web.admin}{created.headers['location']}/events"
        async with api.stream("GET", path) as stream:
            lines = stream.aiter_lines()
            while not (await anext(lines)).startswith("data: "):
                pass
            web.child.terminate()
            # A stream that is cut instead of ended raises here.
            rest = [line async for line in lines if line]

        assert [] == rest
        assert 0 == await web.ended()
        assert "timeout graceful shutdown" not in web.child.log_path.read_text()

    async def test_killed_while_it_creates_leaves_one_run_to_whoever_asks_again(
        self, begun: Callable[[], WebProcess], api: httpx.AsyncClient, temporal: Client
    ) -> None:
        first, second = begun(), begun()
        for web in (first, second):
            await web.answers(f"{web.admin}/readyz", 200)

        async def create(web: WebProcess, key: str) -> httpx.Response:
            headers = {"Idempotency-Key": key}
            return await api.post(f"{web.admin}/v1/onboardings", json=BODY, headers=headers)

        async def cut(key: str) -> None:
            with contextlib.suppress(httpx.TransportError):
                await create(first, key)

        keys = [f"order-{n}" for n in range(20)]
        cuts = [asyncio.create_task(cut(key)) for key in keys]
        await asyncio.sleep(0.05)
        assert first.child.pid is not None
        os.kill(first.child.pid, signal.SIGKILL)
        await asyncio.gather(*cuts)
        answers = [await create(second, key) for key in keys]
        again = [await create(second, key) for key in keys]
        runs = await runs_counted(temporal, "WorkflowType = 'OnboardPerson'", at_least=20)

        assert {202} == {each.status_code for each in (*answers, *again)}
        assert [each.json() for each in answers] == [each.json() for each in again]
        assert 20 == runs
