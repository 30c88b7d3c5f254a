"""The real workflow on a real server, with steps that are pretended; and the app over both."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from pydantic import SecretStr
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from devstack.temporal_server import RunningServer
from likeness.ids import DEFAULT_ACCOUNT, onboarding_workflow_id, person_queue
from likeness.messages.onboarding import (
    AssetRequest,
    OnboardingInput,
    OnboardingPolicy,
    OnboardingRequest,
)
from likeness.messages.steps import (
    CreateSession,
    GroupLooked,
    LookVerdict,
    QueryGroup,
    SessionCreated,
)
from likeness.steps import CREATE_SESSION, QUERY_GROUP
from likeness.temporal.keyring import Key, KeyRing
from likeness.temporal.onboardings import start_onboarding
from likeness.temporal.plugin import likeness_plugin
from runtime.h5_hosts import H5Hosts
from runtime.links import CallbackToken, InviteToken, LinkSealer
from runtime.receipts import ReceiptSigner
from web.deps import PublicDeps
from web.forms import FormSeals
from web.onboardings import TemporalOnboardings
from web.people import TemporalPeople
from web.public import public_app
from web.videos import TemporalVideos
from workflows.onboard_person import OnboardPerson

TASK_QUEUE = "likeness-web-test"
KEYS = KeyRing.of(Key.of(b"k" * 32))
LINK_KEYS = KeyRing.of(Key.of(b"l" * 32))
PERSON = InviteToken(tenant="default", onboarding="ob-1", person="p-1", link=1)


@dataclass
class PretendedSteps:
    """The person's two steps: every session gets a link of its own, no look ever passes."""

    sessions: list[CreateSession] = field(default_factory=list)
    questions: list[QueryGroup] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    @activity.defn(name=CREATE_SESSION.name)
    async def create_session(self, order: CreateSession) -> SessionCreated:
        self.sessions.append(order)
        return SessionCreated(
            task_id=f"task-{order.attempt}",
            byted_token=SecretStr("canary-byted"),
            h5_link=SecretStr(f"https://h5.example/scan/{order.attempt}"),
            project_name="default",
        )

    @activity.defn(name=QUERY_GROUP.name)
    async def query_group(self, question: QueryGroup) -> GroupLooked:
        self.questions.append(question)
        self.asked.set()
        return GroupLooked(verdict=LookVerdict.PENDING, looks=1)


@pytest.fixture
async def temporal(temporal_server: RunningServer, namespace: str) -> Client:
    plugin = likeness_plugin(KEYS, namespace=namespace)
    return await Client.connect(temporal_server.address, namespace=namespace, plugins=[plugin])


@pytest.fixture
async def started(temporal: Client) -> str:
    """Workflow id of an onboarding that has been started; no worker runs yet."""
    request = OnboardingRequest(
        onboarding=PERSON.onboarding,
        person=PERSON.person,
        assets=(AssetRequest(name="one", url=SecretStr("https://assets.example/1.jpg")),),
    )
    order = OnboardingInput(request=request, policy=OnboardingPolicy(deadline_s=300))
    await start_onboarding(temporal, order, task_queue=TASK_QUEUE)
    return onboarding_workflow_id(PERSON.tenant, PERSON.onboarding)


@pytest.fixture
def steps() -> PretendedSteps:
    return PretendedSteps()


@pytest.fixture
def working(
    temporal: Client, steps: PretendedSteps
) -> Callable[[], AbstractAsyncContextManager[None]]:
    """Call it to have a worker for as long as the block lasts."""

    @asynccontextmanager
    async def run() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(
                Worker(temporal, task_queue=TASK_QUEUE, workflows=[OnboardPerson])
            )
            await stack.enter_async_context(
                Worker(
                    temporal,
                    task_queue=person_queue(TASK_QUEUE, DEFAULT_ACCOUNT),
                    activities=[steps.create_session, steps.query_group],
                )
            )
            yield

    return run


@dataclass
class AgedClock:
    """Tells the time as it was ``behind_s`` ago, so that a tap grows old sooner."""

    behind_s: float = 0

    def __call__(self) -> float:
        return time.time() - self.behind_s


@pytest.fixture
def clock() -> AgedClock:
    return AgedClock()


@pytest.fixture
def links() -> LinkSealer:
    return LinkSealer.of(LINK_KEYS)


@pytest.fixture
async def browser(
    temporal: Client, links: LinkSealer, clock: AgedClock
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the public app; a tap waits one second only."""

    async def connected(_: float) -> Client:
        return temporal

    deps = PublicDeps(
        onboardings=TemporalOnboardings(connected),
        links=links,
        forms=FormSeals.of(LINK_KEYS),
        people=TemporalPeople(connected),
        videos=TemporalVideos(connected),
        receipts=ReceiptSigner.of(LINK_KEYS),
        h5_hosts=H5Hosts.of(["h5.example"]),
        token_ttl_s=1800,
        base_url="https://likeness.example",
        clock=clock,
        open_within_s=1.0,
    )
    transport = httpx.ASGITransport(app=public_app(deps))
    async with httpx.AsyncClient(transport=transport, base_url="https://likeness.example") as it:
        yield it


@pytest.fixture
def invite(links: LinkSealer) -> str:
    return f"/i/{links.seal_invite(PERSON)}"


@pytest.fixture
def callback(links: LinkSealer) -> str:
    token = CallbackToken(**PERSON.model_dump(), attempt=1, minted_at=int(time.time()))
    return f"/callback/{links.seal_callback(token)}"
