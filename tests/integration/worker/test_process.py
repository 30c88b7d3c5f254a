"""``python worker.py`` as a process of its own: what it refuses, and how it ends."""

import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from temporalio.client import Client

from devstack.child import Child
from devstack.isolation import child_environment
from devstack.ports import free_port
from devstack.temporal_server import RunningServer
from likeness.temporal.keyring import Key, KeyRing
from likeness.temporal.plugin import likeness_plugin
from runtime.keycheck import check_keys

pytestmark = [pytest.mark.server, pytest.mark.processes]

ROOT = Path(__file__).parents[3]
API_KEY = "sk-worker-canary"

Start = Callable[..., Child]


@pytest.fixture
def start(
    tmp_path: Path,
    temporal_server: RunningServer,
    namespace: str,
    payload_keys_file: Path,
    link_keys_file: Path,
) -> Iterator[Start]:
    """Start it with the variables of a working process, changed by those given; None unsets."""
    children: list[Child] = []

    def begin(**changed: str | None) -> Child:
        settings: dict[str, str | None] = {
            "TEMPORAL_ADDRESS": temporal_server.address,
            "TEMPORAL_NAMESPACE": namespace,
            "PAYLOAD_KEYS_FILE": str(payload_keys_file),
            "LINK_KEYS_FILE": str(link_keys_file),
            "APIMART_API_KEY": API_KEY,
            "APIMART_BASE_URL": f"http://127.0.0.1:{free_port()}",
            **changed,
        }
        given = {name: value for name, value in settings.items() if value is not None}
        child = Child(
            "worker",
            (sys.executable, "worker.py"),
            environment=child_environment(tmp_path / "home", given),
            log_path=tmp_path / "worker.log",
            directory=ROOT,
        )
        children.append(child)
        child.start()
        return child

    yield begin
    for child in children:
        child.kill()


def sentence(child: Child) -> str:
    """Wait for the end and give the one line it left."""
    assert child.wait(30)
    lines = [line for line in child.log_since_start().splitlines() if not line.startswith("{")]
    assert 1 == len(lines), lines
    return lines[0]


class TestRefusals:
    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"APIMART_API_KEY": None}, "APIMART_API_KEY is missing"),
            ({"APIMART_API_KEY": "a b c d e f g h"}, "APIMART_API_KEY is wrong"),
            ({"APIMART_BASE_URL": "http://api.example"}, "APIMART_BASE_URL is wrong"),
            ({"UPSTREAM_RPS": "many"}, "UPSTREAM_RPS is wrong"),
            ({"ARCHIVE_URL": "ftp://archive"}, "ARCHIVE_URL is wrong"),
            ({"PAYLOAD_KEYS_FILE": "nowhere.keys"}, "There is no key file nowhere.keys"),
            ({"TEMPORAL_NAMESPACE": "nowhere"}, "no namespace nowhere"),
            ({"TEMPORAL_ADDRESS": "not an address"}, "TEMPORAL_ADDRESS is wrong"),
        ],
    )
    def test_a_wrong_setting_stops_it_with_one_sentence(
        self, start: Start, changed: dict[str, str | None], says: str
    ) -> None:
        child = start(**changed)

        told = sentence(child)

        assert says in told
        assert 2 == child.exit_code
        assert API_KEY not in told

    async def test_another_key_than_the_namespaces_stops_it(
        self, start: Start, temporal_server: RunningServer, namespace: str
    ) -> None:
        """A worker with a wrong key would write what nobody else can read."""
        theirs = KeyRing.of(Key.of(secrets.token_bytes(32)))
        client = await Client.connect(
            temporal_server.address,
            namespace=namespace,
            plugins=[likeness_plugin(theirs, namespace=namespace)],
        )
        await check_keys(client, theirs)

        child = start()

        assert "written under another" in sentence(child)
        assert 2 == child.exit_code


class TestEnd:
    def test_sigterm_drains_it(self, start: Start) -> None:
        child = start()
        while "worker_ready" not in child.log_since_start():
            assert child.alive, child.log_since_start()

        assert 0 == child.stop(grace_s=30)
        assert "worker_stopped" in child.log_since_start()
