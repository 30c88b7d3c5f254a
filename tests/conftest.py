"""What every tier stands on: an environment without the user in it, and a real Temporal server."""

import asyncio
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from devstack.isolation import given_test_address, new_test_namespace, scrub
from devstack.namespaces import ensure_namespace
from devstack.postgres import find_postgres
from devstack.production import Programs
from devstack.server_programs import ServerPrograms, ServerProgramsError
from devstack.server_programs import find as find_server
from devstack.temporal_cli import TemporalCliError
from devstack.temporal_cli import find as find_cli
from devstack.temporal_server import DevServer, RunningServer, connected
from likeness.search import SEARCH_ATTRIBUTES
from runtime.keys import make_key_file

USER_ENVIRONMENT = dict(os.environ)
"""As the run was started; read for TEST_TEMPORAL_ADDRESS and to find or build the Temporal CLI."""

# A shell lets what it runs in the background ignore Ctrl-C, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# At import, before any test module is: nothing of ours may ever see the user's accounts.
scrub(os.environ)


NEED_A_SERVER = {"temporal_cli", "temporal_server", "namespace"}
NEED_PRODUCTION = {"production_programs"}
CLI_KEY = pytest.StashKey[Path | TemporalCliError]()
PRODUCTION_KEY = pytest.StashKey[ServerPrograms | ServerProgramsError]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Find Temporal's programs before the first test: a build takes minutes, and shall be seen."""
    used = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    if session.config.option.collectonly:
        return
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    say = print if terminal is None else terminal.write_line
    stash = session.config.stash
    if used & NEED_A_SERVER:
        try:
            stash[CLI_KEY] = find_cli(USER_ENVIRONMENT, say=say)
        except TemporalCliError as error:
            stash[CLI_KEY] = error
    if used & NEED_PRODUCTION:
        try:
            stash[PRODUCTION_KEY] = find_server(USER_ENVIRONMENT, say=say)
        except ServerProgramsError as error:
            stash[PRODUCTION_KEY] = error


@pytest.fixture(scope="session")
def user_environment() -> Mapping[str, str]:
    """The variables as the run was started, for a tool that asks the network in the user's name."""
    return USER_ENVIRONMENT


@pytest.fixture(scope="session")
def temporal_cli(pytestconfig: pytest.Config) -> Path:
    """Path of a Temporal CLI: found, downloaded or built, else an error that names the remedies."""
    found = pytestconfig.stash[CLI_KEY]
    if isinstance(found, TemporalCliError):
        raise found
    return found


@pytest.fixture(scope="session")
def production_programs(pytestconfig: pytest.Config, temporal_cli: Path) -> Programs:
    """What runs the production server on PostgreSQL, else an error that names the remedy."""
    postgres = find_postgres(USER_ENVIRONMENT)
    found = pytestconfig.stash[PRODUCTION_KEY]
    if isinstance(found, ServerProgramsError):
        raise found
    return Programs(cli=temporal_cli, server=found, postgres=postgres)


@pytest.fixture(scope="session")
def temporal_server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[RunningServer]:
    """One real server for the whole run: the one that TEST_TEMPORAL_ADDRESS names, else our own.

    A test that kills its server starts a ``DevServer`` of its own from ``temporal_cli``.
    """
    if address := given_test_address(USER_ENVIRONMENT):
        yield RunningServer(address=address)
        return
    server = DevServer(
        request.getfixturevalue("temporal_cli"), tmp_path_factory.mktemp("temporal-server")
    )
    try:
        asyncio.run(server.start())
        yield RunningServer(address=server.address)
    finally:
        server.stop()


@pytest.fixture
async def namespace(temporal_server: RunningServer) -> str:
    """Name of a fresh ``likeness-test-<hex>`` namespace with our search attributes."""
    name = new_test_namespace()
    client = await connected(temporal_server.address)
    await ensure_namespace(client, name, search_attributes=SEARCH_ATTRIBUTES)
    return name


@pytest.fixture
def payload_keys_file(tmp_path: Path) -> Path:
    """A payload key file with one fresh key, readable by its owner alone."""
    path = tmp_path / "keys" / "payload.keys"
    make_key_file(path)
    return path


@pytest.fixture
def link_keys_file(tmp_path: Path) -> Path:
    """A link key file with one fresh key, readable by its owner alone."""
    path = tmp_path / "keys" / "link.keys"
    make_key_file(path)
    return path
