import re

import httpx
import pytest

from likeness.stages import Stage
from tests.unit.web.pretended import NOW, Clock, PretendedRuns, attempt, details, glance
from tests.unit.web.reading import read, refresh_path
from web.devices import told_apart
from web.handoff import qr_of

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
TABLET = "Mozilla/5.0 (Linux; Android 13; SM-X200) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"


class TestWhichDevice:
    @pytest.mark.parametrize(
        ("agent", "mobile", "page"),
        [
            (WINDOWS, None, "handoff"),
            (WINDOWS, "?0", "handoff"),
            (MAC, None, "handoff"),
            (LINUX, None, "handoff"),
            ("", "?0", "handoff"),
            (WINDOWS, "?1", "invite"),
            (ANDROID, None, "invite"),
            (ANDROID, "?1", "invite"),
            (TABLET, "?0", "invite"),
            (IPHONE, None, "invite"),
            ("curl/8", None, "invite"),
            ("", None, "invite"),
        ],
    )
    async def test_a_computer_leads_to_the_phone_and_whatever_else_starts_here(
        self, client: httpx.AsyncClient, invite: str, *, agent: str, mobile: str | None, page: str
    ) -> None:
        hint = {} if mobile is None else {"Sec-CH-UA-Mobile": mobile}
        response = await client.get(invite, headers={"User-Agent": agent, **hint})

        assert page == read(response).page


class TestHandoff:
    @pytest.fixture(autouse=True)
    def _on_a_computer(self, client: httpx.AsyncClient) -> None:
        client.headers["User-Agent"] = WINDOWS

    async def test_it_shows_our_own_link_as_a_code_and_mints_nothing(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        response = await client.get(invite)

        assert str(qr_of(f"https://likeness.example{invite}")) in response.text
        assert [] == runs.writes
        assert not read(response).has_box

    async def test_a_computer_with_a_camera_is_one_link_away(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        assert read(await client.get(invite)).leads_to(f"{invite}?here=1")
        here = read(await client.get(f"{invite}?here=1"))

        assert ("invite", True) == (here.page, here.has_box)
        assert [] == runs.writes

    async def test_a_refused_tap_on_a_computer_is_answered_on_that_computer(
        self, client: httpx.AsyncClient, invite: str
    ) -> None:
        form = read(await client.get(f"{invite}?here=1")).fields
        without_the_box = {name: value for name, value in form.items() if name != "consent"}
        response = await client.post(f"{invite}/start", data=without_the_box)

        assert (422, "invite") == (response.status_code, read(response).page)
        assert "Please tick the box" in response.text

    async def test_it_follows_the_phone_by_itself(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        response = await client.get(invite)
        runs.run, runs.details_told = glance(Stage.VERIFYING), details(device="f" * 64)
        begun = await client.get(refresh_path(response))
        runs.run = glance(Stage.VERIFIED)
        passed = await client.get(refresh_path(begun))

        assert f"{invite}?since={NOW:.0f}" == refresh_path(response)
        assert ("handoff", "done") == (read(begun).page, read(passed).page)
        assert "The check was opened on a phone." in begun.text

    async def test_it_follows_less_eagerly_in_time_and_not_for_ever(
        self, client: httpx.AsyncClient, invite: str, clock: Clock
    ) -> None:
        path, looks = invite, 0
        while path:
            response = await client.get(path)
            path, looks = refresh_path(response), looks + 1
            clock.now += int(response.headers.get("refresh", "0").partition(";")[0])

        assert 3600 <= clock.now - NOW <= 3700
        assert 250 <= looks <= 300
        assert read(response).leads_to(invite)

    async def test_a_check_begun_on_this_computer_goes_on_here(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        client.cookies.set("device", "d" * 43, domain="likeness.example")
        runs.run = glance(Stage.VERIFYING)
        runs.details_told = details(attempt(), device=told_apart("d" * 43))

        assert "try_again" == read(await client.get(invite)).page

    async def test_who_comes_back_from_the_check_is_not_sent_to_a_phone(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        runs.run = glance(Stage.VERIFYING)

        assert "checking" == read(await client.get(f"{invite}?back={NOW:.0f}")).page


class TestCode:
    def test_it_is_black_on_white_with_a_quiet_zone_whatever_the_page(self) -> None:
        svg = str(qr_of("https://likeness.example/i/x"))
        (size,) = re.findall(r'viewBox="0 0 (\d+) \1"', svg)

        assert f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/>' in svg
        assert 'stroke="#000" d="M4 4.5h7' in svg
        assert "style=" not in svg

    def test_the_longest_link_still_fits_a_small_page(self) -> None:
        assert len(qr_of("https://a-rather-long-host-name.example/i/" + "x" * 400)) < 16_000


class TestInApp:
    @pytest.mark.parametrize(
        ("words", "app"),
        [
            ("MicroMessenger/8.0.50", "WeChat"),
            ("Line/14.0", "LINE"),
            ("[FBAN/FBIOS;FBAV/450.0]", "Facebook"),
            ("Instagram 300.0", "Instagram"),
            ("AlipayClient/10.5", "Alipay"),
            ("DingTalk/7.0", "DingTalk"),
            ("Lark/7.0", "Lark"),
        ],
    )
    async def test_an_apps_own_browser_is_advised_against_and_no_wall(
        self, client: httpx.AsyncClient, invite: str, words: str, app: str
    ) -> None:
        on_iphone = await client.get(invite, headers={"User-Agent": f"{IPHONE} {words}"})
        on_android = await client.get(invite, headers={"User-Agent": f"{ANDROID} {words}"})

        assert f"inside {app}" in on_iphone.text
        assert "open this link in Safari" in on_iphone.text
        assert "open this link in Chrome" in on_android.text
        assert f'value="https://likeness.example{invite}"' in on_iphone.text
        assert read(on_iphone).has_box

    async def test_a_browser_of_its_own_gets_no_advice(
        self, client: httpx.AsyncClient, invite: str
    ) -> None:
        response = await client.get(invite, headers={"User-Agent": IPHONE})

        assert "in-app" not in response.text
