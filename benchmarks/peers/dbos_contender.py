"""Runs the DBOS peer, and orders onboardings of it by the client that DBOS has for that."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dbos import DBOSClient, WorkflowHandleAsync

from benchmarks.contender import Caller, Costs, Place
from benchmarks.peers.dbos_peer import QUEUE, READY, onboard
from devstack.isolation import child_environment
from devstack.stack import our_process
from devstack.supervisor import ProcessSpec

LOOK_AFTER_S = 30.0
"""How long the caller waits for an event before it asks whether the workflow failed."""


class DbosCaller:
    """Orders onboardings by the client that DBOS has for other processes."""

    def __init__(self, client: DBOSClient, upstream_url: str) -> None:
        self._client = client
        self._upstream_url = upstream_url

    async def begin(self, person: str) -> None:
        """Queue the workflow under the person's name."""
        portrait = f"{self._upstream_url}/portraits/{person}.jpg"
        await self._client.enqueue_async(
            {"queue_name": QUEUE, "workflow_name": onboard.__qualname__, "workflow_id": person},
            person,
            portrait,
        )

    async def link(self, person: str) -> str:
        """Send the tap once, whoever asks again, and wait for the event."""
        await self._client.send_async(person, "tap", "tap", idempotency_key=f"{person}/tap")
        return str(await self._event(person, "h5_link"))

    async def came_back(self, person: str) -> None:
        """Send the callback."""
        await self._client.send_async(person, "callback", "callback")

    async def ended(self, person: str) -> bool:
        """Wait for the last event, of which the database tells; results are polled for."""
        return bool(await self._event(person, "usable"))

    async def costs(self) -> Costs | None:
        """There are no histories."""
        return None

    async def _event(self, person: str, key: str) -> object:
        while (value := await self._client.get_event_async(person, key, LOOK_AFTER_S)) is None:
            workflow: WorkflowHandleAsync[bool] = await self._client.retrieve_workflow_async(person)
            status = (await workflow.get_status()).status
            if status not in ("ENQUEUED", "PENDING"):
                raise RuntimeError(f"The workflow of {person} is {status}, without {key}.")
        return value


class DbosContender:
    """DBOS Transact with its defaults, in a database of its own beside the server's."""

    name = "dbos"

    def processes(self, place: Place) -> tuple[ProcessSpec, ...]:
        """One process does all the work."""
        environment = child_environment(
            place.directory / "home",
            {
                "DATABASE_URL": _database(place),
                "UPSTREAM_URL": place.upstream_url,
                "POLL_INTERVAL_S": str(place.poll_interval_s),
            },
        )
        process = our_process(
            "dbos",
            "-m",
            "benchmarks.peers.dbos_peer",
            environment=environment,
            directory=place.directory,
            ready_line=READY,
        )
        return (process,)

    @asynccontextmanager
    async def called(self, place: Place) -> AsyncIterator[Caller]:
        """Connect to the database, which is the only way to the app."""
        client = DBOSClient(system_database_url=_database(place), use_listen_notify=True)
        try:
            yield DbosCaller(client, place.upstream_url)
        finally:
            client.destroy()


def _database(place: Place) -> str:
    if place.store.database_url is None:
        raise ValueError(f"DBOS needs PostgreSQL, and {place.store.name} has none.")
    return place.store.database_url
