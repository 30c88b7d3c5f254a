"""The two stores: Temporal's production server on PostgreSQL, and the dev server's SQLite file."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.contender import RunningStore, Store
from devstack import server_programs, temporal_cli
from devstack.postgres import find_postgres
from devstack.production import Production, Programs, production_running
from devstack.temporal_build import CLI_VERSION, SERVER_VERSION
from devstack.temporal_server import DevServer
from likeness.search import SEARCH_ATTRIBUTES

NAMESPACE = "likeness"
PEER_DATABASE = "dbos"
DATABASE_SETTINGS = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
    "max_connections",
)

Say = Callable[[str], None]


class PostgresStore:
    """docker-compose.yml's server on PostgreSQL, by its own commands; enter it outside a loop."""

    name = "postgresql"

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    @contextmanager
    def running(self, directory: Path) -> Iterator[RunningStore]:
        """Start it empty, in about half a minute, beside an empty database for a peer."""
        with production_running(self._programs, directory, namespace=NAMESPACE) as production:
            production.postgres.ask(f"CREATE DATABASE {PEER_DATABASE}")
            yield RunningStore(
                name=self.name,
                temporal_address=production.address,
                namespace=NAMESPACE,
                roots={
                    "server": (production.pid("temporal"),),
                    "database": (production.pid("postgres"),),
                },
                settings=_settings(production),
                database_url=production.postgres.url(PEER_DATABASE),
            )


class SqliteStore:
    """The dev server on a SQLite file, server and database in one process."""

    name = "sqlite"

    def __init__(self, cli: Path) -> None:
        self._cli = cli

    @contextmanager
    def running(self, directory: Path) -> Iterator[RunningStore]:
        """Start it empty, in a few seconds; enter it outside of an event loop."""
        server = DevServer(
            self._cli, directory, namespace=NAMESPACE, search_attributes=SEARCH_ATTRIBUTES
        )
        try:
            asyncio.run(server.start())
            yield RunningStore(
                name=self.name,
                temporal_address=server.address,
                namespace=NAMESPACE,
                roots={"server": () if server.pid is None else (server.pid,)},
                settings={
                    "temporal": f"CLI {CLI_VERSION}, server {SERVER_VERSION}",
                    "sqlite_pragmas": "none given: a rollback journal, synchronous=FULL",
                },
            )
        finally:
            server.stop()


def postgres_store(environ: Mapping[str, str], say: Say) -> Store:
    """Find or build what the PostgreSQL store needs.

    Raises:
        PostgresError, ServerProgramsError, TemporalCliError: Something is missing; one sentence.

    """
    # The quickest to miss comes first.
    postgres = find_postgres(environ)
    return PostgresStore(
        Programs(
            cli=temporal_cli.find(environ, say=say),
            server=server_programs.find(environ, say=say),
            postgres=postgres,
        )
    )


def sqlite_store(environ: Mapping[str, str], say: Say) -> Store:
    """Find, download or build what the SQLite store needs.

    Raises:
        TemporalCliError: There is no Temporal CLI; one sentence.

    """
    return SqliteStore(temporal_cli.find(environ, say=say))


STORES: Mapping[str, Callable[[Mapping[str, str], Say], Store]] = {
    PostgresStore.name: postgres_store,
    SqliteStore.name: sqlite_store,
}
"""How each store is had, by name: from the user's environment, telling of progress."""


def _settings(production: Production) -> dict[str, str]:
    return {
        "temporal": f"server {SERVER_VERSION}",
        "history_shards": production.shards,
        **{name: production.postgres.ask(f"SHOW {name}") for name in DATABASE_SETTINGS},
    }
