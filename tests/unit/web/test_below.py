"""Behind a gateway that serves us below a path of its own, every address of ours begins with it."""

import dataclasses
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from likeness.stages import Stage
from tests.unit.web.pretended import PretendedRuns, glance
from web.deps import PublicDeps
from web.public import public_app

PATH = "/avatars"
_ADDRESS = re.compile(r'(?:href|src|action|data-follow)="(/[^"]*)"')


@pytest.fixture
async def below(deps: PublicDeps) -> AsyncIterator[httpx.AsyncClient]:
    app = public_app(dataclasses.replace(deps, base_url=f"https://likeness.example{PATH}"))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://likeness.example") as it:
        yield it


class TestBelowAPath:
    @pytest.mark.parametrize("stage", [Stage.INVITED, Stage.VERIFYING, Stage.COMPLETED])
    async def test_a_page_leads_nowhere_else(
        self, below: httpx.AsyncClient, runs: PretendedRuns, invite: str, stage: Stage
    ) -> None:
        runs.run = glance(stage)
        page = await below.get(f"{PATH}{invite}")

        addresses = _ADDRESS.findall(page.text)

        assert 200 == page.status_code
        assert len(addresses) >= 2
        assert [] == [each for each in addresses if not each.startswith(f"{PATH}/")]

    async def test_a_gateway_may_take_the_path_off(
        self, below: httpx.AsyncClient, invite: str, callback: str
    ) -> None:
        for path in (invite, "/style.css", "/healthz"):
            kept, taken = await below.get(f"{PATH}{path}"), await below.get(path)
            assert (200, 200) == (kept.status_code, taken.status_code)
        back = await below.get(f"{callback}?resultCode=10000")

        assert back.headers["location"].startswith(f"{PATH}/i/")

    async def test_a_callback_leads_to_the_page_below_it(
        self, below: httpx.AsyncClient, callback: str
    ) -> None:
        back = await below.get(f"{PATH}{callback}?resultCode=10000")
        page = await below.get(back.headers["location"])

        assert (303, 200) == (back.status_code, page.status_code)

    async def test_cookies_stay_below_it(self, below: httpx.AsyncClient, invite: str) -> None:
        page = await below.get(f"{PATH}{invite}?lang=zh-Hans")
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.text))
        action = re.search(r'class="start" method="post" action="([^"]+)"', page.text)
        assert action is not None
        tapped = await below.post(action[1], data={**fields, "consent": "yes"})

        assert f"Path={PATH}/;" in page.headers["set-cookie"]
        assert f"Path={PATH}/i;" in tapped.headers["set-cookie"]

    async def test_another_path_is_not_ours(self, below: httpx.AsyncClient, invite: str) -> None:
        assert 404 == (await below.get(f"{PATH}s{invite}")).status_code
