"""The processes that the figures of a running worker watch, and the people who come to them."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Self

import httpx
from temporalio.client import Client

from benchmarks.contender import LinkLostError, LinkRefusedError, RunningStore
from benchmarks.driving import passed_check
from benchmarks.likeness_contender import LikenessCaller
from benchmarks.waiting import within
from devstack.stack import Ports, Stack
from devstack.supervisor import Supervisor
from likeness.ids import onboarding_workflow_id
from likeness.messages.onboarding import OnboardingPolicy
from likeness.stages import QueryPolicy
from likeness.temporal.plugin import likeness_plugin
from likeness.temporal.statuses import onboarding_status
from runtime.keys import load_key_file, make_key_file
from runtime.links import LinkSealer
from simulator.control import NO_CERTIFICATES, SimulatorControl
from simulator.ledger import fingerprint

DAY_S = 86_400.0
AT_ONCE = 40
"""Calls of the client that are under way at one time, so that it never stands in its own way."""

STARTED_WITHIN_S = 300.0
RESTED_WITHIN_S = 300.0
TAPPED_WITHIN_S = 180.0
TAP_AGAIN_S = 1.0
LOOK_AGAIN_S = 0.2
TOLD_WITHIN = timedelta(seconds=10)
UNTOUCHED_EVENTS = 3
"""A history of no more: started, its first task scheduled, and perhaps taken up."""

PARKED = OnboardingPolicy(
    look_delays_s=(0,),
    link_ttl_s=DAY_S,
    scan_grace_s=DAY_S,
    token_ttl_s=DAY_S,
    poll_interval_s=1,
    deadline_s=DAY_S,
    cooldown_s=0,
)
"""Nothing happens by itself while a figure is taken; one look follows a callback at once."""

POLLED = PARKED.model_copy(update={"query_policy": QueryPolicy.POLL, "poll_interval_s": 5.0})


class House:
    """A simulator and a worker on a store that runs, and a client of both."""

    def __init__(
        self,
        stack: Stack,
        processes: Supervisor,
        client: Client,
        upstream: SimulatorControl,
        http: httpx.AsyncClient,
    ) -> None:
        self.stack = stack
        self.processes = processes
        self.client = client
        self.upstream = upstream
        self.http = http
        self._links = LinkSealer.of(load_key_file(stack.directory / "keys" / "link.keys"))

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, store: RunningStore, directory: Path, **worker_settings: str
    ) -> AsyncIterator[Self]:
        """Start both processes; whatever was started has ended when the block is left."""
        stack = Stack(
            directory=directory,
            ports=Ports.free({}),
            namespace=store.namespace,
            temporal_address=store.temporal_address,
        )
        for name in ("payload", "link"):
            make_key_file(directory / "keys" / f"{name}.keys")
        keys = load_key_file(directory / "keys" / "payload.keys")
        client = await Client.connect(
            store.temporal_address,
            namespace=store.namespace,
            plugins=[likeness_plugin(keys, namespace=store.namespace)],
        )
        worker = stack.worker()
        settings = {"UPSTREAM_RPS": "500", **worker_settings}
        environment = {**worker.environment, **settings}
        with Supervisor() as processes:
            processes.start(stack.simulator())
            processes.start(worker.model_copy(update={"environment": environment}))
            async with (
                SimulatorControl(stack.simulator_url) as upstream,
                httpx.AsyncClient(trust_env=False, verify=NO_CERTIFICATES, timeout=60) as http,
            ):
                yield cls(stack, processes, client, upstream, http)

    @property
    def worker_pid(self) -> int:
        """Give the process that is watched."""
        pid = self.processes.child("worker").pid
        if pid is None:
            raise RuntimeError("The worker was never started.")
        return pid

    def person(self, name: str, *, policy: OnboardingPolicy = PARKED) -> "Person":
        """Give somebody who was not invited yet."""
        caller = LikenessCaller(self.client, self.stack.simulator_url, policy=policy)
        return Person(self, name, caller)

    async def invited(
        self, prefix: str, count: int, *, policy: OnboardingPolicy = PARKED
    ) -> list["Person"]:
        """Invite so many; each of them then waits for a tap.

        Raises:
            DidNotComeError: They were not all asked for, or worked off, in time.

        """
        people = [self.person(f"{prefix}-{number}", policy=policy) for number in range(count)]
        async with within(STARTED_WITHIN_S, f"{count} starts of {prefix}"):
            await each_of(people, Person.is_invited)
        await self.at_rest(people)
        return people

    async def at_rest(self, people: Sequence["Person"]) -> None:
        """Wait until the worker has nothing to do for any of them.

        Raises:
            DidNotComeError: It still had after minutes.

        """
        moving = deque(people)
        async with within(RESTED_WITHIN_S, f"Rest for all of {len(people)} runs"):
            while moving:
                seen = [moving.popleft() for _ in range(min(AT_ONCE, len(moving)))]
                rest = await asyncio.gather(*(person.is_at_rest() for person in seen))
                moving.extend(person for person, rests in zip(seen, rest, strict=True) if not rests)
                if not all(rest):
                    await asyncio.sleep(LOOK_AGAIN_S)

    async def sent_to_check(
        self, prefix: str, count: int, *, policy: OnboardingPolicy = PARKED
    ) -> list["Person"]:
        """Invite so many and have each tap Start; each then waits for a callback."""
        people = await self.invited(prefix, count, policy=policy)
        async with within(TAPPED_WITHIN_S, f"A link for each of {count} of {prefix}"):
            await each_of(people, Person.taps)
        return people

    async def looks(self) -> dict[str, list[float]]:
        """Tell when the upstream was asked about each onboarding's check, in unix seconds."""
        entries = await self.upstream.ledger()
        tokens = {
            entry["detail"]["callback"]: entry["detail"]["token"]
            for entry in entries
            if entry["name"] == "session_created"
        }
        asked: dict[str, list[float]] = {}
        for entry in entries:
            if entry["name"] == "query_group":
                asked.setdefault(entry["detail"]["token"], []).append(entry["at"])
        looked: dict[str, list[float]] = {}
        for url in (await self.upstream.secrets())["callback_urls"]:
            token = self._links.open_callback(url.rpartition("/")[2])
            if token is not None:
                of_url = asked.get(tokens[fingerprint(url)], [])
                looked.setdefault(token.onboarding, []).extend(of_url)
        return looked


