"""What callers see while Temporal is away, and after it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from devstack.temporal_server import DevServer
from likeness.search import SEARCH_ATTRIBUTES
from likeness.stages import Stage
from likeness.temporal.plugin import likeness_plugin
from tests.integration.web.api.service import Service, runs_counted, shown
from tests.integration.web.api.test_events import followed
from tests.integration.web.conftest import KEYS

pytestmark = pytest.mark.server


@pytest.fixture
async def server(temporal_cli: Path, tmp_path: Path) -> AsyncIterator[DevServer]:
    """A server of our own, to be killed."""
    server = DevServer(
        temporal_cli,
        tmp_path / "server",
        namespace="outages",
        search_attributes=SEARCH_ATTRIBUTES,
    )
    await server.start()
    yield server
    server.stop()


@pytest.fixture
async def temporal(server: DevServer) -> Client:
    return await Client.connect(
        server.address,
        namespace=server.namespace,
        plugins=[likeness_plugin(KEYS, namespace=server.namespace)],
    )


class TestWhileTemporalIsAway:
    async def test_everything_is_503_and_the_same_key_is_one_run_when_it_is_back(
        self, service: Service, server: DevServer, temporal: Client
    ) -> None:
        api = service.caller()
        known = await service.create(api, key="known")
        which = known["onboarding_id"]
        body, headers = service.body(), {"Idempotency-Key": "new"}
        server.kill()
        away = await asyncio.gather(
            api.post("/onboardings", json=body, headers=headers),
            api.get("/onboardings"),
            api.get(f"/onboardings/{which}"),
            api.get(f"/onboardings/{which}/link"),
            api.get(f"/onboardings/{which}/events"),
            api.post(f"/onboardings/{which}/cancel"),
        )
        await server.restart()
        back = await service.create(api, key="new")
        repeated = await service.create(api, key="known")
        runs = await runs_counted(temporal, "WorkflowType = 'OnboardPerson'", at_least=2)

        assert [(503, "temporal_away", "5")] * 6 == [
            (each.status_code, each.json()["code"], each.headers["retry-after"]) for each in away
        ]
        assert known == repeated
        assert back["onboarding_id"] != which
        assert 2 == runs

    async def test_a_stream_waits_and_goes_on(
        self, service: Service, server: DevServer, temporal: Client
    ) -> None:
        api = service.caller()
        created = await service.create(api)
        which = created["onboarding_id"]
        following = followed(api, which)
        first = await anext(following)
        server.kill()
        # Long enough for a look to fail.
        await asyncio.sleep(7)
        await server.restart()
        await temporal.get_workflow_handle(f"likeness/default/{which}").terminate()
        last = await anext(following)
        await following.aclose()

        assert (Stage.INVITED, "ended", Stage.CANCELED) == (
            first.onboarding.stage,
            last.name,
            last.onboarding.stage,
        )
        assert Stage.CANCELED is (await shown(api, which)).stage
