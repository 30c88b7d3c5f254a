import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from devstack.ports import free_port
from devstack.temporal_server import DevServer
from runtime.settings import TemporalSettings
from runtime.temporal import ConnectError, TemporalUnreachableError, connect
from tests.integration.runtime.conftest import Realm

pytestmark = pytest.mark.server

SETTINGS = TemporalSettings()

ASKING_A_DEAD_SERVER = """
import asyncio, logging, sys
from datetime import timedelta
from temporalio.service import RPCError
from runtime.settings import TemporalSettings
from runtime.temporal import connect

async def ask():
    client = await connect(TemporalSettings(), None, wait=False)
    print("connected", flush=True)
    sys.stdin.readline()
    try:
        await client.get_workflow_handle("any").describe(rpc_timeout=timedelta(seconds=20))
    except RPCError:
        await asyncio.sleep(1)  # what it has logged comes from the SDK's thread

logging.basicConfig(level=logging.INFO)
asyncio.run(ask())
"""
"""Tells when it is connected, waits for a line, and asks once for up to 20 s."""


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
        self, temporal_cli: Path, tmp_path: Path
    ) -> None:
        """In a process of its own, as each command is: the SDK's logging belongs to a process."""
        server = DevServer(temporal_cli, tmp_path)
        await server.start()
        port = int(server.address.rpartition(":")[2])
        asking = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", ASKING_A_DEAD_SERVER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "TEMPORAL_ADDRESS": server.address},
        )
        assert asking.stdout is not None
        assert b"connected\n" == await asking.stdout.readline()
        server.kill()

        # Bound and not listened at: nobody else on a busy machine can come to answer there.
        with socket.socket() as nobody:
            nobody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            nobody.bind(("127.0.0.1", port))
            out, err = await asking.communicate(b"it is dead\n")

        assert (b"", 0) == (out, asking.returncode), err[-700:]
        assert b"retried" in err
