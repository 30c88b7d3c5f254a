"""Every route there is, with every key that must not open it, and every one that must."""

import itertools
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import cast

import httpx
import pytest
from fastapi import APIRouter
from starlette.routing import Route
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from likeness.failures import FailureCode
from likeness.messages.onboarding import OnboardingPolicy, OnboardingRequest
from likeness.temporal.keyring import Key, KeyRing
from runtime.api_key_file import revoke_api_key
from runtime.api_keys import ApiKeys, Scope
from runtime.links import LinkSealer
from tests.unit.web.api.matrix import CASES, DOCUMENT, GUARDED, Case
from tests.unit.web.api.probing import NOW, Keys, bearer, problem_of
from web.api import app as api
from web.api.deps import ApiDeps
from web.api.gate import Gate
from web.api.paper import paper_app
from web.api.routing import api_router

TENANT = "acme"
TOO_LOW = [
    (case, scope)
    for case, scope in itertools.product(GUARDED, Scope)
    if case.scope is not None and not scope.includes(case.scope)
]
ENOUGH = [
    (case, scope)
    for case, scope in itertools.product(GUARDED, Scope)
    if case.scope is not None and scope.includes(case.scope)
]


@dataclass
class PretendedTemporal:
    """A client that knows of no run, and remembers what it was asked for."""

    touched: list[str] = field(default_factory=list)
    asked: int = 0
    namespace: str = "ns"

    async def connected(self, _within_s: float) -> Client:
        self.asked += 1
        return cast("Client", self)

    async def preflight(self, _request: OnboardingRequest) -> None:
        self.asked += 1

    def get_workflow_handle(self, workflow_id: str, **_: object) -> "PretendedHandle":
        self.touched.append(workflow_id)
        return PretendedHandle()

    def list_workflows(self, query: str, **_: object) -> AsyncIterator[object]:
        # Between quotes stands the beginning of the ids that are asked for.
        self.touched.extend(re.findall(r'["\'](likeness/[^"\']*)', query))
        return nothing()

    async def start_workflow(self, *_: object, id: str, **__: object) -> None:  # noqa: A002
        self.touched.append(id)
        raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")


class PretendedHandle:
    def __getattr__(self, name: str) -> Callable[..., object]:
        async def gone(*_: object, **__: object) -> None:
            raise RPCError(f"no {name}", RPCStatusCode.NOT_FOUND, b"")

        return gone


async def nothing() -> AsyncIterator[object]:
    never: tuple[object, ...] = ()
    for each in never:
        yield each


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys" / "api.keys")


@pytest.fixture
def temporal() -> PretendedTemporal:
    return PretendedTemporal()


@pytest.fixture
async def client(keys: Keys, temporal: PretendedTemporal) -> AsyncIterator[httpx.AsyncClient]:
    deps = ApiDeps(
        admit=Gate(ApiKeys(keys.path), clock=lambda: NOW).admit,
        client=temporal.connected,
        links=LinkSealer.of(KeyRing.of(Key.of(b"l" * 32))),
        base_url="https://likeness.example",
        task_queue="likeness",
        policy=OnboardingPolicy(),
        preflight=temporal.preflight,
    )
    transport = httpx.ASGITransport(app=api.api_app(deps))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as it:
        yield it


def bad_keys(keys: Keys) -> Iterator[tuple[dict[str, str], FailureCode]]:
    """Every kind of key that opens nothing, though each could do everything."""
    revoked = keys.new(tenant=TENANT)
    revoke_api_key(keys.path, revoked.key.id)
    yield {}, FailureCode.KEY_MISSING
    yield {"Authorization": "Basic bGs6bGs="}, FailureCode.KEY_REFUSED
    yield bearer("lk_nonsense"), FailureCode.KEY_REFUSED
    yield bearer(f"lk_00000000_{'A' * 43}"), FailureCode.KEY_REFUSED
    yield bearer(revoked), FailureCode.KEY_REFUSED
    expired = keys.new(tenant=TENANT, expires_in=-timedelta(minutes=1))
    yield bearer(expired), FailureCode.KEY_EXPIRED


async def asked(client: httpx.AsyncClient, case: Case, key: dict[str, str]) -> httpx.Response:
    headers = {"Idempotency-Key": "once"} | key
    return await client.request(case.method, case.path(), headers=headers, json=case.body)


class TestTheMatrix:
    def test_knows_every_route_there_is(self) -> None:
        routes = {
            (method, route.path)
            for route in paper_app().routes
            if isinstance(route, Route) and route.path != "/openapi.json"
            for method in route.methods or ()
        }
        documented = {
            (method.upper(), path)
            for path, methods in DOCUMENT["paths"].items()
            for method in methods
        }

        assert documented == routes

    def test_is_open_for_the_catalogue_alone(self) -> None:
        assert ["GET /problems/{code}"] == [str(case) for case in CASES if case.scope is None]

    def test_has_no_place_for_a_route_that_declares_no_scope(self) -> None:
        with pytest.raises(TypeError, match="declares no scope"):

            @api_router().get("/forgotten")
            async def forgotten() -> None: ...

    def test_has_no_place_for_a_route_beside_the_gate(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def beside(_: ApiDeps) -> APIRouter:
            routes = APIRouter()
            routes.add_api_route("/beside", lambda: None)
            return routes

        monkeypatch.setattr(api, "people_routes", beside)

        with pytest.raises(TypeError, match="would answer without a key"):
            paper_app()


class TestWithABadKey:
    @pytest.mark.parametrize("case", GUARDED, ids=str)
    async def test_a_route_answers_nothing_and_asks_nobody(
        self, client: httpx.AsyncClient, keys: Keys, temporal: PretendedTemporal, case: Case
    ) -> None:
        for key, code in bad_keys(keys):
            assert (401, code) == problem_of(await asked(client, case, key))

        assert (0, []) == (temporal.asked, temporal.touched)


class TestWithTooLowAScope:
    @pytest.mark.parametrize(("case", "scope"), TOO_LOW, ids=str)
    async def test_a_route_answers_nothing_and_asks_nobody(
        self,
        client: httpx.AsyncClient,
        keys: Keys,
        temporal: PretendedTemporal,
        case: Case,
        scope: Scope,
    ) -> None:
        response = await asked(client, case, bearer(keys.new(scope, tenant=TENANT)))

        assert (403, FailureCode.SCOPE_TOO_LOW) == problem_of(response)
        assert (0, []) == (temporal.asked, temporal.touched)


class TestWithEnoughOfAScope:
    @pytest.mark.parametrize(("case", "scope"), ENOUGH, ids=str)
    async def test_a_route_asks_temporal_for_the_keys_tenant_and_no_other(
        self,
        client: httpx.AsyncClient,
        keys: Keys,
        temporal: PretendedTemporal,
        case: Case,
        scope: Scope,
    ) -> None:
        response = await asked(client, case, bearer(keys.new(scope, tenant=TENANT)))

        assert response.status_code in {200, 404, 503}, response.text
        assert temporal.touched
        assert {True} == {each.startswith(f"likeness/{TENANT}/") for each in temporal.touched}
