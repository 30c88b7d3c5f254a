"""One onboarding by hand: a real server, the real steps in this process, the upstream pretended."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.worker import Worker

from devstack.temporal_server import RunningServer
from likeness import names
from likeness.ids import onboarding_workflow_id, person_workflow_id, video_workflow_id
from likeness.messages.base import Message
from likeness.messages.conversation import (
    Cancel,
    Consent,
    OnboardingStatus,
    OpenSession,
    SessionOpened,
    VerificationCallback,
    VideoStatus,
)
from likeness.messages.onboarding import (
    AssetRequest,
    OnboardingInput,
    OnboardingPolicy,
    OnboardingRequest,
    VideoRequest,
)
from likeness.messages.person import PersonState
from likeness.temporal.keyring import Key, KeyRing
from likeness.temporal.onboardings import start_onboarding
from likeness.temporal.plugin import likeness_plugin
from runtime.links import LinkSealer
from runtime.settings import WorkerSettings
from runtime.webhook_keys import new_secret, store_webhook_keys
from simulator.faults import Fault
from simulator.scenario import PRESETS, Scenario
from simulator.server import serve
from simulator.world import World
from tests.workflows.receiver import Receiver, receiving
from worker import work, workers

TASK_QUEUE = "likeness"
CONSENT = Consent(text_version="en-1", sha256="0" * 64, locale="en")
QUICK = OnboardingPolicy(
    look_delays_s=(0.1, 0.4, 0.8),
    link_ttl_s=3,
    scan_grace_s=1,
    token_ttl_s=8,
    poll_interval_s=0.2,
    deadline_s=600,
    post_timeout_s=20,
    cooldown_s=0,
)


class Journey:
    """One person's onboarding and everything around it."""

    def __init__(
        self,
        client: Client,
        world: World,
        base_url: str,
        settings: WorkerSettings,
        receiver: Receiver,
    ) -> None:
        self.client = client
        self.world = world
        self.base_url = base_url
        self.settings = settings
        self.receiver = receiver
        self.onboarding = f"o-{secrets.token_hex(4)}"
        self.sealer = LinkSealer([Fernet.generate_key()])
        self._stopping = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self.http = httpx.AsyncClient(trust_env=False, timeout=10)

    @property
    def handle(self) -> WorkflowHandle[Any, OnboardingStatus]:
        return self.client.get_workflow_handle(
            onboarding_workflow_id("default", self.onboarding), result_type=OnboardingStatus
        )

    def new_link_keys(self) -> None:
        """Seal with other keys from the next worker on."""
        self.sealer = LinkSealer([Fernet.generate_key()])

    async def start_worker(self) -> None:
        self._stopping = asyncio.Event()
        self._worker = asyncio.create_task(self._work(self._stopping))

    async def _work(self, stopping: asyncio.Event) -> None:
        async with self.hosted(self.client) as hosted:
            await work(hosted, stopping)

    def hosted(self, client: Client) -> AbstractAsyncContextManager[tuple[Worker, ...]]:
        """Give the worker's queues on a connection."""
        return workers(
            self.settings,
            client,
            sealer=self.sealer,
            signed=lambda order: f"signed for {order.person}".encode(),
        )

    async def stop_worker(self) -> None:
        if self._worker is not None:
            self._stopping.set()
            await self._worker
            self._worker = None

    async def restart_worker(self, **settings: Any) -> None:
        """Have a worker with other settings."""
        await self.stop_worker()
        self.settings = self.settings.model_copy(update=settings)
        await self.start_worker()

    async def start(
        self,
        *paths: str,
        min_usable: int | None = None,
        video: VideoRequest | None = None,
        told: bool = False,
        **policy: Any,
    ) -> None:
        """Start with an asset a path; ``told``: our receiver is told of it."""
        request = self.request(*paths, min_usable=min_usable, video=video, told=told)
        await start_onboarding(
            self.client,
            OnboardingInput(request=request, policy=QUICK.model_copy(update=policy)),
            task_queue=TASK_QUEUE,
        )

    async def start_foreign(self, *paths: str, **policy: Any) -> None:
        """Start as a client does that knows nothing of memos and search attributes."""
        order = OnboardingInput(
            request=self.request(*paths), policy=QUICK.model_copy(update=policy)
        )
        await self.client.start_workflow(
            names.ONBOARD_PERSON, order, id=self.handle.id, task_queue=TASK_QUEUE
        )

    def request(self, *paths: str, told: bool = False, **more: Any) -> OnboardingRequest:
        """Ask for an onboarding with the upstream's own pictures."""
        assets = tuple(
            AssetRequest(name=f"asset-{n}", url=SecretStr(f"{self.base_url}/portraits/{path}.jpg"))
            for n, path in enumerate(paths or ("a",), start=1)
        )
        return OnboardingRequest(
            onboarding=self.onboarding,
            person="p-1",
            assets=assets,
            webhook_url=SecretStr(self.receiver.url) if told else None,
            **more,
        )

    async def tap(
        self,
        nonce: str | None = None,
        *,
        valid_s: float = 15,
        device: str | None = None,
        take_over: bool = False,
    ) -> SessionOpened:
        opened: SessionOpened = await self.handle.execute_update(
            names.OPEN_SESSION,
            OpenSession(
                consent=CONSENT,
                not_after=time.time() + valid_s,
                device=device,
                take_over=take_over,
            ),
            id=nonce or secrets.token_hex(8),
            result_type=SessionOpened,
        )
        return opened

    async def scan(self, opened: SessionOpened, outcome: str = "pass") -> None:
        """Go through the check without following the redirect back."""
        assert opened.h5_link is not None
        link = opened.h5_link.get_secret_value()
        (await self.http.get(link)).raise_for_status()
        done = await self.http.post(link.partition("?")[0], data={"outcome": outcome})
        assert done.status_code in (200, 302)

    async def come_back(self, attempt: int = 1, result_code: int = 10000) -> None:
        await self.handle.signal(
            names.VERIFICATION_CALLBACK,
            VerificationCallback(attempt=attempt, result_code=result_code),
        )

    async def pass_the_scan(self) -> None:
        opened = await self.tap()
        await self.scan(opened)
        await self.come_back(opened.attempt or 0)

    async def status(self) -> OnboardingStatus:
        status: OnboardingStatus = await self.handle.query(
            names.STATUS, result_type=OnboardingStatus
        )
        return status

    async def until(self, told: Callable[[OnboardingStatus], bool]) -> OnboardingStatus:
        """Wait until the run tells what is expected; the test's own timeout is the limit."""
        while True:
            status = await self.status()
            if told(status):
                return status
            await asyncio.sleep(0.05)

    async def order(self, verb: str, order: Message) -> OnboardingStatus:
        """Give an order as an Update."""
        status: OnboardingStatus = await self.handle.execute_update(
            verb, order, result_type=OnboardingStatus
        )
        return status

    async def refusal(self, verb: str, order: Message) -> tuple[str | None, str]:
        """Give an order that must be refused; tell the code and the sentence."""
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await self.order(verb, order)
        cause = refused.value.cause
        assert isinstance(cause, ApplicationError)
        return cause.type, cause.message

    async def result(self) -> OnboardingStatus:
        return await self.handle.result()

    @property
    def person(self) -> WorkflowHandle[Any, PersonState]:
        return self.client.get_workflow_handle(
            person_workflow_id("default", "p-1"), result_type=PersonState
        )

    async def person_until(self, told: Callable[[PersonState], bool]) -> PersonState:
        """Wait until the person's run tells what is expected."""
        while True:
            with contextlib.suppress(RPCError):
                state: PersonState = await self.person.query(names.STATUS, result_type=PersonState)
                if told(state):
                    return state
            await asyncio.sleep(0.05)

    async def video_result(self) -> VideoStatus:
        """Wait for the child's own end."""
        video: VideoStatus = await self.client.get_workflow_handle(
            video_workflow_id(self.handle.id), result_type=VideoStatus
        ).result()
        return video

    async def reset_before(self, event_name: str, *, workflow_id: str | None = None) -> None:
        """Reset a run to the workflow task that led to the first event of that name."""
        handle = self.client.get_workflow_handle(workflow_id) if workflow_id else self.handle
        last_task = 0
        async for event in handle.fetch_history_events():
            name = EventType.Name(event.event_type)
            if name == f"EVENT_TYPE_{event_name}":
                break
            if name == "EVENT_TYPE_WORKFLOW_TASK_COMPLETED":
                last_task = event.event_id
        await self.client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=self.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=handle.id),
                workflow_task_finish_event_id=last_task,
                request_id=secrets.token_hex(8),
                reason="test",
            )
        )

    async def cancel(self) -> OnboardingStatus:
        status: OnboardingStatus = await self.handle.execute_update(
            names.CANCEL, Cancel(), result_type=OnboardingStatus
        )
        return status

    def fault(self, route: str, kind: str, **fields: Any) -> None:
        """Let the next call of a route go wrong."""
        self.world.faults.add(Fault.model_validate({"route": route, "kind": kind, **fields}))

    def change(self, **fields: Any) -> None:
        """Change the upstream's world for what is made from now on."""
        changed = {**self.world.scenario.model_dump(), **fields}
        self.world.scenario = Scenario.model_validate(changed)

    async def until_counted(self, name: str, times: int = 1) -> None:
        """Wait until the ledger holds an entry of that name."""
        while self.count(name) < times:  # noqa: ASYNC110  # the ledger tells nobody
            await asyncio.sleep(0.02)

    def count(self, name: str) -> int:
        """Count an effect or call in the upstream's ledger."""
        return sum(entry.name == name for entry in self.world.ledger.entries)

    async def events(self, workflow_id: str | None = None) -> list[str]:
        """Name the events of a run's history."""
        handle = self.client.get_workflow_handle(workflow_id) if workflow_id else self.handle
        return [
            EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
            async for event in handle.fetch_history_events()
        ]


