"""Somebody else's gateway before the public listener: real nginx, TLS, and a path of its own."""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from devstack.child import Child
from devstack.isolation import child_environment
from devstack.ports import free_port
from devstack.temporal_server import RunningServer
from likeness.ids import video_workflow_id
from likeness.stages import Stage
from likeness.temporal.keyring import Key, KeyRing
from runtime.links import (
    CallbackToken,
    InviteToken,
    LinkSealer,
    VideoToken,
    callback_url,
    invite_url,
    webhook_url,
)
from tests.native.blocks import ROOT
from tests.native.gateway import PREFIX, Gateway, gateway
from tests.workflows.conftest import Journey

pytestmark = [pytest.mark.server, pytest.mark.processes]

LINK_KEYS = KeyRing.of(Key.of(os.urandom(32)))
RETURN = "?bytedToken=canary-byted&resultCode=10000"


@dataclass(frozen=True)
class Site:
    """The gateway, web behind it, and a browser before it."""

    gateway: Gateway
    web: Child
    browser: httpx.AsyncClient
    journey: Journey

    def invite(self) -> str:
        token = InviteToken(
            tenant="default", onboarding=self.journey.onboarding, person="p-1", link=1
        )
        return invite_url(self.gateway.url, self.journey.sealer.seal_invite(token))

    def callback(self) -> str:
        token = CallbackToken(
            tenant="default",
            onboarding=self.journey.onboarding,
            person="p-1",
            link=1,
            attempt=1,
            minted_at=int(time.time()),
        )
        return callback_url(self.gateway.url, self.journey.sealer.seal_callback(token))

    def webhook(self) -> str:
        video = VideoToken.of(video_workflow_id(self.journey.handle.id))
        return webhook_url(self.gateway.url, self.journey.sealer.seal_video(video)) + "/callback"

    async def tapped(self) -> httpx.Response:
        """Open the invite page and tap Start."""
        page = await self.browser.get(self.invite())
        form = re.search(r'<form class="start" method="post" action="([^"]+)"', page.text)
        assert form is not None, page.text
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.text))
        address = str(page.url.join(form[1]))
        return await self.browser.post(address, data={**fields, "consent": "yes"})

    async def scanned(self, h5_link: str) -> str:
        """Pass the check, and give the address that the provider sends the browser to."""
        http = self.journey.http
        (await http.get(h5_link)).raise_for_status()
        done = await http.post(h5_link.partition("?")[0], data={"outcome": "pass"})
        return done.headers["location"]


@pytest.fixture(params=[False, True], ids=["path_kept", "path_taken_off"])
async def site(
    request: pytest.FixtureRequest,
    journey: Journey,
    temporal_server: RunningServer,
    key_ring: KeyRing,
    tmp_path: Path,
) -> AsyncIterator[Site]:
    port, web_port = free_port(), free_port()
    journey.sealer = LinkSealer.of(LINK_KEYS)
    base = f"https://localhost:{port}{PREFIX}"
    await journey.restart_worker(public_base_url=base)
    for name, keys in (("payload", key_ring), ("link", LINK_KEYS)):
        (tmp_path / f"{name}.keys").write_text(keys.to_text())
        (tmp_path / f"{name}.keys").chmod(0o600)
    settings = {
        "PUBLIC_BASE_URL": base,
        "WEB_PORT": str(web_port),
        "ADMIN_PORT": str(free_port()),
        "PAYLOAD_KEYS_FILE": str(tmp_path / "payload.keys"),
        "LINK_KEYS_FILE": str(tmp_path / "link.keys"),
        "TEMPORAL_ADDRESS": temporal_server.address,
        "TEMPORAL_NAMESPACE": journey.client.namespace,
        "H5_HOSTS": journey.base_url,
        "LOG_LEVEL": "DEBUG",
    }
    web = Child(
        "web",
        [sys.executable, "-m", "web"],
        environment=child_environment(tmp_path, settings),
        log_path=tmp_path / "web.log",
        directory=ROOT,
    )
    web.start()
    async with AsyncExitStack() as stack:
        stack.callback(web.stop)
        before = stack.enter_context(
            gateway(tmp_path / "nginx", port=port, web_port=web_port, takes_path_off=request.param)
        )
        browser = await stack.enter_async_context(
            httpx.AsyncClient(verify=before.trust, trust_env=False, timeout=20)
        )
        await healthy(browser, f"{before.url}/healthz")
        yield Site(before, web, browser, journey)


async def healthy(browser: httpx.AsyncClient, url: str) -> None:
    while True:
        try:
            if (await browser.get(url)).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)


class TestBehindAGateway:
    async def test_a_person_goes_all_the_way_below_its_path(
        self, journey: Journey, site: Site
    ) -> None:
        await journey.start("a", link_ttl_s=600)
        sent_on = await site.tapped()
        back = await site.scanned(sent_on.headers["location"])
        returned = await site.browser.get(back)
        page = await site.browser.get(returned.url.join(returned.headers["location"]))
        result = await journey.result()

        assert 303 == sent_on.status_code
        assert back.startswith(f"{site.gateway.url}/callback/")
        assert "resultCode=10000" in back
        assert returned.headers["location"].startswith(f"{PREFIX}/i/")
        assert 200 == page.status_code
        assert Stage.COMPLETED == result.stage

    async def test_a_callback_may_come_by_post(self, journey: Journey, site: Site) -> None:
        await journey.start("a", link_ttl_s=600)
        await journey.scan(await journey.tap())
        answer = await site.browser.post(
            site.callback(),
            json={"resultCode": 10000, "bytedToken": "canary-byted"},
            headers={"Accept": "application/json"},
        )
        result = await journey.result()

        assert (200, {"received": True}) == (answer.status_code, answer.json())
        assert Stage.COMPLETED == result.stage

    async def test_a_webhook_comes_through(self, journey: Journey, site: Site) -> None:
        await journey.start("a")
        answer = await site.browser.post(site.webhook(), json={"status": "completed"})

        assert (200, {"received": True}) == (answer.status_code, answer.json())

    async def test_no_log_of_either_has_a_token(self, journey: Journey, site: Site) -> None:
        await journey.start("a")
        addresses = [site.invite(), f"{site.callback()}{RETURN}", site.webhook()]
        for address in addresses:
            await site.browser.get(address)
            await site.browser.post(address, content=b"x" * 100_000)
        site.web.stop()
        lost = [await site.browser.get(address) for address in addresses]
        tokens = [re.split(r"/(?:i|callback|webhook)/", each)[1][:40] for each in addresses]
        logs = site.gateway.everything + site.web.log_path.read_text()

        assert [502, 502, 502] == [each.status_code for each in lost]
        assert 9 <= len(site.gateway.access)
        assert f'"GET {PREFIX}/callback/-" 303' in site.gateway.everything
        assert [] == [each for each in [*tokens, "canary"] if each in logs]
