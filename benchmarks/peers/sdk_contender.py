"""Runs the two peers of the same SDK, and orders onboardings of them by its client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import Client, WorkflowHandle

from benchmarks.contender import Caller, Costs, Place
from benchmarks.histories import costs_of_queue
from benchmarks.peers import bare, naive
from devstack.isolation import child_environment
from devstack.stack import our_process
from devstack.supervisor import ProcessSpec


class SdkContender:
    """See ``benchmarks.contender.Contender``; ``takes_poll_s`` is part of the workflow's input."""

    def __init__(self, name: str, *, queue: str, ready: str, takes_poll_s: bool) -> None:
        self.name = name
        self._queue = queue
        self._ready = ready
        self._takes_poll_s = takes_poll_s

    def processes(self, place: Place) -> tuple[ProcessSpec, ...]:
        """One worker does all the work."""
        environment = child_environment(
            place.directory / "home",
            {
                "TEMPORAL_ADDRESS": place.store.temporal_address,
                "TEMPORAL_NAMESPACE": place.store.namespace,
                "UPSTREAM_URL": place.upstream_url,
                "POLL_INTERVAL_S": str(place.poll_interval_s),
            },
        )
        process = our_process(
            self.name,
            "-m",
            f"benchmarks.peers.{self.name}",
            environment=environment,
            directory=place.directory,
            ready_line=self._ready,
        )
        return (process,)

    @asynccontextmanager
    async def called(self, place: Place) -> AsyncIterator[Caller]:
        """Connect."""
        client = await Client.connect(place.store.temporal_address, namespace=place.store.namespace)
        more = (place.poll_interval_s,) if self._takes_poll_s else ()
        yield SdkCaller(client, self._queue, place.upstream_url, more)


class SdkCaller:
    """See ``benchmarks.contender.Caller``; ``more`` is what the workflow takes beside its URL."""

    def __init__(
        self, client: Client, queue: str, upstream_url: str, more: tuple[float, ...]
    ) -> None:
        self._client = client
        self._queue = queue
        self._upstream_url = upstream_url
        self._more = more
        self._people = 0

    async def begin(self, person: str) -> None:
        """Start the workflow under the person's name."""
        portrait = f"{self._upstream_url}/portraits/{person}.jpg"
        await self._client.start_workflow(
            "Onboard",
            args=[person, portrait, *self._more],
            id=self._id(person),
            task_queue=self._queue,
        )
        self._people += 1

    async def link(self, person: str) -> str:
        """Tap."""
        return str(await self._handle(person).execute_update("tap", person))

    async def came_back(self, person: str) -> None:
        """Signal."""
        await self._handle(person).signal("callback")

    async def ended(self, person: str) -> bool:
        """Wait for the result."""
        return bool(await self._handle(person).result())

    async def costs(self) -> Costs:
        """Read every run."""
        return await costs_of_queue(self._client, self._queue, runs=self._people)

    def _handle(self, person: str) -> WorkflowHandle[object, object]:
        return self._client.get_workflow_handle(self._id(person))

    def _id(self, person: str) -> str:
        return f"{self._queue}/{person}"


def bare_contender() -> SdkContender:
    """Give the floor."""
    return SdkContender("bare", queue=bare.QUEUE, ready=bare.READY, takes_poll_s=False)


def naive_contender() -> SdkContender:
    """Give what most samples do."""
    return SdkContender("naive", queue=naive.QUEUE, ready=naive.READY, takes_poll_s=True)
