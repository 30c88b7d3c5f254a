import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.worker import Worker

from devstack.temporal_server import RunningServer
from likeness.temporal.keyring import Key, KeyRing
from likeness.temporal.plugin import likeness_plugin
from tests.integration.runtime.miniature import WORKFLOWS, miniature_step

TASK_QUEUE = "miniature"


@dataclass(frozen=True)
class Realm:
    """A fresh namespace, its keys, and a client that holds them."""

    client: Client
    keys: KeyRing
    address: str
    namespace: str

    async def client_with(self, keys: KeyRing | None) -> Client:
        plugin = likeness_plugin(keys, namespace=self.namespace)
        return await Client.connect(self.address, namespace=self.namespace, plugins=[plugin])

    async def outsider(self) -> Client:
        """A client that knows nothing of ours, so what it sees is what stands in the server."""
        return await Client.connect(self.address, namespace=self.namespace)

    async def wait_for_event(self, workflow_id: str, kind: "EventType.ValueType") -> None:
        handle = self.client.get_workflow_handle(workflow_id)
        async with asyncio.timeout(20):
            while True:
                history = await handle.fetch_history()
                if any(event.event_type == kind for event in history.events):
                    return
                await asyncio.sleep(0.02)


@pytest.fixture
async def realm(temporal_server: RunningServer, namespace: str) -> Realm:
    keys = KeyRing.of(Key.of(b"k" * 32))
    plugin = likeness_plugin(keys, namespace=namespace)
    client = await Client.connect(temporal_server.address, namespace=namespace, plugins=[plugin])
    return Realm(client=client, keys=keys, address=temporal_server.address, namespace=namespace)


@pytest.fixture
def worker(realm: Realm) -> Callable[[], AbstractAsyncContextManager[Worker]]:
    @asynccontextmanager
    async def run() -> AsyncIterator[Worker]:
        async with Worker(
            realm.client,
            task_queue=TASK_QUEUE,
            workflows=WORKFLOWS,
            activities=[miniature_step],
        ) as running:
            yield running

    return run
