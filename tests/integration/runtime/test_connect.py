import asyncio
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from devstack.ports import free_port
from devstack.temporal_server import DevServer
from runtime.settings import TemporalSettings
from runtime.temporal import ConnectError, TemporalUnreachableError, connect
from tests.integration.runtime.conftest import Realm

pytestmark = pytest.mark.server

SETTINGS = TemporalSettings()


@pytest.fixture
def at_realm(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> Realm:
    monkeypatch.setenv("TEMPORAL_ADDRESS", realm.address)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", realm.namespace)
    return realm


class TestConnect:
    async def test_takes_address_and_namespace_from_the_environment(self, at_realm: Realm) -> None:
        client = await connect(SETTINGS, at_realm.keys, wait=False)

        assert client.namespace == at_realm.namespace
        assert client.data_converter.payload_codec is not None

    async def test_says_that_the_namespace_is_missing(
        self, at_realm: Realm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TEMPORAL_NAMESPACE", "likeness-test-nowhere")

        with pytest.raises(ConnectError, match="has no namespace likeness-test-nowhere; make it"):
            await connect(SETTINGS, at_realm.keys, wait=False)

    async def test_says_that_nobody_answers(
        self, at_realm: Realm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{taken.getsockname()[1]}")

            with pytest.raises(TemporalUnreachableError, match="No Temporal server can be reached"):
                await connect(SETTINGS, at_realm.keys, wait=False)

    async def test_waits_for_a_server_that_comes_later(
        self, temporal_cli: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        late = DevServer(temporal_cli, tmp_path, port=(port := free_port()))
        monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{port}")
        waiting = asyncio.create_task(connect(SETTINGS, None, wait=True))
        try:
            await late.start()
            client = await waiting

            assert await client.service_client.check_health()
        finally:
            waiting.cancel()
            late.stop()

    async def test_keeps_the_sdks_warnings_out_of_stdout(
        self,
        temporal_cli: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        server = DevServer(temporal_cli, tmp_path)
        await server.start()
        monkeypatch.setenv("TEMPORAL_ADDRESS", server.address)
        client = await connect(SETTINGS, None, wait=False)
        server.kill()
        port = int(server.address.rpartition(":")[2])

        # Bound and not listened at: nobody else on a busy machine can come to answer there.
        with socket.socket() as nobody:
            nobody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            nobody.bind(("127.0.0.1", port))
            await self.until_retried(client, caplog)

        assert capfd.readouterr().out == ""

    @staticmethod
    async def until_retried(client: Client, caplog: pytest.LogCaptureFixture) -> None:
        async with asyncio.timeout(60):
            while "retried" not in caplog.text:
                with pytest.raises(RPCError):
                    await client.get_workflow_handle("any").describe(
                        rpc_timeout=timedelta(seconds=6)
                    )
                await asyncio.sleep(0.2)  # it is logged from the SDK's thread
