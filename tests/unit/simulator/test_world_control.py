"""The control routes: faults, holds, the clock, the ledger and the secrets."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import httpx
import pytest

from simulator.control import SimulatorControl
from simulator.scenario import PRESETS

Avatar = Callable[..., Coroutine[None, None, httpx.Response]]
NewSession = Callable[[], Awaitable[tuple[str, str]]]
VideoBody = Callable[[], Awaitable[dict[str, Any]]]
GENERATIONS = "/v1/videos/generations"
CALLBACK = "http://127.0.0.1:9/callback/canary"


class TestFaults:
    @pytest.mark.parametrize(
        ("kind", "status", "says"),
        [
            ("400", 400, "invalid_request_error"),
            ("401_documented", 401, "authentication_error"),
            ("401_live", 401, "apimart_error"),
            ("402", 402, "payment_required"),
            ("403", 403, "permission_error"),
            ("404", 404, "not_found_error"),
            ("429", 429, "rate_limit_error"),
            ("500", 500, "server_error"),
            ("500_build_request_failed", 500, "build_request_failed: "),
            ("503_text_wait", 503, "retry after 10 seconds"),
            ("502_html", 502, "<html>"),
        ],
    )
    async def test_an_error_comes_instead_of_the_effect(
        self, *, avatar: Avatar, control: SimulatorControl, kind: str, status: int, says: str
    ) -> None:
        await control.fault("create_session", kind)

        answer = await avatar(callback_url=CALLBACK)

        assert status == answer.status_code
        assert says in answer.text
        assert "session_created" not in await control.counts()

    @pytest.mark.parametrize(("retry_after_s", "header"), [(7, "7"), (None, None)])
    async def test_a_429_carries_retry_after_where_told(
        self,
        avatar: Avatar,
        control: SimulatorControl,
        retry_after_s: int | None,
        header: str | None,
    ) -> None:
        await control.fault("create_session", "429", retry_after_s=retry_after_s)

        assert header == (await avatar(callback_url=CALLBACK)).headers.get("retry-after")

    @pytest.mark.parametrize(
        ("kind", "effects"), [("drop_before_effect", 0), ("drop_after_effect", 1)]
    )
    async def test_a_dropped_connection_says_nothing_of_the_effect(
        self,
        *,
        http: httpx.AsyncClient,
        control: SimulatorControl,
        video_body: VideoBody,
        kind: str,
        effects: int,
    ) -> None:
        body = await video_body()
        await control.fault("generate_video", kind)

        with pytest.raises(httpx.RemoteProtocolError):
            await http.post(GENERATIONS, json=body)

        assert effects == (await control.counts()).get("video_charged", 0)
        assert "cut" == (await control.ledger("generate_video"))[0]["detail"]["answer"]

    async def test_a_lost_answer_is_replayed_under_the_key(
        self, http: httpx.AsyncClient, control: SimulatorControl, video_body: VideoBody
    ) -> None:
        body, headers = await video_body(), {"Idempotency-Key": "once"}
        await control.fault("generate_video", "drop_after_effect")
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post(GENERATIONS, json=body, headers=headers)

        again = await http.post(GENERATIONS, json=body, headers=headers)

        assert "true" == again.headers["idempotency-replayed"]
        assert 1 == (await control.counts())["video_charged"]

    async def test_truncated_json_comes_after_the_effect(
        self, avatar: Avatar, control: SimulatorControl
    ) -> None:
        await control.fault("create_session", "truncated_json")

        answer = await avatar(callback_url=CALLBACK)

        with pytest.raises(json.JSONDecodeError):
            answer.json()
        assert 1 == (await control.counts())["session_created"]

    async def test_a_body_may_be_cut_midway(
        self, avatar: Avatar, control: SimulatorControl
    ) -> None:
        await control.fault("create_session", "cut_midway")

        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message"):
            await avatar(callback_url=CALLBACK)

    async def test_a_fault_may_skip_calls_and_repeat(
        self, avatar: Avatar, control: SimulatorControl
    ) -> None:
        await control.fault("create_session", "500", after=1, times=2)

        answers = [(await avatar(callback_url=CALLBACK)).status_code for _ in range(4)]

        assert [200, 500, 500, 200] == answers

    async def test_a_fault_may_mean_one_kind_of_task(
        self, control: SimulatorControl, new_session: NewSession
    ) -> None:
        await control.fault("get_task", "500", task_kind="review")

        await new_session()

        assert [200] == [e["detail"]["answer"] for e in await control.ledger("get_task")]

    async def test_an_unknown_fault_is_refused(self, control: SimulatorControl) -> None:
        with pytest.raises(httpx.HTTPStatusError, match="422"):
            await control.fault("create_session", "418")


class TestHolds:
    @pytest.mark.parametrize(("when", "effects"), [("before_effect", 0), ("after_effect", 1)])
    async def test_a_call_stops_on_one_side_of_its_effect(
        self, *, avatar: Avatar, control: SimulatorControl, when: str, effects: int
    ) -> None:
        hold = await control.hold("create_session", when)
        call = asyncio.create_task(avatar(callback_url=CALLBACK))

        assert await control.arrived(hold)
        assert effects == (await control.counts()).get("session_created", 0)
        await control.release(hold)
        assert 200 == (await call).status_code

    @pytest.mark.parametrize(("when", "effects"), [("before_effect", 0), ("after_effect", 1)])
    async def test_a_client_that_goes_away_ends_the_call(
        self, *, avatar: Avatar, control: SimulatorControl, when: str, effects: int
    ) -> None:
        hold = await control.hold("create_session", when)
        call = asyncio.create_task(avatar(callback_url=CALLBACK))
        await control.arrived(hold)

        call.cancel()
        answer = None
        for _ in range(500):
            answer = (await control.ledger("create_session"))[0]["detail"].get("answer")
            if answer is not None:
                break
            await asyncio.sleep(0.01)

        assert "client_gone" == answer
        assert effects == (await control.counts()).get("session_created", 0)

    async def test_it_stops_one_call_only(self, avatar: Avatar, control: SimulatorControl) -> None:
        hold = await control.hold("create_session")
        held = asyncio.create_task(avatar(callback_url=CALLBACK))
        await control.arrived(hold)

        assert 200 == (await avatar(callback_url=CALLBACK)).status_code
        await control.release(hold)
        await held

    async def test_it_may_wait_for_one_task_only(
        self, avatar: Avatar, http: httpx.AsyncClient, control: SimulatorControl
    ) -> None:
        first, second = [
            (await avatar(callback_url=CALLBACK)).json()["data"]["id"] for _ in range(2)
        ]
        hold = await control.hold("get_task", task_id=second)

        assert 200 == (await http.get(f"/v1/tasks/{first}")).status_code
        held = asyncio.create_task(http.get(f"/v1/tasks/{second}"))
        assert await control.arrived(hold)
        await control.release(hold)
        assert 200 == (await held).status_code

    async def test_nobody_has_arrived_before_a_call(self, control: SimulatorControl) -> None:
        hold = await control.hold("create_session")

        assert not await control.arrived(hold, wait_s=0.01)


class TestLedger:
    async def test_one_session_is_one_effect_and_its_token_only_a_fingerprint(
        self, avatar: Avatar, control: SimulatorControl, new_session: NewSession
    ) -> None:
        token, h5_link = await new_session()
        await avatar(byted_token=token)
        await avatar(byted_token=token)

        entries = await control.ledger()
        looks = [e["detail"]["token"] for e in entries if e["name"] == "token_looked_up"]
        made = [e["detail"]["token"] for e in entries if e["name"] == "session_created"]
        assert made * 2 == looks
        text = json.dumps(entries)
        for secret in (token, h5_link, "sk-canary", "/callback/one"):
            assert secret not in text

    async def test_secrets_lists_what_must_not_leak(
        self,
        http: httpx.AsyncClient,
        control: SimulatorControl,
        new_session: NewSession,
        video_body: VideoBody,
    ) -> None:
        token, h5_link = await new_session()
        await http.post(GENERATIONS, json=await video_body())

        secrets = await control.secrets()

        assert token in secrets["byted_tokens"]
        assert h5_link in secrets["h5_links"]
        assert "canary prompt" in secrets["prompts"]
        assert "https://portraits.test/a.jpg" in secrets["asset_urls"]
        assert 6 == len(secrets["credentials"])
        assert 1 == len(secrets["download_urls"])
        assert all("/callback/one" in url for url in secrets["callback_urls"])

    async def test_reset_forgets_all_but_the_first_scenario(
        self, avatar: Avatar, control: SimulatorControl
    ) -> None:
        await avatar(callback_url=CALLBACK)
        await control.scenario(link_ttl_s=1)
        await control.reset()

        assert [] == await control.ledger()
        assert 120 == (await control.scenario())["link_ttl_s"]


class TestScenario:
    async def test_fields_change_without_touching_the_others(
        self, control: SimulatorControl
    ) -> None:
        await control.scenario("single_use_token")
        changed = await control.scenario(review_seconds=1)

        assert (True, 1) == (changed["single_use_token"], changed["review_seconds"])

    @pytest.mark.parametrize("wanted", [{"name": "sunny"}, {"sunshine": 1}, {"session_s": -1}])
    async def test_an_unknown_world_is_refused(
        self, control: SimulatorControl, wanted: dict[str, Any]
    ) -> None:
        with pytest.raises(httpx.HTTPStatusError, match="422"):
            await control.scenario(**wanted)

    @pytest.mark.parametrize("name", sorted(PRESETS))
    async def test_every_preset_is_served(
        self, avatar: Avatar, control: SimulatorControl, name: str
    ) -> None:
        await control.scenario(name)

        assert 200 == (await avatar(callback_url=CALLBACK)).status_code


class TestSamples:
    @pytest.mark.parametrize(
        ("path", "kind", "start"),
        [
            ("/portraits/front.jpg", "image/jpeg", b"\xff\xd8\xff\xe0"),
            ("/portraits/front-film.jpg", "video/mp4", b"\x00\x00\x00"),
            ("/portraits/turn.mp4", "video/mp4", b"\x00\x00\x00"),
            ("/portraits/front-page.jpg", "text/html; charset=utf-8", b"<!doctype html>"),
        ],
    )
    async def test_demo_assets_have_urls(
        self, http: httpx.AsyncClient, path: str, kind: str, start: bytes
    ) -> None:
        answer = await http.get(path)

        assert kind == answer.headers["content-type"]
        assert answer.content.startswith(start)

    async def test_the_first_bytes_alone_come_where_they_are_asked_for(
        self, http: httpx.AsyncClient
    ) -> None:
        whole = await http.get("/portraits/front.jpg")
        first = await http.get("/portraits/front.jpg", headers={"Range": "bytes=0-9"})

        assert (206, whole.content[:10]) == (first.status_code, first.content)
        assert f"bytes 0-9/{len(whole.content)}" == first.headers["content-range"]

    @pytest.mark.parametrize(
        ("word", "status"), [("gone", 404), ("expired", 403), ("busy", 503), ("moved", 302)]
    )
    async def test_a_word_in_the_name_is_an_answer(
        self, http: httpx.AsyncClient, word: str, status: int
    ) -> None:
        for path in (f"/portraits/left-{word}.jpg", f"/portraits/{word}.mp4"):
            assert status == (await http.get(path)).status_code
