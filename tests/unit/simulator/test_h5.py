"""The person's page: one attempt a link, a short life, and several ways back."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from simulator.control import SimulatorControl
from simulator.scenario import Scenario
from simulator.server import serve
from simulator.world import World

NewSession = Callable[[], Awaitable[tuple[str, str]]]
Choose = Callable[[str, str], Awaitable[httpx.Response]]
Avatar = Callable[..., Awaitable[httpx.Response]]


class TestLink:
    async def test_opening_does_not_use_it_up(
        self, http: httpx.AsyncClient, new_session: NewSession
    ) -> None:
        _, h5_link = await new_session()

        opened = [(await http.get(h5_link)).status_code for _ in range(2)]

        assert [200, 200] == opened

    @pytest.mark.parametrize("outcome", ["pass", "fail"])
    async def test_an_attempt_kills_it(
        self,
        http: httpx.AsyncClient,
        new_session: NewSession,
        choose: Choose,
        outcome: str,
    ) -> None:
        _, h5_link = await new_session()
        await choose(h5_link, outcome)

        assert 410 == (await http.get(h5_link)).status_code

    async def test_it_expires(
        self, http: httpx.AsyncClient, control: SimulatorControl, new_session: NewSession
    ) -> None:
        _, h5_link = await new_session()
        await control.advance(121)

        assert 410 == (await http.get(h5_link)).status_code

    async def test_a_link_with_escaped_ampersands_is_broken(
        self, http: httpx.AsyncClient, control: SimulatorControl, new_session: NewSession
    ) -> None:
        _, h5_link = await new_session()

        answer = await http.get(h5_link.replace("&", "%5Cu0026"))

        assert 410 == answer.status_code
        assert 1 == (await control.counts())["h5_link_broken"]

    async def test_it_may_live_on_an_origin_of_its_own(self) -> None:
        world = World(Scenario(session_s=0, ampersands="plain"))
        async with serve(world, h5_port=0) as base_url, httpx.AsyncClient(trust_env=False) as http:
            headers = {"Authorization": "Bearer k"}
            body = {"callback_url": "http://127.0.0.1:9/cb"}
            made = await http.post(
                f"{base_url}/v1/seedance2/real-avatar", json=body, headers=headers
            )
            task_id = made.json()["data"]["id"]
            task = await http.get(f"{base_url}/v1/tasks/{task_id}", headers=headers)
            h5_link = task.json()["data"]["result"]["h5_link"]
            page = await http.get(h5_link)

        assert not h5_link.startswith(base_url)
        assert 200 == page.status_code


class TestWayBack:
    async def test_the_browser_is_redirected_with_five_parameters(
        self, new_session: NewSession, choose: Choose
    ) -> None:
        token, h5_link = await new_session()

        answer = await choose(h5_link, "pass")

        target = urlsplit(answer.headers["location"])
        assert 302 == answer.status_code
        assert "/callback/one" == target.path
        assert {
            "lang": ["en"],
            "bytedToken": [token],
            "resultCode": ["10000"],
            "algorithmBaseRespCode": ["0"],
            "reqMeasureInfoValue": ["1"],
            "verify_type": ["real_time"],
        } == parse_qs(target.query)

    async def test_a_failed_check_has_another_result_code(
        self, new_session: NewSession, choose: Choose
    ) -> None:
        _, h5_link = await new_session()

        answer = await choose(h5_link, "fail")

        assert ["-1003"] == parse_qs(urlsplit(answer.headers["location"]).query)["resultCode"]

    async def test_leaving_decides_nothing(
        self, http: httpx.AsyncClient, new_session: NewSession, choose: Choose
    ) -> None:
        _, h5_link = await new_session()

        assert 200 == (await choose(h5_link, "leave")).status_code
        assert 200 == (await http.get(h5_link)).status_code

    async def test_a_lost_callback_leads_nowhere_though_the_group_exists(
        self,
        avatar: Avatar,
        control: SimulatorControl,
        new_session: NewSession,
        choose: Choose,
    ) -> None:
        await control.scenario(callback="lost")
        token, h5_link = await new_session()

        assert 200 == (await choose(h5_link, "pass")).status_code
        assert "GroupId" in (await avatar(byted_token=token)).json()["data"]

    async def test_a_late_callback_waits_for_its_time(
        self,
        http: httpx.AsyncClient,
        control: SimulatorControl,
        new_session: NewSession,
        choose: Choose,
    ) -> None:
        await control.scenario(callback="late")
        _, h5_link = await new_session()

        waiting = await choose(h5_link, "pass")
        back = f"{urlsplit(h5_link).path}/return"
        early = await http.get(back)
        await control.advance(4)
        late = await http.get(back)

        assert f"url={back}" in waiting.text
        assert [200, 302] == [early.status_code, late.status_code]

    @pytest.mark.parametrize(
        ("mode", "method", "noted"),
        [("post", "POST", "callback_posted"), ("duplicated", "GET", "callback_repeated")],
    )
    async def test_the_server_itself_may_send_a_callback(
        self,
        *,
        avatar: Avatar,
        http: httpx.AsyncClient,
        control: SimulatorControl,
        choose: Choose,
        mode: str,
        method: str,
        noted: str,
    ) -> None:
        received: asyncio.Queue[str] = asyncio.Queue()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received.put_nowait((await reader.readline()).decode().split()[0])
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
            writer.close()

        await control.scenario(callback=mode)
        receiver = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with receiver:
            port = receiver.sockets[0].getsockname()[1]
            made = await avatar(callback_url=f"http://127.0.0.1:{port}/cb")
            task = await http.get(f"/v1/tasks/{made.json()['data']['id']}")
            h5_link = task.json()["data"]["result"]["h5_link"].replace("\\u0026", "&")
            await choose(h5_link, "pass")

            assert method == await asyncio.wait_for(received.get(), 5)
        # The ledger learns of the answer a moment after it was given.
        for _ in range(50):
            if noted in await control.counts():
                break
            await asyncio.sleep(0.02)
        assert 1 == (await control.counts())[noted]
