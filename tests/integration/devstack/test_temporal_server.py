"""The dev server keeps what it was told over a SIGKILL, on the same ports and the same file."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from devstack.isolation import NAMESPACE_PREFIX, is_loopback
from devstack.namespaces import (
    SearchAttributeTypeError,
    ensure_namespace,
    search_attribute_types,
)
from devstack.temporal_server import (
    DevServer,
    RunningServer,
    TemporalServerError,
    start_dev_server,
)
from likeness.search import SEARCH_ATTRIBUTES

pytestmark = pytest.mark.server

NAMESPACE = f"{NAMESPACE_PREFIX}0"
THIRTY_DAYS_S = 30 * 24 * 3600


@pytest.fixture
async def server(temporal_cli: Path, tmp_path: Path) -> AsyncIterator[DevServer]:
    async with start_dev_server(
        temporal_cli,
        tmp_path,
        namespace=NAMESPACE,
        search_attributes={"Stage": "Keyword", "Deadline": "Datetime"},
    ) as started:
        yield started


class TestDevServer:
    async def test_has_the_namespace_with_retention_and_search_attributes(
        self, server: DevServer
    ) -> None:
        client = await Client.connect(server.address, namespace=NAMESPACE)
        described = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=NAMESPACE)
        )

        assert THIRTY_DAYS_S == described.config.workflow_execution_retention_ttl.seconds
        assert {"Stage": "Keyword", "Deadline": "Datetime"} == await search_attribute_types(
            client, NAMESPACE
        )

    async def test_is_on_loopback_without_a_ui_unless_asked(self, server: DevServer) -> None:
        assert is_loopback(server.address)
        assert server.ui_url is None

    async def test_after_a_sigkill_it_is_there_again_with_its_workflows(
        self, server: DevServer
    ) -> None:
        address = server.address
        client = await Client.connect(address, namespace=NAMESPACE)
        await client.start_workflow("Any", id="kept", task_queue="nobody")

        server.kill()
        assert not server.alive
        await server.restart()

        assert address == server.address
        assert "kept" == (await client.get_workflow_handle("kept").describe()).id

    async def test_takes_another_port_when_the_wanted_one_is_taken(
        self, temporal_cli: Path, tmp_path: Path, server: DevServer
    ) -> None:
        taken = int(server.address.rpartition(":")[2])
        second = DevServer(temporal_cli, tmp_path / "second", port=taken)

        try:
            await second.start()

            assert server.address != second.address
        finally:
            second.stop()

    async def test_serves_the_ui_when_asked(self, temporal_cli: Path, tmp_path: Path) -> None:
        endpoint = "http://127.0.0.1:1/codec"

        async with (
            start_dev_server(temporal_cli, tmp_path, ui=True, ui_codec_endpoint=endpoint) as server,
            httpx.AsyncClient(base_url=str(server.ui_url)) as http,
        ):
            answer = await http.get("/api/v1/settings")

        assert endpoint == answer.json()["Codec"]["Endpoint"]

    async def test_refuses_a_file_whose_search_attribute_has_another_type(
        self, temporal_cli: Path, tmp_path: Path, server: DevServer
    ) -> None:
        server.stop()
        other = DevServer(
            temporal_cli, tmp_path, namespace=NAMESPACE, search_attributes={"Stage": "Int"}
        )

        with pytest.raises(
            SearchAttributeTypeError, match=r"Stage of namespace .* has type Keyword"
        ):
            await other.start()

        assert not other.alive

    async def test_one_that_cannot_start_shows_the_end_of_its_log(self, tmp_path: Path) -> None:
        broken = tmp_path / "temporal"
        broken.write_text("#!/bin/sh\necho 'the disk is full'\nexit 7\n")
        broken.chmod(0o755)

        with pytest.raises(TemporalServerError, match=r"(?s)exit code 7.*the disk is full"):
            await DevServer(broken, tmp_path).start()


class TestNamespaceFixture:
    async def test_is_a_fresh_namespace_with_our_search_attributes(
        self, temporal_server: RunningServer, namespace: str
    ) -> None:
        client = await Client.connect(temporal_server.address, namespace=namespace)

        assert namespace.startswith(NAMESPACE_PREFIX)
        assert SEARCH_ATTRIBUTES == await search_attribute_types(client, namespace)
        assert [] == [run async for run in client.list_workflows()]

    async def test_making_it_again_changes_nothing(
        self, temporal_server: RunningServer, namespace: str
    ) -> None:
        client = await Client.connect(temporal_server.address, namespace=namespace)

        await ensure_namespace(client, namespace, search_attributes=SEARCH_ATTRIBUTES)

        assert SEARCH_ATTRIBUTES == await search_attribute_types(client, namespace)

    async def test_an_unknown_type_is_refused(
        self, temporal_server: RunningServer, namespace: str
    ) -> None:
        client = await Client.connect(temporal_server.address, namespace=namespace)

        with pytest.raises(ValueError, match="Words is no type of a search attribute"):
            await ensure_namespace(client, namespace, search_attributes={"Any": "Words"})