class Person:
    """One person and their onboarding; both bear the same name."""

    def __init__(self, house: House, name: str, caller: LikenessCaller) -> None:
        self.house = house
        self.name = name
        self.workflow_id = onboarding_workflow_id("default", name)
        self.came_back_at = 0.0
        self._caller = caller
        self._link = ""

    async def is_invited(self) -> None:
        """Have the onboarding started, with one asset and nobody to be told."""
        await self._caller.begin(self.name)

    async def taps(self) -> None:
        """Tap Start until there is a link."""
        while not self._link:
            try:
                self._link = await self._caller.link(self.name)
            except (LinkLostError, LinkRefusedError):
                await asyncio.sleep(TAP_AGAIN_S)

    async def scans(self) -> None:
        """Pass the check without going back."""
        await passed_check(self.house.http, self._link)

    async def comes_back(self) -> None:
        """Be told by the relay's signal, without the relay; remembers when the call began."""
        self.came_back_at = time.time()
        await self._caller.came_back(self.name)

    async def ends(self) -> bool:
        """Wait for the end; tell whether there is a usable asset."""
        return await self._caller.ended(self.name)

    async def stands_at(self) -> str:
        """Name stage, hold and failure code, as far as there are such; asks the run itself."""
        status = await onboarding_status(
            self.house.client, "default", self.name, timeout=TOLD_WITHIN
        )
        if status is None:
            return "unknown"
        code = status.failure and status.failure.code
        return ", ".join(word for word in (status.stage, status.hold, code) if word)

    async def is_at_rest(self) -> bool:
        """Tell whether the run's first task is done, and none is left to be done."""
        handle = self.house.client.get_workflow_handle(self.workflow_id)
        told = (await handle.describe()).raw_description
        length = told.workflow_execution_info.history_length
        return length > UNTOUCHED_EVENTS and not told.HasField("pending_workflow_task")


async def each_of(
    people: Iterable[Person], does: Callable[[Person], Awaitable[None]], *, at_once: int = AT_ONCE
) -> None:
    """Have each of the people do it, so many at once."""
    places = asyncio.Semaphore(at_once)

    async def done(person: Person) -> None:
        async with places:
            await does(person)

    async with asyncio.TaskGroup() as everybody:
        for person in people:
            everybody.create_task(done(person))
