"""The commands and health checks of docker-compose.yml, started for real with its variables."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from devstack.child import Child
from devstack.compose import Service, replaced, service
from devstack.isolation import child_environment
from devstack.ports import free_port
from devstack.temporal_server import RunningServer
from runtime.webhook_keys import new_secret, store_webhook_keys
from tests.project.deployment import lay_out_image

pytestmark = [pytest.mark.server, pytest.mark.processes]

READY_WITHIN_S = 40
PORTS = ("8000", "8001", "8010", "9000", "9464")
LASTING = ("worker", "web", "simulator", "worker-simulated", "web-simulated")


@dataclass(frozen=True)
class Container:
    """A folder that stands for a container: the image's /app, secrets, ports of its own."""

    folder: Path
    texts: Mapping[str, str]
    namespace: str

    def shows(self, name: str) -> Service:
        """The service with this container's addresses and paths."""
        return replaced(service(name), self.texts)

    def child(self, it: Service, *arguments: str) -> Child:
        """The service's command with exactly its variables, not yet started."""
        settings = dict(it.environment) | {"SECRETS_DIR": str(self.folder / "secrets")}
        if "TEMPORAL_NAMESPACE" in settings:
            settings["TEMPORAL_NAMESPACE"] = self.namespace
        return Child(
            it.name,
            [*it.argv, *arguments],
            environment=child_environment(self.folder / "home", settings),
            log_path=self.folder / f"{it.name}.log",
            directory=self.folder / "app",
        )


@pytest.fixture
def container(
    tmp_path: Path,
    namespace: str,
    temporal_server: RunningServer,
    payload_keys_file: Path,
    link_keys_file: Path,
) -> Container:
    app, secrets = tmp_path / "app", tmp_path / "secrets"
    app.mkdir()
    secrets.mkdir()
    lay_out_image(app)
    shutil.copy(payload_keys_file, secrets / "payload.keys")
    shutil.copy(link_keys_file, secrets / "link.keys")
    store_webhook_keys(secrets / "webhook.keys", {"default": [new_secret()]})
    (secrets / "apimart_api_key").write_text("canary-key")
    (secrets / "codec_token").write_text("canary-token")
    texts = {
        "/run/secrets": str(secrets),
        "file:///var/lib/likeness/archive": (tmp_path / "archive").as_uri(),
        "/var/lib/likeness/api": str(tmp_path / "api"),
        "temporal:7233": temporal_server.address,
        "0.0.0.0": "127.0.0.1",  # noqa: S104 - what the containers bind, not this test
        "python": sys.executable,
        **{port: str(free_port()) for port in PORTS},
    }
    return Container(tmp_path, texts, namespace)


@pytest.fixture
async def children() -> AsyncIterator[list[Child]]:
    """Whatever is put in is stopped at the end."""
    started: list[Child] = []
    yield started
    for child in started:
        child.stop()


async def healthy(child: Child, it: Service) -> None:
    """Repeat the service's own health check until it is content."""
    async with asyncio.timeout(READY_WITHIN_S):
        while True:
            assert child.alive, child.log_tail()
            probe = await asyncio.to_thread(probed, it)
            if probe.returncode == 0:
                return
            await asyncio.sleep(0.1)


def probed(it: Service) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(it.probe, capture_output=True, check=False)


class TestLastingProcesses:
    @pytest.mark.parametrize("name", LASTING)
    async def test_it_gets_healthy_and_ends_by_sigterm_without_an_error(
        self, name: str, container: Container, children: list[Child]
    ) -> None:
        it = container.shows(name)
        child = container.child(it)
        children.append(child)
        before = probed(it)
        child.start()
        await healthy(child, it)
        child.terminate()
        await asyncio.to_thread(child.wait, 20)

        assert 0 != before.returncode
        assert 0 == child.exit_code, child.log_tail()
        assert "canary" not in child.log_path.read_text()


class TestStarters:
    @pytest.mark.parametrize("name", ["starter", "starter-simulated"])
    async def test_it_reads_its_keys_and_reaches_temporal(
        self, name: str, container: Container, children: list[Child]
    ) -> None:
        child = container.child(container.shows(name), "list", "-o", "json")
        children.append(child)
        child.start()
        await asyncio.to_thread(child.wait, 30)

        assert (0, "[]") == (child.exit_code, child.log_tail())


class TestTheApi:
    async def test_is_open_to_a_key_that_the_starter_made_beside_it(
        self, container: Container, children: list[Child]
    ) -> None:
        web = container.child(container.shows("web"))
        starter = container.child(
            container.shows("starter"), "keys", "api", "new", "--name", "shop", "-o", "json"
        )
        children.extend([web, starter])
        web.start()
        await healthy(web, container.shows("web"))
        starter.start()
        await asyncio.to_thread(starter.wait, 30)
        key = json.loads(starter.log_tail())["key"]
        port = container.shows("web").environment["ADMIN_PORT"]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as api:
            unknown = await api.get("/v1/people", headers={"Authorization": f"Bearer {key}x"})
            async with asyncio.timeout(READY_WITHIN_S):
                while True:
                    known = await api.get("/v1/people", headers={"Authorization": f"Bearer {key}"})
                    if known.is_success:
                        break
                    # Temporal is reached and the keys are checked in the background.
                    assert 503 == known.status_code
                    await asyncio.sleep(0.1)

        assert 401 == unknown.status_code
        assert [] == known.json()["people"]
        assert key not in web.log_path.read_text()
