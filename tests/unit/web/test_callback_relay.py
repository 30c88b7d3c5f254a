import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from likeness.messages.conversation import VerificationCallback
from likeness.stages import Stage
from runtime.links import LinkSealer
from tests.unit.web.pretended import INVITE, NOW, Clock, PretendedRuns, glance, minted
from tests.unit.web.reading import read

QUERY = (
    "?bytedToken=canary-token&resultCode=10000&algorithmBaseRespCode=0"
    "&reqMeasureInfoValue=1&verify_type=real_time"
)
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def page_of(response: httpx.Response) -> str:
    return response.headers["location"].partition("?")[0].removeprefix("/i/")


class TestCallback:
    async def test_a_browser_wakes_the_run_and_is_led_to_its_own_page(
        self, client: httpx.AsyncClient, callback: str, runs: PretendedRuns, links: LinkSealer
    ) -> None:
        response = await client.get(f"{callback}{QUERY}", headers=HTML)

        assert 303 == response.status_code
        assert INVITE == links.open_invite(page_of(response))
        assert [VerificationCallback(attempt=2, result_code=10000)] == runs.callbacks

    async def test_nothing_of_the_query_comes_back(
        self, client: httpx.AsyncClient, callback: str
    ) -> None:
        response = await client.get(f"{callback}{QUERY}")

        assert "canary-token" not in str(response.headers) + response.text
        assert "10000" not in response.headers["location"]

    @pytest.mark.parametrize(
        ("content", "content_type"),
        [
            (b"resultCode=-1003&bytedToken=x", "application/x-www-form-urlencoded"),
            (b'{"resultCode": -1003}', "application/json"),
            (b'{"data": {"resultCode": "-1003"}}', "application/json; charset=utf-8"),
        ],
    )
    async def test_a_post_may_bring_form_or_json(
        self,
        client: httpx.AsyncClient,
        callback: str,
        runs: PretendedRuns,
        content: bytes,
        content_type: str,
    ) -> None:
        response = await client.post(
            callback, content=content, headers={"Content-Type": content_type, **HTML}
        )

        assert 303 == response.status_code
        assert [VerificationCallback(attempt=2, result_code=-1003)] == runs.callbacks

    async def test_a_server_that_wants_json_gets_json(
        self, client: httpx.AsyncClient, callback: str, runs: PretendedRuns
    ) -> None:
        response = await client.post(
            callback, json={"resultCode": 10000}, headers={"Accept": "application/json"}
        )

        assert (200, {"received": True}) == (response.status_code, response.json())
        assert 1 == len(runs.callbacks)

    @pytest.mark.parametrize(
        "query",
        ["", "?", "?resultCode=", "?resultCode=NaN", "?resultCode=1e999", "?%ff=%fe", "?a[]=1"],
    )
    async def test_nonsense_is_a_hint_without_a_code(
        self, client: httpx.AsyncClient, callback: str, runs: PretendedRuns, query: str
    ) -> None:
        response = await client.get(f"{callback}{query}")

        assert 303 == response.status_code
        assert [VerificationCallback(attempt=2)] == runs.callbacks

    @pytest.mark.parametrize("next_", ["//evil.example", "https://evil.example", "\\\\evil"])
    async def test_no_parameter_leads_anywhere(
        self, client: httpx.AsyncClient, callback: str, next_: str
    ) -> None:
        parameters = dict.fromkeys(("next", "return", "url", "redirect", "looked"), next_)
        response = await client.get(callback, params=parameters)

        assert response.headers["location"].startswith("/i/")
        assert "evil" not in response.headers["location"]

    @pytest.mark.parametrize(
        ("method", "headers"), [("HEAD", {}), ("GET", {"Purpose": "prefetch"})]
    )
    async def test_looking_ahead_wakes_nobody(
        self,
        client: httpx.AsyncClient,
        callback: str,
        runs: PretendedRuns,
        method: str,
        headers: dict[str, str],
    ) -> None:
        response = await client.request(method, callback, headers=headers)

        assert 303 == response.status_code
        assert [] == runs.calls