@pytest.fixture
def key_ring() -> KeyRing:
    return KeyRing.of(Key.of(secrets.token_bytes(32)))


@pytest.fixture
async def client(temporal_server: RunningServer, namespace: str, key_ring: KeyRing) -> Client:
    return await Client.connect(
        temporal_server.address,
        namespace=namespace,
        plugins=[likeness_plugin(key_ring, namespace=namespace)],
    )


@asynccontextmanager
async def upstream(scenario: Scenario) -> AsyncIterator[tuple[World, str]]:
    world = World(scenario)
    async with serve(world) as base_url:
        yield world, base_url


@pytest.fixture
def scenario() -> Scenario:
    """Override with ``@pytest.mark.parametrize`` or in a class to change the world."""
    return PRESETS["quick"]


@pytest.fixture
async def journey(client: Client, scenario: Scenario, tmp_path: Path) -> AsyncIterator[Journey]:
    async with (
        upstream(scenario) as (world, base_url),
        journey_through(client, world, base_url, tmp_path) as walked,
    ):
        yield walked


@asynccontextmanager
async def journey_through(
    client: Client, world: World, base_url: str, folder: Path
) -> AsyncIterator[Journey]:
    webhook_keys = folder / "webhook.keys"
    store_webhook_keys(webhook_keys, {"default": [new_secret()]})
    async with receiving() as receiver:
        settings = WorkerSettings(
            apimart_api_key=SecretStr("sk-test-canary"),
            apimart_base_url=base_url,
            h5_hosts=(base_url,),
            fetch_allow=(base_url,),
            upstream_rps=200,
            account_probe_s=0.3,
            archive_url=(folder / "archive").as_uri(),
            public_base_url="http://127.0.0.1:1",
            task_queue=TASK_QUEUE,
            webhook_keys_file=webhook_keys,
            webhook_allow=(receiver.origin,),
            # Longer than a slow machine takes for any test: no schedule is over by itself.
            webhook_retries_s=(0.2,) * 8 + (2,) * 12,
        )
        journey = Journey(client, world, base_url, settings, receiver)
        await journey.start_worker()
        try:
            yield journey
        finally:
            await journey.stop_worker()
            await journey.http.aclose()
