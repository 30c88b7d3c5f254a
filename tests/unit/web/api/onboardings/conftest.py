from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from starlette.requests import Request

from likeness.failures import FailureCode
from likeness.messages.onboarding import OnboardingPolicy, OnboardingRequest
from likeness.temporal.keyring import Key, KeyRing
from runtime.api_keys import Scope
from runtime.links import LinkSealer
from tests.unit.web.api.onboardings.pretended_temporal import PretendedTemporal
from web.api.app import api_app
from web.api.callers import Caller
from web.api.deps import ApiDeps
from web.api.problems import ProblemError


class Looks:
    """The look at a new onboarding's assets: how often, and what it finds."""

    def __init__(self) -> None:
        self.taken: list[OnboardingRequest] = []
        self.refuses_from = 10**6
        self.meanwhile: Callable[[], None] = lambda: None

    async def __call__(self, request: OnboardingRequest) -> None:
        self.taken.append(request)
        self.meanwhile()
        if len(self.taken) >= self.refuses_from:
            raise ProblemError(FailureCode.BAD_INPUT, 422)


@pytest.fixture
def temporal() -> PretendedTemporal:
    return PretendedTemporal()


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
async def api(temporal: PretendedTemporal, looks: Looks) -> AsyncIterator[httpx.AsyncClient]:
    async def admit(request: Request, scope: Scope) -> Caller:
        tenant = request.headers.get("x-tenant", "default")
        return Caller(tenant=tenant, account="default", key_id="k", name="n", scope=scope)

    deps = ApiDeps(
        admit=admit,
        client=temporal.client,
        links=LinkSealer.of(KeyRing.of(Key.of(b"l" * 32))),
        base_url="https://likeness.example",
        task_queue="likeness",
        policy=OnboardingPolicy(),
        preflight=looks,
    )
    transport = httpx.ASGITransport(app=api_app(deps))
    async with httpx.AsyncClient(transport=transport, base_url="https://likeness.example") as it:
        yield it
