"""docker-compose.yml's server, schema and database commands, from locally built programs."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, GetClusterInfoRequest

from devstack.commands import ROOT
from devstack.compose import service
from devstack.isolation import child_environment
from devstack.namespaces import RETENTION, search_attribute_types
from devstack.production import Production, Programs, production_prepared
from devstack.stack import Ports, Stack
from devstack.supervisor import ProcessSpec, Supervisor
from devstack.temporal_build import SERVER_VERSION
from devstack.temporal_server import connected
from likeness.search import SEARCH_ATTRIBUTES
from likeness.stages import Stage

# The first start of everything on two cores; each script waits for the server by itself.
pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

NAMESPACE = "likeness"
CHANGES = "SELECT count(*) || ', ' || max(update_time) FROM schema_update_history"
VERSION = "SELECT curr_version FROM schema_version"
DATABASES = ("temporal", "temporal_visibility")
PATIENCE_S = 60.0
POLL_S = 0.2


@pytest.fixture(scope="module")
def production(
    production_programs: Programs, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Production]:
    """Everything in the order of depends_on, each script a second time."""
    folder = tmp_path_factory.mktemp("production")
    with production_prepared(production_programs, folder) as production:
        production.start_database()
        production.set_up_schema()
        production.start_server()
        for _ in range(2):
            production.set_up_namespace(NAMESPACE)
        production.restart_server()
        yield production


class TestSchema:
    def test_a_second_run_changes_nothing(self, production: Production) -> None:
        before = [production.postgres.ask(CHANGES, database=it) for it in DATABASES]
        production.set_up_schema()
        after = [production.postgres.ask(CHANGES, database=it) for it in DATABASES]

        assert before == after
        assert all(after)

    def test_it_is_the_newest_that_the_server_brings(
        self, production: Production, production_programs: Programs
    ) -> None:
        newest = [
            max(
                (it.name.removeprefix("v") for it in self.versions(production_programs, kind)),
                key=lambda it: [int(part) for part in it.split(".")],
            )
            for kind in ("temporal", "visibility")
        ]

        assert newest == [production.postgres.ask(VERSION, database=it) for it in DATABASES]

    def versions(self, programs: Programs, kind: str) -> list[Path]:
        folder = programs.server.schema / "postgresql" / "v12" / kind / "versioned"
        return [it for it in folder.iterdir() if it.is_dir()]


class TestServer:
    async def test_it_is_the_version_of_the_file_with_its_shards(
        self, production: Production
    ) -> None:
        client = await connected(production.address)
        info = await client.workflow_service.get_cluster_info(GetClusterInfoRequest())

        assert service("temporal").raw["image"] == f"temporalio/server:{info.server_version}"
        assert SERVER_VERSION == info.server_version
        assert service("temporal").environment["NUM_HISTORY_SHARDS"] == str(
            info.history_shard_count
        )
        assert "postgres12" == info.persistence_store

    async def test_the_namespace_has_thirty_days_and_our_search_attributes(
        self, production: Production
    ) -> None:
        client = await connected(production.address)
        namespace = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=NAMESPACE)
        )
        types = await search_attribute_types(client, NAMESPACE)

        assert RETENTION == namespace.config.workflow_execution_retention_ttl.ToTimedelta()
        assert {name: types.get(name) for name in SEARCH_ATTRIBUTES} == SEARCH_ATTRIBUTES

    def test_no_log_holds_the_password(self, production: Production) -> None:
        logs = [it.read_text(errors="replace") for it in production.log_folder.iterdir()]

        assert 2 <= len(logs)
        assert not [log for log in logs if production.postgres.password in log]


class TestOnboarding:
    def test_a_person_gets_from_the_invitation_to_a_usable_avatar(
        self, production: Production, tmp_path: Path
    ) -> None:
        stack = Stack(
            directory=tmp_path,
            ports=Ports.free({}),
            namespace=NAMESPACE,
            temporal_address=production.address,
        )
        stack.starter().new_keys()
        with Supervisor() as processes:
            for spec in (stack.simulator(), stack.web(), stack.worker()):
                processes.start(spec)
            httpx.put(
                f"{stack.simulator_url}/_sim/scenario", json={"review_seconds": 1}, trust_env=False
            ).raise_for_status()
            portrait = f"image={stack.simulator_url}/portraits/front.jpg"
            started = stack.starter().start("--person", "p-1", "--asset", portrait)
            processes.spawn(phone(stack, started["invite_url"]))
            status = until_ended(stack, started["onboarding_id"])

        assert ("completed", ["usable"]) == (
            status["stage"],
            [it["state"] for it in status["assets"]],
        )


def phone(stack: Stack, invite_url: str) -> ProcessSpec:
    return ProcessSpec(
        name="person",
        argv=(sys.executable, "-m", "simulator.person", invite_url, "--timeout-s", "60"),
        environment=child_environment(stack.directory / "phone", {}),
        log_path=stack.directory / "logs" / "person.log",
        directory=ROOT,
    )


def until_ended(stack: Stack, onboarding: str) -> dict[str, Any]:
    """Ask until it has ended; the limit only ends a test that has failed."""
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        status = stack.starter().status(onboarding)
        if Stage(status["stage"]).is_end:
            return status
        time.sleep(POLL_S)
    raise AssertionError("the onboarding did not end")
