"""The API over a real server, with real steps where a worker is wanted, upstream pretended."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount
from temporalio.client import Client

from likeness.messages.onboarding import OnboardingPolicy, OnboardingRequest
from likeness.rest.onboardings import Onboarding
from runtime.api_keys import Scope
from runtime.h5_hosts import H5Hosts
from runtime.links import LinkSealer
from runtime.receipts import ReceiptSigner
from runtime.settings import WorkerSettings
from simulator.world import World
from tests.integration.web.conftest import LINK_KEYS
from tests.integration.web.test_journey import scanned, tapped
from web.api.app import PREFIX, api_app
from web.api.callers import Caller
from web.api.deps import ApiDeps
from web.deps import PublicDeps
from web.forms import FormSeals
from web.onboardings import TemporalOnboardings
from web.people import TemporalPeople
from web.public import public_app
from web.serving import Listener, _config, _Server
from web.videos import TemporalVideos
from worker import receipts_signed_by, workers

BASE = "https://likeness.example"
LINKS = LinkSealer.of(LINK_KEYS)
QUICK = OnboardingPolicy(
    look_delays_s=(0.1, 0.4, 0.8), poll_interval_s=0.2, deadline_s=600, cooldown_s=0
)


async def admitted(request: Request, scope: Scope) -> Caller:
    """Take the tenant's name and a key's for a key; the gate has tests of its own."""
    tenant, _, name = request.headers["authorization"].removeprefix("Bearer ").partition("/")
    return Caller(tenant=tenant, account="default", key_id=name, name=name, scope=scope)


async def nothing_unfit(request: OnboardingRequest) -> None:
    del request


@dataclass
class Service:
    """The API at a real socket, and everything around it."""

    temporal: Client
    world: World
    upstream_url: str
    settings: WorkerSettings
    deps: ApiDeps
    url: str = ""
    http: list[httpx.AsyncClient] = field(default_factory=list)

    def caller(self, tenant: str = "default", name: str = "shop") -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {tenant}/{name}"}
        client = httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False, timeout=30)
        self.http.append(client)
        return client

    def body(self, *portraits: str, **fields: Any) -> dict[str, Any]:
        assets = [
            {"name": f"asset-{n}", "url": f"{self.upstream_url}/portraits/{name}.jpg"}
            for n, name in enumerate(portraits or ("a",), start=1)
        ]
        return {"person": "p-1", "assets": assets, **fields}

    async def create(
        self, api: httpx.AsyncClient, *portraits: str, key: str = "order-1", **fields: Any
    ) -> dict[str, Any]:
        body = self.body(*portraits, **fields)
        answer = await api.post("/onboardings", json=body, headers={"Idempotency-Key": key})
        assert 202 == answer.status_code, answer.text
        created: dict[str, Any] = answer.json()
        return created

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Have a worker for as long as the block lasts."""
        async with AsyncExitStack() as stack:
            hosted = workers(
                self.settings,
                self.temporal,
                sealer=LINKS,
                signed=receipts_signed_by(ReceiptSigner.of(LINK_KEYS)),
            )
            for worker in await stack.enter_async_context(hosted):
                await stack.enter_async_context(worker)
            yield

    async def pass_the_scan(self, invite_url: str) -> None:
        """Be the person: tap, go through the check, and let the browser be sent back."""

        async def connected(_: float) -> Client:
            return self.temporal

        deps = PublicDeps(
            onboardings=TemporalOnboardings(connected),
            people=TemporalPeople(connected),
            videos=TemporalVideos(connected),
            links=LINKS,
            forms=FormSeals.of(LINK_KEYS),
            receipts=ReceiptSigner.of(LINK_KEYS),
            h5_hosts=H5Hosts.of([self.upstream_url]),
            token_ttl_s=1800,
            base_url=BASE,
        )
        app = httpx.ASGITransport(app=public_app(deps))
        async with httpx.AsyncClient(transport=app, base_url=BASE) as phone:
            callback = await scanned(await tapped(phone, urlsplit(invite_url).path), "pass")
            await phone.get(callback)


async def shown(api: httpx.AsyncClient, onboarding: str) -> Onboarding:
    answer = await api.get(f"/onboardings/{onboarding}")
    assert 200 == answer.status_code, answer.text
    return Onboarding.model_validate(answer.json())


async def until(
    api: httpx.AsyncClient, onboarding: str, told: Callable[[Onboarding], object]
) -> Onboarding:
    """Ask again until it is told; the test's own timeout is the limit."""
    while True:
        now = await shown(api, onboarding)
        if told(now):
            return now
        await asyncio.sleep(0.05)


async def runs_counted(temporal: Client, query: str, *, at_least: int) -> int:
    """Count runs once the list, which lags behind, has caught up with ``at_least``."""
    while True:
        found = await temporal.count_workflows(query)
        if found.count >= at_least:
            return found.count
        await asyncio.sleep(0.05)


@asynccontextmanager
async def served(service: Service) -> AsyncIterator[Service]:
    """Serve the API as the web process does, until the block is left."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}{PREFIX}"
    app = Starlette(routes=[Mount(PREFIX, app=api_app(service.deps))])
    server = _Server(_config(Listener(app=app, socket=listening).app))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    at_url = replace(service, url=url)
    try:
        yield at_url
    finally:
        service.deps.leaving.set()
        server.should_exit = True
        for client in at_url.http:
            await client.aclose()
        with contextlib.suppress(asyncio.CancelledError):
            await running
