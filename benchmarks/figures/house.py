"""The processes that the figures of a running worker watch, and the people who come to them."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import httpx
from pydantic import SecretStr
from temporalio.client import Client

from benchmarks.contender import RunningStore
from devstack.stack import TASK_QUEUE, Ports, Stack
from devstack.supervisor import Supervisor
from likeness import names
from likeness.ids import onboarding_workflow_id
from likeness.messages.conversation import (
    OnboardingStatus,
    OpenOutcome,
    OpenSession,
    SessionOpened,
    VerificationCallback,
)
from likeness.messages.onboarding import (
    AssetRequest,
    OnboardingInput,
    OnboardingPolicy,
    OnboardingRequest,
)
from likeness.stages import QueryPolicy
from likeness.temporal.onboardings import start_onboarding
from likeness.temporal.plugin import likeness_plugin
from runtime.keys import load_key_file, make_key_file
from runtime.links import LinkSealer
from simulator.control import NO_CERTIFICATES, SimulatorControl
from simulator.ledger import fingerprint
from web.consent import load_consent_texts

CONSENT = load_consent_texts()["en-2"].given()
DAY_S = 86_400.0
AT_ONCE = 40
"""Calls of the client that are under way at one time, so that it never stands in its own way."""

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

    async def invited(
        self, prefix: str, count: int, *, policy: OnboardingPolicy = PARKED
    ) -> list["Person"]:
        """Invite so many; each of them then waits for a tap."""
        people = [Person(self, f"{prefix}-{number}") for number in range(count)]
        await each_of(people, lambda person: person.is_invited(policy))
        return people

    async def sent_to_check(
        self, prefix: str, count: int, *, policy: OnboardingPolicy = PARKED
    ) -> list["Person"]:
        """Invite so many and have each tap Start; each then waits for a callback."""
        people = await self.invited(prefix, count, policy=policy)
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

    def __init__(self, house: House, name: str) -> None:
        self.house = house
        self.name = name
        self.link = ""
        self.came_back_at = 0.0
        self._handle = house.client.get_workflow_handle(
            onboarding_workflow_id("default", name), result_type=OnboardingStatus
        )

    async def is_invited(self, policy: OnboardingPolicy) -> None:
        """Have the onboarding started, with one asset and nobody to be told."""
        portrait = f"{self.house.stack.simulator_url}/portraits/{self.name}.jpg"
        request = OnboardingRequest(
            onboarding=self.name,
            person=self.name,
            assets=(AssetRequest(name="front", url=SecretStr(portrait)),),
        )
        order = OnboardingInput(request=request, policy=policy)
        await start_onboarding(self.house.client, order, task_queue=TASK_QUEUE)

    async def taps(self) -> None:
        """Tap Start until there is a link."""
        outcome = None
        while outcome is not OpenOutcome.OPENED:
            opened: SessionOpened = await self._handle.execute_update(
                names.OPEN_SESSION,
                OpenSession(consent=CONSENT, not_after=time.time() + 60),
                id=secrets.token_hex(8),
                result_type=SessionOpened,
            )
            outcome = opened.outcome
            self.link = opened.h5_link.get_secret_value() if opened.h5_link else ""

    async def scans(self) -> None:
        """Pass the check without going back."""
        (await self.house.http.get(self.link)).raise_for_status()
        page = self.link.partition("?")[0]
        done = await self.house.http.post(page, data={"outcome": "pass"})
        if not done.has_redirect_location:
            raise RuntimeError(f"The check of {self.name} led nowhere: {done.status_code}.")

    async def comes_back(self) -> None:
        """Be told by the relay's signal, without the relay; remembers when the call began."""
        self.came_back_at = time.time()
        await self._handle.signal(
            names.VERIFICATION_CALLBACK, VerificationCallback(attempt=1, result_code=10000)
        )

    async def ends(self) -> OnboardingStatus:
        """Wait for the end."""
        status: OnboardingStatus = await self._handle.result()
        return status


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
