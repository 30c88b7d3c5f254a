"""``python -m web`` as a process of its own: what it serves, refuses and leaves behind."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.client import Client

from devstack.child import Child
from devstack.isolation import child_environment
from devstack.ports import free_port
from devstack.temporal_server import RunningServer
from likeness.temporal.keyring import Key, KeyRing
from runtime.api_key_file import add_api_key, revoke_api_key
from runtime.api_keys import NewApiKey
from runtime.keycheck import check_keys
from tests.integration.web.conftest import KEYS, LINK_KEYS

pytestmark = [pytest.mark.server, pytest.mark.processes]

ROOT = Path(__file__).parents[3]
QUERY = "?bytedToken=canary-token&resultCode=10000"


@dataclass(frozen=True)
class WebProcess:
    """The process, and where its two sides listen."""

    child: Child
    public: str
    admin: str

    async def answers(self, url: str, status: int) -> httpx.Response:
        """Ask until ``url`` answers with ``status``."""
        async with asyncio.timeout(20), httpx.AsyncClient() as client:
            while True:
                assert self.child.alive, self.child.log_path.read_text()
                try:
                    response = await client.get(url)
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                    continue
                if response.status_code == status:
                    return response
                await asyncio.sleep(0.05)

    async def ended(self) -> int | None:
        """Wait for its end and give its exit code."""
        await asyncio.to_thread(self.child.wait, 20)
        return self.child.exit_code


Start = Callable[[Mapping[str, str]], WebProcess]


def key_file(path: Path, keys: KeyRing) -> str:
    path.write_text(keys.to_text())
    path.chmod(0o600)
    return str(path)


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Call it with the variables that differ from a working process's."""
    children: list[Child] = []

    def begin(changed: Mapping[str, str]) -> WebProcess:
        web, admin = free_port(), free_port()
        settings = {
            "WEB_PORT": str(web),
            "ADMIN_PORT": str(admin),
            "PAYLOAD_KEYS_FILE": key_file(tmp_path / "payload.keys", KEYS),
            "LINK_KEYS_FILE": key_file(tmp_path / "link.keys", LINK_KEYS),
            "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}",
        }
        child = Child(
            "web",
            [sys.executable, "-m", "web"],
            environment=child_environment(tmp_path, settings | dict(changed)),
            log_path=tmp_path / f"web-{len(children)}.log",
            directory=ROOT,
        )
        children.append(child)
        child.start()
        return WebProcess(child, f"http://127.0.0.1:{web}", f"http://127.0.0.1:{admin}")

    yield begin
    for child in children:
        child.stop()


class TestWithoutTemporal:
    async def test_it_serves_at_once_and_ends_by_sigterm_without_an_error(
        self, start: Start, invite: str
    ) -> None:
        web = start({})
        await web.answers(f"{web.public}/healthz", 200)
        away = await web.answers(f"{web.public}{invite}", 503)
        unready = await web.answers(f"{web.admin}/readyz", 503)
        web.child.terminate()

        assert 0 == await web.ended()
        assert "uvicorn" not in web.child.log_path.read_text()
        assert "We are away for a moment" in away.text
        assert "server" not in away.headers
        assert "temporal not reached and keys not checked yet" == unready.json()["reason"]

    async def test_a_callback_waits_at_the_browser_and_leaves_no_trace_in_the_log(
        self, start: Start, callback: str
    ) -> None:
        web = start({"LOG_LEVEL": "DEBUG"})
        await web.answers(f"{web.public}/healthz", 200)
        response = await web.answers(f"{web.public}{callback}{QUERY}", 503)
        web.child.terminate()
        await web.ended()
        log = web.child.log_path.read_text()

        assert "5" == response.headers["refresh"]
        assert "temporal_away" in log
        assert "canary" not in log
        assert callback.removeprefix("/callback/") not in log
        assert all(isinstance(json.loads(line), dict) for line in log.splitlines())

    async def test_its_api_asks_for_a_key_and_leaves_no_trace_of_it_in_the_log(
        self, start: Start, tmp_path: Path
    ) -> None:
        path = tmp_path / "keys" / "api.keys"
        new = NewApiKey.made(name="shop", created_at=datetime.now(UTC))
        add_api_key(path, new.key)
        web = start({"LOG_LEVEL": "DEBUG", "API_KEYS_FILE": str(path)})
        await web.answers(f"{web.admin}/v1/problems/bug", 200)
        headers = {"Authorization": f"Bearer {new.secret.get_secret_value()}"}
        async with httpx.AsyncClient(base_url=f"{web.admin}/v1", headers=headers) as api:
            away = await api.get("/people")
            revoke_api_key(path, new.key.id)
            revoked = await api.get("/people")
        nobody = await web.answers(f"{web.admin}/v1/people", 401)
        web.child.terminate()
        await web.ended()
        log = web.child.log_path.read_text()

        assert ["temporal_away", "key_refused", "key_missing"] == [
            answer.json()["code"] for answer in (away, revoked, nobody)
        ]
        assert (503, "5") == (away.status_code, away.headers["retry-after"])
        assert "server" not in away.headers
        assert "key_refused" in log
        assert new.secret.get_secret_value().removeprefix(f"lk_{new.key.id}_") not in log


