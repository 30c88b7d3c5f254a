from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.client import Client

from runtime.settings import WorkerSettings
from simulator.scenario import PRESETS, Scenario
from simulator.server import serve
from simulator.world import World
from tests.integration.web.api.service import (
    BASE,
    LINKS,
    QUICK,
    Service,
    admitted,
    nothing_unfit,
    served,
)
from web.api.deps import ApiDeps


@pytest.fixture
def scenario() -> Scenario:
    """Override to change the upstream's world."""
    return PRESETS["quick"]


@pytest.fixture
async def service(temporal: Client, scenario: Scenario, tmp_path: Path) -> AsyncIterator[Service]:
    """The API over a namespace of its own; no worker runs before ``working``."""

    async def connected(_: float) -> Client:
        return temporal

    world = World(scenario)
    async with serve(world) as upstream_url:
        settings = WorkerSettings(
            apimart_api_key=SecretStr("sk-test-canary"),
            apimart_base_url=upstream_url,
            h5_hosts=(upstream_url,),
            fetch_allow=(upstream_url,),
            upstream_rps=200,
            archive_url=(tmp_path / "archive").as_uri(),
            public_base_url=BASE,
        )
        deps = ApiDeps(
            admit=admitted,
            client=connected,
            links=LINKS,
            base_url=BASE,
            task_queue=settings.task_queue,
            policy=QUICK,
            preflight=nothing_unfit,
        )
        at_rest = Service(
            temporal=temporal,
            world=world,
            upstream_url=upstream_url,
            settings=settings,
            deps=deps,
        )
        async with served(at_rest) as running:
            yield running
