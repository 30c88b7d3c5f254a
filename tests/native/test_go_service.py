"""A service in Go that holds no key: its payloads go by the codec endpoint of ``python -m web``."""

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from devstack.child import Child
from devstack.isolation import child_environment
from devstack.ports import free_port
from likeness.stages import Stage
from likeness.temporal.keyring import Key, KeyRing
from likeness.temporal.onboardings import describe_onboarding
from tests.conftest import USER_ENVIRONMENT
from tests.native.blocks import ROOT, blocks
from tests.native.conftest import Said, Service
from tests.workflows.conftest import Journey

# A first build takes a minute or two.
pytestmark = [pytest.mark.server, pytest.mark.processes, pytest.mark.timeout(600)]

PROGRAM = ROOT / "tests" / "native" / "go"
REMEDY = "the tests of tests/native need Go >= 1.26 on PATH: https://go.dev/dl"


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it once, with the modules that go.sum names."""
    go = shutil.which("go", path=USER_ENVIRONMENT.get("PATH"))
    assert go, REMEDY
    place = tmp_path_factory.mktemp("go") / "native"
    built = subprocess.run(
        [go, "build", "-o", str(place), "."],
        cwd=PROGRAM,
        env=USER_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == built.returncode, f"{built.stderr}\n{REMEDY}"
    return place


@dataclass(frozen=True)
class GoService:
    """Gives the program one verb after the other."""

    program: Path
    service: Service

    async def says(self, verb: str, *more: str) -> Said:
        return await self.service.runs(str(self.program), verb, "order-4711", *more)

    async def told(self, verb: str, *more: str) -> Any:
        said = await self.says(verb, *more)
        assert ("", 0) == (said.err, said.code)
        return json.loads(said.out)

    def knowing(self, **variables: str) -> "GoService":
        """Give the same with other variables."""
        known = {**self.service.variables, **variables}
        return replace(self, service=replace(self.service, variables=known))


@pytest.fixture
async def go(
    program: Path, service: Service, tmp_path: Path, key_ring: KeyRing
) -> AsyncIterator[GoService]:
    token, admin = secrets.token_urlsafe(24), free_port()
    for name, keys in (("payload", key_ring), ("link", KeyRing.of(Key.of(os.urandom(32))))):
        (tmp_path / f"{name}.keys").write_text(keys.to_text())
        (tmp_path / f"{name}.keys").chmod(0o600)
    settings = {
        "WEB_PORT": str(free_port()),
        "ADMIN_PORT": str(admin),
        # Beyond loopback, so that nobody is let in without the token.
        "ADMIN_HOST": "0.0.0.0",  # noqa: S104 - for as long as the test
        "CODEC_TOKEN": token,
        "PAYLOAD_KEYS_FILE": str(tmp_path / "payload.keys"),
        "LINK_KEYS_FILE": str(tmp_path / "link.keys"),
        "TEMPORAL_ADDRESS": service.variables["TEMPORAL_ADDRESS"],
        "TEMPORAL_NAMESPACE": service.variables["TEMPORAL_NAMESPACE"],
    }
    web = Child(
        "web",
        [sys.executable, "-m", "web"],
        environment=child_environment(tmp_path, settings),
        log_path=tmp_path / "web.log",
        directory=ROOT,
    )
    web.start()
    endpoint = f"http://127.0.0.1:{admin}"
    try:
        await ready(endpoint)
        yield GoService(program, service).knowing(
            CODEC_ENDPOINT=f"{endpoint}/codec", CODEC_TOKEN=token
        )
    finally:
        web.stop()


async def ready(endpoint: str) -> None:
    async with httpx.AsyncClient() as http:
        while True:
            try:
                if (await http.get(f"{endpoint}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


class TestAGoService:
    async def test_takes_an_onboarding_from_its_start_to_its_result(
        self, journey: Journey, go: GoService
    ) -> None:
        refused, good = (f"{journey.base_url}/portraits/{name}.jpg" for name in ("refused", "a"))
        started = await go.told("start", refused)
        again = await go.told("start", refused)
        invited = await go.told("status")
        described = await go.told("describe")
        await journey.scan(await journey.tap())
        hinted = await go.told("hint")
        await journey.until(lambda status: status.hold is not None)
        held = await go.told("status")
        replaced = await go.told("replace", good)
        result = await go.told("result")

        assert ("likeness/default/order-4711",) * 2 == (started, again)
        assert ("invited", True) == (invited["stage"], hinted)
        assert ("invited", "p-1", 1) == (
            described["stage"],
            described["memo"]["person"],
            described["memo"]["link"],
        )
        assert ("in_review", "needs_assets") == (held["stage"], held["hold"])
        assert "replace_assets" == replaced["orders"][0]["verb"]
        assert "completed" == result["stage"]

    async def test_cancels_one_and_reads_why_an_order_is_refused(
        self, journey: Journey, go: GoService
    ) -> None:
        url = f"{journey.base_url}/portraits/a.jpg"
        await go.told("start", url)
        refused = await go.says("replace", url)
        canceled = await go.told("cancel")
        result = await go.told("result")

        assert (1, "") == (refused.code, refused.out)
        assert refused.err.startswith("nothing_to_replace: ")
        assert ("canceled", "cancel", "sold out") == (
            canceled["stage"],
            canceled["orders"][0]["verb"],
            canceled["orders"][0]["reason"],
        )
        assert "canceled" == result["stage"]

    async def test_writes_nothing_readable(self, journey: Journey, go: GoService) -> None:
        await go.told("start", f"{journey.base_url}/portraits/canary.jpg")
        await go.told("cancel")
        raw = [event.SerializeToString() async for event in journey.handle.fetch_history_events()]

        assert raw
        assert not any(b"canary" in event or b"sold out" in event for event in raw)

    async def test_is_refused_when_it_sends_in_clear(self, journey: Journey, go: GoService) -> None:
        said = await go.says("start-in-clear", f"{journey.base_url}/portraits/a.jpg")
        glance = await describe_onboarding(journey.client, "default", "order-4711")
        seen = await go.says("result")

        assert (1, "") == (said.code, said.out)
        assert "bad_input: Encoded failure" == said.err.strip()
        assert Stage.FAILED == glance.stage
        assert seen.err.startswith("bad_input: The input came in clear")

    async def test_gets_nothing_encrypted_without_the_token(
        self, journey: Journey, go: GoService
    ) -> None:
        said = await go.knowing(CODEC_TOKEN="wrong").says("start", f"{journey.base_url}/a.jpg")

        assert 1 == said.code
        assert "asks for CODEC_TOKEN as a bearer token" in said.err


class TestThePage:
    def test_shows_go_as_it_is_run(self) -> None:
        program = (PROGRAM / "main.go").read_text().expandtabs(0)
        shown = [block.expandtabs(0) for block in blocks("go")]

        assert 4 == len(shown)
        assert [] == [block for block in shown if block not in program]
