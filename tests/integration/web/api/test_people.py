"""People over HTTP: a real server, the real steps, the upstream pretended."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from temporalio.client import Client

from likeness.failures import FailureCode
from likeness.ids import person_workflow_id
from runtime.api_keys import Scope
from runtime.links import LinkSealer
from simulator.scenario import PRESETS
from tests.integration.runtime.people import people_served, registered
from tests.workflows.conftest import QUICK, TASK_QUEUE, Journey, journey_through, upstream
from web.api.app import api_app
from web.api.callers import Caller
from web.api.deps import ApiDeps

pytestmark = pytest.mark.server

VIDEO = {"video": {"prompt": "canary prompt"}}
NEW_ONE = {"person": "p-1", "group_id": "group-7", "assets": [{"asset_id": "a-1", "kind": "image"}]}
GROUP = "group-9"


async def believed(request: Request, scope: Scope) -> Caller:
    """Let in whoever says which tenant they are; keys have tests of their own."""
    tenant = request.headers.get("x-tenant", "default")
    return Caller(tenant=tenant, account="default", key_id="0" * 8, name="shop", scope=scope)


async def unlooked(_: object) -> None:
    """Look at no assets."""


@pytest.fixture
async def api(temporal: Client, links: LinkSealer) -> AsyncIterator[httpx.AsyncClient]:
    """A service that calls the API."""

    async def connected(_: float) -> Client:
        return temporal

    app = api_app(
        ApiDeps(
            admit=believed,
            client=connected,
            links=links,
            base_url="https://likeness.example",
            task_queue=TASK_QUEUE,
            policy=QUICK,
            preflight=unlooked,
        )
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as service:
        yield service


@pytest.fixture
async def journey(temporal: Client, tmp_path: Path) -> AsyncIterator[Journey]:
    async with (
        upstream(PRESETS["quick"]) as (world, base_url),
        journey_through(temporal, world, base_url, tmp_path) as walked,
    ):
        yield walked


def problem_of(answer: httpx.Response) -> tuple[int, str, str]:
    """Give what a caller acts on."""
    return answer.status_code, answer.json()["code"], answer.headers["content-type"]


def problem(status: int, code: FailureCode) -> tuple[int, str, str]:
    return status, str(code), "application/problem+json"


async def verified(journey: Journey) -> None:
    await journey.start("a", "b")
    await journey.pass_the_scan()
    await journey.result()
    await journey.person_until(lambda person: len(person.assets) == 2)


async def until_done(api: httpx.AsyncClient, location: str) -> dict[str, Any]:
    """Follow a video until it has ended."""
    while True:
        shown: dict[str, Any] = (await api.get(location)).json()
        if shown["ended_at"] is not None:
            return shown
        await asyncio.sleep(0.1)


async def listed(api: httpx.AsyncClient, *, count: int) -> list[str]:
    """Name the people in the list once it holds so many: it lags behind by moments."""
    while True:
        people = (await api.get("/people")).json()["people"]
        if len(people) == count:
            return [each["person"] for each in people]
        await asyncio.sleep(0.1)


class TestSomebodyVerifiedHere:
    async def test_is_shown_exported_and_filmed_again_without_a_scan(
        self, api: httpx.AsyncClient, journey: Journey
    ) -> None:
        await verified(journey)

        shown = (await api.get("/people/p-1")).json()
        ordered = await api.post(
            "/people/p-1/videos", json=VIDEO, headers={"Idempotency-Key": "spring 1"}
        )
        video = await until_done(api, ordered.headers["location"].removeprefix("/v1"))
        exported = (await api.get("/people/p-1/export")).json()

        assert ("verified", True, 2, False) == (
            shown["stands"],
            shown["detailed"],
            len(shown["assets"]),
            shown["imported"],
        )
        assert (202, {"person": "p-1", "number": 1}) == (ordered.status_code, ordered.json())
        assert "/v1/people/p-1/videos/1" == ordered.headers["location"]
        assert ("done", "default/person/p-1/video-1.mp4") == (
            video["status"]["state"],
            video["status"]["key"],
        )
        assert [journey.onboarding] == [each["onboarding"] for each in exported["receipts"]]
        assert [1] == [each["number"] for each in exported["person"]["videos"]]
        assert "default/person/p-1" in exported["folders"]
        assert (1, 1) == (journey.count("session_created"), journey.count("video_charged"))

    async def test_withdraws_and_is_filmed_no_more(
        self, api: httpx.AsyncClient, journey: Journey
    ) -> None:
        await verified(journey)

        withdrawn = await api.post("/people/p-1/withdraw", json={"reason": "by letter"})
        again = await api.post("/people/p-1/withdraw")
        refused = await api.post("/people/p-1/videos", json=VIDEO, headers={"Idempotency-Key": "k"})

        assert (200, "withdrawn") == (withdrawn.status_code, withdrawn.json()["stands"])
        assert withdrawn.json()["withdrawn_at"] == again.json()["withdrawn_at"]
        assert problem(409, FailureCode.WITHDRAWN) == problem_of(refused)
        assert 0 == journey.count("video_charged")

    async def test_is_erased_with_every_file(
        self, api: httpx.AsyncClient, journey: Journey, tmp_path: Path
    ) -> None:
        await verified(journey)

        erased = await api.post("/people/p-1/erase", json={"reason": "by letter"})
        again = await api.post("/people/p-1/erase")
        shown = (await api.get("/people/p-1")).json()

        assert (200, True, 1) == (
            erased.status_code,
            erased.json()["done"],
            erased.json()["files_deleted"],
        )
        assert erased.json() == again.json()
        assert ("erased", None, []) == (shown["stands"], shown["group_id"], shown["assets"])
        assert [] == [path for path in (tmp_path / "archive").rglob("*") if path.is_file()]
        for answer in (
            await api.get("/people/p-1/export"),
            await api.post("/people/p-1/withdraw"),
            await api.post("/people/p-1/videos", json=VIDEO, headers={"Idempotency-Key": "k"}),
        ):
            assert problem(410, FailureCode.PERSON_ERASED) == problem_of(answer)


class TestSomebodyImported:
    async def test_is_filmed_without_ever_being_scanned_here(
        self, api: httpx.AsyncClient, journey: Journey
    ) -> None:
        await verified(journey)
        known = (await api.get("/people/p-1")).json()
        wanted = {"person": "p-2", "group_id": known["group_id"], "assets": known["assets"]}

        imported = await api.post("/people", json=wanted)
        ordered = await api.post(
            "/people/p-2/videos", json=VIDEO, headers={"Idempotency-Key": "spring 1"}
        )
        video = await until_done(api, ordered.headers["location"].removeprefix("/v1"))
        exported = (await api.get("/people/p-2/export")).json()

        assert (201, "/v1/people/p-2") == (imported.status_code, imported.headers["location"])
        assert ("done", 1) == (video["status"]["state"], video["number"])
        assert (True, []) == (exported["person"]["imported"], exported["receipts"])
        assert "no receipt here" in exported["remarks"][0]
        assert 1 == journey.count("session_created")

    async def test_is_known_at_once_without_a_worker_and_the_same_when_repeated(
        self, api: httpx.AsyncClient
    ) -> None:
        first = await api.post("/people", json=NEW_ONE)
        again = await api.post("/people", json=NEW_ONE)
        other = await api.post("/people", json={**NEW_ONE, "group_id": "group-8"})

        assert (201, "verified", False) == (
            first.status_code,
            first.json()["stands"],
            first.json()["detailed"],
        )
        assert (first.status_code, first.json()) == (again.status_code, again.json())
        assert problem(409, FailureCode.DIFFERENT_REQUEST) == problem_of(other)

    async def test_comes_back_after_an_erasure_only_where_that_is_said(
        self, api: httpx.AsyncClient, temporal: Client
    ) -> None:
        async with people_served(temporal, TASK_QUEUE):
            await api.post("/people", json=NEW_ONE)
            await api.post("/people/p-1/erase")
            nightly = await api.post("/people", json=NEW_ONE)
            anew = await api.post("/people", json={**NEW_ONE, "anew": True})

        assert problem(410, FailureCode.PERSON_ERASED) == problem_of(nightly)
        assert (201, "verified") == (anew.status_code, anew.json()["stands"])


class TestAList:
    async def test_is_turned_page_by_page_with_no_worker(
        self, api: httpx.AsyncClient, temporal: Client
    ) -> None:
        names = [f"p-{number}" for number in range(7)]
        for name in names:
            await registered(temporal, name, task_queue=TASK_QUEUE)
        await listed(api, count=7)

        found: list[str] = []
        query: dict[str, Any] = {"limit": 3}
        while query.get("cursor", "") is not None:
            page = (await api.get("/people", params=query)).json()
            found += [each["person"] for each in page["people"]]
            query["cursor"] = page["next_cursor"]

        assert names[::-1] == found

    async def test_of_one_tenant_is_not_read_on_by_another(
        self, api: httpx.AsyncClient, temporal: Client
    ) -> None:
        for name in ("p-1", "p-2"):
            await registered(temporal, name, task_queue=TASK_QUEUE)
        await listed(api, count=2)
        cursor = (await api.get("/people", params={"limit": 1})).json()["next_cursor"]

        theirs = await api.get("/people", headers={"x-tenant": "acme"})
        read_on = await api.get("/people", params={"cursor": cursor}, headers={"x-tenant": "acme"})

        assert [] == theirs.json()["people"]
        assert problem(422, FailureCode.BAD_INPUT) == problem_of(read_on)


class TestWithNoWorker:
    async def test_only_what_temporal_itself_knows_is_told(
        self, api: httpx.AsyncClient, temporal: Client
    ) -> None:
        await registered(temporal, task_queue=TASK_QUEUE)

        shown = (await api.get("/people/p-1")).json()
        exported = await api.get("/people/p-1/export")

        assert ("verified", False, None) == (shown["stands"], shown["detailed"], shown["group_id"])
        assert problem(503, FailureCode.WORKER_AWAY) == problem_of(exported)
        assert "5" == exported.headers["retry-after"]

    async def test_an_end_from_outside_is_told_as_a_loss(
        self, api: httpx.AsyncClient, temporal: Client
    ) -> None:
        await registered(temporal, task_queue=TASK_QUEUE)
        await temporal.get_workflow_handle(person_workflow_id("default", "p-1")).terminate()

        shown = (await api.get("/people/p-1")).json()
        withdrawn = await api.post("/people/p-1/withdraw")

        assert "lost" == shown["stands"]
        assert problem(410, FailureCode.PERSON_ERASED) == problem_of(withdrawn)


class TestAVideosOrder:
    async def test_is_one_however_often_its_key_comes(
        self, api: httpx.AsyncClient, temporal: Client
    ) -> None:
        await registered(temporal, task_queue=TASK_QUEUE)
        key = {"Idempotency-Key": "spring 1"}
        async with people_served(temporal, TASK_QUEUE):
            answers = await asyncio.gather(
                *(api.post("/people/p-1/videos", json=VIDEO, headers=key) for _ in range(10))
            )
            other = await api.post(
                "/people/p-1/videos", json={"video": {"prompt": "else"}}, headers=key
            )
            second = await api.post(
                "/people/p-1/videos", json=VIDEO, headers={"Idempotency-Key": "spring 2"}
            )

        assert {(202, 1)} == {(each.status_code, each.json()["number"]) for each in answers}
        assert problem(409, FailureCode.DIFFERENT_REQUEST) == problem_of(other)
        assert 2 == second.json()["number"]

    async def test_needs_a_key_and_something_to_be_made_of(
        self, api: httpx.AsyncClient, temporal: Client
    ) -> None:
        await registered(temporal, task_queue=TASK_QUEUE, assets=())
        async with people_served(temporal, TASK_QUEUE):
            keyless = await api.post("/people/p-1/videos", json=VIDEO)
            refused = await api.post(
                "/people/p-1/videos", json=VIDEO, headers={"Idempotency-Key": "k"}
            )

        assert problem(400, FailureCode.IDEMPOTENCY_KEY_MISSING) == problem_of(keyless)
        assert problem(409, FailureCode.NO_USABLE_ASSETS) == problem_of(refused)

    async def test_that_was_never_given_is_not_found(
        self, api: httpx.AsyncClient, temporal: Client
    ) -> None:
        await registered(temporal, task_queue=TASK_QUEUE)

        answer = await api.get("/people/p-1/videos/1")

        assert problem(404, FailureCode.NO_SUCH_VIDEO) == problem_of(answer)


class TestAnotherTenantsPerson:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/people/p-1"),
            ("GET", "/people/p-1/export"),
            ("POST", "/people/p-1/withdraw"),
            ("POST", "/people/p-1/erase"),
            ("POST", "/people/p-1/videos"),
        ],
    )
    async def test_is_nobody(
        self, api: httpx.AsyncClient, temporal: Client, method: str, path: str
    ) -> None:
        await registered(temporal, task_queue=TASK_QUEUE)
        body = VIDEO if path.endswith("videos") else None

        answer = await api.request(
            method, path, json=body, headers={"x-tenant": "acme", "Idempotency-Key": "k"}
        )

        assert problem(404, FailureCode.NO_SUCH_PERSON) == problem_of(answer)
        assert GROUP not in answer.text
