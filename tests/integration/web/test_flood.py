"""Invalid callbacks in masses and slow senders keep no good callback from its run."""

import asyncio
from pathlib import Path

import pytest

from devstack.temporal_server import RunningServer
from tests.hostile.flood import GOOD, flood, target

pytestmark = [pytest.mark.server, pytest.mark.processes]


class TestAFlood:
    async def test_lets_every_good_callback_through_and_ends_the_slow_ones(
        self, temporal_server: RunningServer, namespace: str, tmp_path: Path
    ) -> None:
        """`make hostile` sends 20,000 past 500."""
        async with target(temporal_server.address, namespace, tmp_path) as at:
            flooded = await flood(at, invalid=1_000, slow=300)

        assert {404: 1_000} == flooded.bad
        assert ({303: GOOD}, GOOD) == (flooded.good, flooded.delivered)
        assert (200, 300) == (flooded.healthy, flooded.slow_closed)


class TestASlowBody:
    async def test_of_a_forged_callback_is_not_waited_for(
        self, temporal_server: RunningServer, namespace: str, tmp_path: Path
    ) -> None:
        async with target(temporal_server.address, namespace, tmp_path) as at:
            reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
            writer.write(b"POST /callback/x HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\nx")
            head = await reader.readuntil(b"\r\n")
            rest = await reader.read()
            writer.close()

        assert b"HTTP/1.1 404 Not Found\r\n" == head
        assert b"</html>" in rest