class TestWithTemporal:
    async def test_it_is_ready_once_the_keys_are_checked(
        self, start: Start, temporal_server: RunningServer, namespace: str
    ) -> None:
        web = start({"TEMPORAL_ADDRESS": temporal_server.address, "TEMPORAL_NAMESPACE": namespace})

        assert {"ready": True} == (await web.answers(f"{web.admin}/readyz", 200)).json()

    async def test_its_codec_endpoint_reads_what_our_processes_write(
        self, start: Start, temporal: Client, namespace: str
    ) -> None:
        web = start({"TEMPORAL_NAMESPACE": namespace})
        await web.answers(f"{web.public}/healthz", 200)
        plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"hello"')
        codec = temporal.data_converter.payload_codec
        assert codec is not None
        sealed = Payloads(payloads=await codec.encode([plain]))
        async with httpx.AsyncClient() as client:
            response = await client.post(
                f"{web.admin}/codec/decode", content=json_format.MessageToJson(sealed)
            )

        assert [plain] == list(json_format.Parse(response.text, Payloads()).payloads)

    async def test_a_wrong_payload_key_stops_it_with_one_sentence(
        self,
        start: Start,
        temporal: Client,
        temporal_server: RunningServer,
        namespace: str,
        tmp_path: Path,
    ) -> None:
        await check_keys(temporal, KEYS)
        other = key_file(tmp_path / "other.keys", KeyRing.of(Key.of(b"o" * 32)))
        web = start(
            {
                "TEMPORAL_ADDRESS": temporal_server.address,
                "TEMPORAL_NAMESPACE": namespace,
                "PAYLOAD_KEYS_FILE": other,
            }
        )

        assert 2 == await web.ended()
        assert "is written under another one" in web.child.log_path.read_text().splitlines()[-1]


class TestRefusals:
    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"WEB_PORT": "canary"}, "WEB_PORT is wrong"),
            ({"PUBLIC_BASE_URL": "http://canary.example"}, "PUBLIC_BASE_URL is wrong"),
            ({"H5_HOSTS": "https://a.example/canary"}, "H5_HOSTS is wrong"),
            ({"CODEC_TOKEN": "canary"}, "CODEC_TOKEN is wrong"),
            ({"LINK_KEYS_FILE": "/nowhere/link.keys"}, "There is no key file"),
            ({"WEB_HOST": "192.0.2.1"}, "correct WEB_HOST and WEB_PORT"),
            ({"ADMIN_HOST": "no such host"}, "correct ADMIN_HOST and ADMIN_PORT"),
        ],
    )
    async def test_a_wrong_setting_stops_it_with_one_sentence(
        self, start: Start, changed: dict[str, str], sentence: str
    ) -> None:
        web = start(changed)
        code = await web.ended()
        (line,) = web.child.log_path.read_text().splitlines()

        assert 2 == code
        assert sentence in line
        assert "canary" not in line
