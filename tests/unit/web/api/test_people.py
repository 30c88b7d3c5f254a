"""People over HTTP: what is refused before Temporal is asked, and what is asked of it."""

from collections.abc import AsyncIterator
from typing import Any, NoReturn

import httpx
import pytest

from likeness.failures import FailureCode
from likeness.messages.conversation import Withdraw
from likeness.messages.onboarding import OnboardingPolicy
from likeness.messages.person import Erase, Generate, PersonState, VideoOrdered
from likeness.rest.people import PersonShown
from likeness.temporal.keyring import Key, KeyRing
from runtime.api_keys import ApiKeys, Scope
from runtime.links import LinkSealer
from tests.unit.web.api.probing import CANARY, NOW, Keys, bearer, problem_of
from web.api import people, person_videos
from web.api.app import api_app
from web.api.deps import ApiDeps
from web.api.gate import Gate

ASSET = {"asset_id": "asset-1", "kind": "image"}
IMPORT = {"person": "p-1", "group_id": "group-7", "assets": [ASSET]}
VIDEO = {"video": {"prompt": "She smiles."}}


@pytest.fixture
async def api(keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    """A service that calls the API, whose Temporal is no more than a name."""

    async def connected(_: float) -> Any:
        return "the client"

    async def unlooked(_: object) -> NoReturn:
        raise NotImplementedError

    app = api_app(
        ApiDeps(
            admit=Gate(ApiKeys(keys.path), clock=lambda: NOW).admit,
            client=connected,
            links=LinkSealer.of(KeyRing.of(Key.of(bytes(32)))),
            base_url="https://likeness.example",
            task_queue="likeness",
            policy=OnboardingPolicy(),
            preflight=unlooked,
        )
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as it:
        yield it


@pytest.fixture
def key(keys: Keys) -> dict[str, str]:
    return bearer(keys.new(Scope.OPERATE))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was ordered of persons' runs, which take everything and are slow to erase."""
    orders: list[Any] = []

    async def withdraw(*given: object) -> PersonState:
        orders.append(given[1:])
        return PersonState(tenant="acme", person="p-1", withdrawn_at=1.5)

    async def erase(*given: object) -> None:
        orders.append(given[1:])

    async def generate(*given: object, order_id: str) -> VideoOrdered:
        orders.append((*given[1:], order_id))
        return VideoOrdered(number=3, workflow_id="likeness/acme/person/p-1/video/3")

    async def shown(*_: object) -> PersonShown:
        return PersonShown.model_validate(
            {"person": "p-1", "stands": "withdrawn", "verified_at": NOW}
        )

    monkeypatch.setattr(people, "withdraw_person", withdraw)
    monkeypatch.setattr(people, "begin_erasure", erase)
    monkeypatch.setattr(people, "person_after", shown)
    monkeypatch.setattr(person_videos, "generate_for_person", generate)
    return orders


class TestAnImport:
    @pytest.mark.parametrize(
        ("bent", "field"),
        [
            ({"person": CANARY.upper()}, "person"),
            ({"group_id": f"{CANARY} {CANARY}"}, "group_id"),
            ({"project_name": f"{CANARY}/"}, "project_name"),
            ({"assets": []}, "assets"),
            ({"assets": [{**ASSET, "asset_id": f"{CANARY}/"}]}, "assets.0.asset_id"),
            ({"assets": [{**ASSET, "name": f"{CANARY} "}]}, "assets.0.name"),
            ({"assets": [{**ASSET, "kind": CANARY}]}, "assets.0.kind"),
            ({"assets": [{**ASSET, "url": CANARY}]}, "assets.0.url"),
            ({"assets": [{**ASSET, "asset_id": f"a-{n}"} for n in range(101)]}, "assets"),
            ({"tenant": CANARY}, "tenant"),
        ],
    )
    async def test_that_does_not_fit_is_refused_by_the_field_without_its_value(
        self, api: httpx.AsyncClient, key: dict[str, str], bent: dict[str, Any], field: str
    ) -> None:
        answer = await api.post("/people", json=IMPORT | bent, headers=key)

        assert (422, FailureCode.BAD_INPUT) == problem_of(answer)
        assert field == answer.json()["errors"][0]["field"]
        assert CANARY not in answer.text.lower()

    async def test_that_names_an_asset_twice_is_refused(
        self, api: httpx.AsyncClient, key: dict[str, str]
    ) -> None:
        answer = await api.post("/people", json=IMPORT | {"assets": [ASSET, ASSET]}, headers=key)

        assert (422, FailureCode.BAD_INPUT) == problem_of(answer)
        assert "every asset is named once" == answer.json()["errors"][0]["problem"]


class TestAnOrder:
    async def test_to_withdraw_bears_the_keys_name_and_why(
        self, api: httpx.AsyncClient, key: dict[str, str], asked: list[Any]
    ) -> None:
        silent = await api.post("/people/p-1/withdraw", headers=key)
        await api.post("/people/p-1/withdraw", json={"reason": "by letter"}, headers=key)

        assert 200 == silent.status_code
        assert [
            ("acme", "p-1", Withdraw(actor="key:backend", reason="")),
            ("acme", "p-1", Withdraw(actor="key:backend", reason="by letter")),
        ] == asked

    async def test_to_erase_that_goes_on_says_that_it_is_not_done(
        self, api: httpx.AsyncClient, key: dict[str, str], asked: list[Any]
    ) -> None:
        answer = await api.post("/people/p-1/erase", json={"reason": "by letter"}, headers=key)

        assert (202, "5", False) == (
            answer.status_code,
            answer.headers["retry-after"],
            answer.json()["done"],
        )
        assert [("acme", "p-1", Erase(actor="key:backend", reason="by letter"))] == asked

    async def test_of_a_video_bears_no_key_in_clear_and_the_same_id_each_time(
        self, api: httpx.AsyncClient, key: dict[str, str], asked: list[Any]
    ) -> None:
        for idempotency_key in (CANARY, CANARY, "another"):
            answer = await api.post(
                "/people/p-1/videos",
                json=VIDEO,
                headers={**key, "Idempotency-Key": idempotency_key},
            )

        ids = [order_id for *_, order_id in asked]
        assert "/v1/people/p-1/videos/3" == answer.headers["location"]
        assert (True, False) == (ids[0] == ids[1], ids[0] == ids[2])
        assert CANARY not in ids[0]
        assert ["key:backend"] * 3 == [
            wanted.actor for _, _, wanted, _ in asked if isinstance(wanted, Generate)
        ]

    @pytest.mark.parametrize("given", [None, "", "a" * 192, "caf\u00e9"])
    async def test_of_a_video_without_a_fit_key_is_not_given(
        self,
        api: httpx.AsyncClient,
        key: dict[str, str],
        asked: list[Any],
        given: str | None,
    ) -> None:
        headers = key if given is None else {**key, "Idempotency-Key": given}
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

        answer = await api.post("/people/p-1/videos", json=VIDEO, headers=raw)

        assert answer.status_code in (400, 422)
        assert [] == asked

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/people/P-1"),
            ("GET", "/people/a@b"),
            ("GET", "/people/p-1/videos/0"),
            ("GET", "/people/p-1/videos/1000000"),
            ("GET", "/people/p-1/videos/one"),
            ("GET", "/people?limit=0"),
            ("GET", "/people?limit=101"),
            ("GET", "/people?stage=verified"),
            ("GET", "/people?cursor=made-up"),
            ("POST", "/people/P-1/withdraw"),
        ],
    )
    async def test_at_an_address_that_does_not_fit_is_refused(
        self, api: httpx.AsyncClient, key: dict[str, str], method: str, path: str
    ) -> None:
        answer = await api.request(method, path, headers=key)

        assert (422, FailureCode.BAD_INPUT) == problem_of(answer)