class TestRefusals:
    @pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
    async def test_a_token_changed_anywhere_makes_no_call(
        self, client: httpx.AsyncClient, callback: str, runs: PretendedRuns, method: str
    ) -> None:
        prefix = len("/callback/")
        token = callback[prefix:]
        mutants = [
            token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
            for at in range(len(token))
        ]
        mutants += [token[:-1], token + "A", token + "=", token + "%0A", "x", "a" * 5000]
        for mutant in mutants:
            response = await client.request(method, f"/callback/{mutant}{QUERY}")
            assert 404 == response.status_code

        assert [] == runs.calls

    async def test_an_invite_token_is_no_callback_token(
        self, client: httpx.AsyncClient, invite: str, runs: PretendedRuns
    ) -> None:
        response = await client.get(invite.replace("/i/", "/callback/"))

        assert (404, "neutral") == (response.status_code, read(response).page)
        assert [] == runs.calls

    @pytest.mark.parametrize("announced", [True, False])
    async def test_a_body_above_8_kib_is_refused(
        self,
        client: httpx.AsyncClient,
        callback: str,
        runs: PretendedRuns,
        announced: bool,
    ) -> None:
        body = b"x" * (8 * 1024 + 1)

        async def streamed() -> AsyncIterator[bytes]:
            for at in range(0, len(body), 1000):
                yield body[at : at + 1000]

        response = await client.post(callback, content=body if announced else streamed())

        assert (413, "too_large") == (response.status_code, read(response).page)
        assert [] == runs.calls

    async def test_three_signals_a_minute_are_enough(
        self, client: httpx.AsyncClient, callback: str, runs: PretendedRuns
    ) -> None:
        answers = await asyncio.gather(*(client.get(f"{callback}{QUERY}") for _ in range(50)))

        assert {303} == {answer.status_code for answer in answers}
        assert 3 == len(runs.callbacks)

    async def test_ten_signals_are_enough_for_a_tokens_whole_life(
        self, client: httpx.AsyncClient, callback: str, runs: PretendedRuns, steady_clock: Clock
    ) -> None:
        for _ in range(6):
            steady_clock.now += 61
            for _ in range(3):
                await client.get(callback)

        assert 10 == len(runs.callbacks)

    @pytest.mark.parametrize("set_by_s", [-600, 600])
    async def test_setting_the_machines_clock_neither_stops_nor_frees_them(
        self,
        client: httpx.AsyncClient,
        callback: str,
        runs: PretendedRuns,
        clock: Clock,
        steady_clock: Clock,
        *,
        set_by_s: float,
    ) -> None:
        counts = []
        for moves_s in (0, set_by_s, 61):
            clock.now += moves_s
            steady_clock.now += moves_s if moves_s == 61 else 0
            for _ in range(4):
                await client.get(callback)
            counts.append(len(runs.callbacks))

        assert [3, 3, 6] == counts

    async def test_the_body_of_a_forged_callback_is_not_read(
        self, client: httpx.AsyncClient, callback: str
    ) -> None:
        read: list[bytes] = []

        async def streamed() -> AsyncIterator[bytes]:
            for _ in range(20):
                read.append(b"x" * 1000)
                yield read[-1]

        response = await client.post(f"{callback}x", content=streamed())

        assert (404, []) == (response.status_code, read)

    async def test_another_attempts_signals_are_counted_apart(
        self, client: httpx.AsyncClient, callback: str, runs: PretendedRuns, links: LinkSealer
    ) -> None:
        other = f"/callback/{links.seal_callback(minted(NOW - 30, attempt=3))}"
        for path in [callback] * 4 + [other] * 4:
            await client.get(path)

        assert [2, 2, 2, 3, 3, 3] == [signal.attempt for signal in runs.callbacks]

    @pytest.mark.parametrize(("age_s", "signals"), [(1800 + 300, 1), (1800 + 301, 0)])
    async def test_a_token_past_its_life_wakes_nobody_and_still_leads_to_the_page(
        self,
        client: httpx.AsyncClient,
        runs: PretendedRuns,
        links: LinkSealer,
        age_s: int,
        signals: int,
    ) -> None:
        response = await client.get(f"/callback/{links.seal_callback(minted(NOW - age_s))}")

        assert 303 == response.status_code
        assert signals == len(runs.callbacks)

    @pytest.mark.parametrize("run", [None, glance(Stage.CANCELED)])
    async def test_a_run_that_is_over_is_no_error(
        self, client: httpx.AsyncClient, callback: str, runs: PretendedRuns, run: object
    ) -> None:
        runs.run = None if run is None else glance(Stage.CANCELED)
        response = await client.get(f"{callback}{QUERY}")
        page = await client.get(response.headers["location"])

        assert 303 == response.status_code
        assert ("over" if run is None else "canceled") == read(page).page


class TestTemporalAway:
    async def test_the_browser_keeps_the_callback_and_brings_it_again(
        self, client: httpx.AsyncClient, callback: str, runs: PretendedRuns
    ) -> None:
        runs.away = True
        for _ in range(10):
            response = await client.get(f"{callback}{QUERY}")
            # No address in it: the browser loads its own again, query and all.
            assert (503, "5") == (response.status_code, response.headers["refresh"])
            assert "canary-token" not in response.text
        runs.away = False
        response = await client.get(f"{callback}{QUERY}")

        assert 303 == response.status_code
        assert [VerificationCallback(attempt=2, result_code=10000)] == runs.callbacks
