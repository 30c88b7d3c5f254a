"""One tenant's key finds nothing of another's, by any route, on a real server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from likeness.ids import onboarding_workflow_id, person_workflow_id
from likeness.messages.onboarding import OnboardingPolicy, OnboardingRequest
from runtime.api_keys import ApiKeys, NewApiKey
from runtime.links import LinkSealer
from tests.unit.web.api.matrix import GUARDED, Case
from tests.unit.web.api.probing import NOW, Keys, bearer
from web.api.app import api_app
from web.api.deps import ApiDeps
from web.api.gate import Gate

pytestmark = pytest.mark.server

OWNER, OTHER = "acme", "other"
PERSON = "canary-person"
ONCE = {"Idempotency-Key": "once"}
NEW_ONE = {
    "person": PERSON,
    "display_name": "canary-name",
    "assets": [{"name": "canary-asset", "url": "https://files.example/canary.jpg"}],
}
KNOWN = {
    "person": PERSON,
    "group_id": "canary-group",
    "assets": [{"asset_id": "canary-1", "kind": "image"}],
}
OF_NO_RUN = {404, 410}


@dataclass(frozen=True)
class Owned:
    """What the owner has: an onboarding, a person, and a key to look at both."""

    onboarding: str
    key: dict[str, str]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys" / "api.keys")


@pytest.fixture
def other(keys: Keys) -> NewApiKey:
    return keys.new(tenant=OTHER)


@pytest.fixture
async def api(temporal: Client, links: LinkSealer, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async def connected(_: float) -> Client:
        return temporal

    async def unlooked(_: OnboardingRequest) -> None:
        """Look at no assets."""

    deps = ApiDeps(
        admit=Gate(ApiKeys(keys.path), clock=lambda: NOW).admit,
        client=connected,
        links=links,
        base_url="https://likeness.example",
        task_queue="likeness-nobody-polls",
        policy=OnboardingPolicy(deadline_s=600),
        preflight=unlooked,
    )
    transport = httpx.ASGITransport(app=api_app(deps))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as it:
        yield it


@pytest.fixture
async def owned(api: httpx.AsyncClient, keys: Keys) -> Owned:
    key = bearer(keys.new(tenant=OWNER))
    created = await api.post("/onboardings", headers=key | ONCE, json=NEW_ONE)
    imported = await api.post("/people", headers=key, json=KNOWN)
    assert created.is_success, created.text
    assert imported.is_success, imported.text
    return Owned(onboarding=created.json()["onboarding_id"], key=key)


async def events_of(temporal: Client, owned: Owned) -> list[int]:
    """How long the histories of the owner's runs are."""
    ids = onboarding_workflow_id(OWNER, owned.onboarding), person_workflow_id(OWNER, PERSON)
    return [(await temporal.get_workflow_handle(it).describe()).history_length for it in ids]


class TestAnotherTenantsKey:
    @pytest.mark.parametrize("case", GUARDED, ids=str)
    async def test_finds_nothing_and_changes_nothing(
        self,
        api: httpx.AsyncClient,
        temporal: Client,
        owned: Owned,
        other: NewApiKey,
        case: Case,
    ) -> None:
        before = await events_of(temporal, owned)
        path = case.path(onboarding=owned.onboarding, person=PERSON)

        response = await api.request(
            case.method, path, headers=bearer(other) | ONCE, json=case.body
        )

        if "{" in case.template:
            assert response.status_code in OF_NO_RUN, response.text
        assert "canary" not in response.text
        assert owned.onboarding not in response.text
        assert before == await events_of(temporal, owned)

    async def test_makes_an_onboarding_of_its_own_under_the_same_idempotency_key(
        self, api: httpx.AsyncClient, owned: Owned, other: NewApiKey
    ) -> None:
        mine = await api.post("/onboardings", headers=bearer(other) | ONCE, json=NEW_ONE)

        assert 202 == mine.status_code
        assert owned.onboarding != mine.json()["onboarding_id"]

    async def test_lists_its_own_alone(
        self, api: httpx.AsyncClient, owned: Owned, other: NewApiKey
    ) -> None:
        theirs = await api.get(f"/onboardings/{owned.onboarding}", headers=owned.key)
        onboardings = await api.get("/onboardings", headers=bearer(other))
        people = await api.get("/people", headers=bearer(other))

        assert (200, PERSON) == (theirs.status_code, theirs.json()["person"])
        assert [] == onboardings.json()["onboardings"]
        assert [] == people.json()["people"]
