"""Each store starts empty and durable, names its processes, and leaves none of them."""

import asyncio
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.contender import RunningStore, Store
from benchmarks.stores import NAMESPACE, PostgresStore, SqliteStore
from devstack.namespaces import search_attribute_types
from devstack.production import Programs
from devstack.temporal_server import connected
from likeness.search import SEARCH_ATTRIBUTES

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@pytest.fixture(params=["postgresql", "sqlite"])
def store(request: pytest.FixtureRequest, production_programs: Programs) -> Store:
    stores: Mapping[str, Store] = {
        "postgresql": PostgresStore(production_programs),
        "sqlite": SqliteStore(production_programs.cli),
    }
    return stores[request.param]


class TestStores:
    def test_it_can_be_used_at_once_and_ends_with_its_block(
        self, store: Store, tmp_path: Path, production_programs: Programs
    ) -> None:
        with store.running(tmp_path / "store") as running:
            pids = [pid for roots in running.roots.values() for pid in roots]
            commands = {name: command(roots[0]) for name, roots in running.roots.items()}
            types = attributes(running)
            database = answer(production_programs.postgres, running)

        assert SEARCH_ATTRIBUTES == {name: types.get(name) for name in SEARCH_ATTRIBUTES}
        assert [] == [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        if store.name == "sqlite":
            assert {"server": "temporal"} == {
                name: it.partition("-")[0] for name, it in commands.items()
            }
            assert database is None
        else:
            assert {"server": "temporal-server", "database": "postgres"} == commands
            assert "dbos" == database
            assert DURABLE == {name: running.settings[name] for name in DURABLE}


def command(pid: int) -> str:
    return Path(Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]).name


def attributes(running: RunningStore) -> Mapping[str, str]:
    async def ask() -> Mapping[str, str]:
        client = await connected(running.temporal_address)
        assert NAMESPACE == running.namespace
        return await search_attribute_types(client, running.namespace)

    return asyncio.run(ask())


def answer(postgres: Path, running: RunningStore) -> str | None:
    """Ask a peer's database for its name."""
    if running.database_url is None:
        return None
    asked = subprocess.run(
        [postgres / "psql", "-XAtq", "-d", running.database_url, "-c", "SELECT current_database()"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    return asked.stdout.strip()
