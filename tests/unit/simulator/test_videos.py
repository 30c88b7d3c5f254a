"""Generation: what is refused, what is charged, how it ends, and what a key does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from simulator.control import SimulatorControl
from simulator.ledger import fingerprint

VideoBody = Callable[[], Awaitable[dict[str, Any]]]
GENERATIONS = "/v1/videos/generations"
KEY = {"Idempotency-Key": "a" * 64}


async def task_of(http: httpx.AsyncClient, answer: httpx.Response) -> dict[str, Any]:
    task_id = answer.json()["data"][0]["task_id"]
    data: dict[str, Any] = (await http.get(f"/v1/tasks/{task_id}")).json()["data"]
    return data


class TestSubmission:
    async def test_the_default_edition_is_a_list_with_task_id(
        self, http: httpx.AsyncClient, video_body: VideoBody
    ) -> None:
        answer = await http.post(GENERATIONS, json=await video_body())

        assert {"task_id", "status"} == set(answer.json()["data"][0])

    async def test_the_version_header_asks_for_an_object_with_id(
        self, http: httpx.AsyncClient, video_body: VideoBody
    ) -> None:
        headers = {"X-APIMart-Response-Version": "2026-07-27"}

        answer = await http.post(GENERATIONS, json=await video_body(), headers=headers)

        assert {"id", "object", "status"} == set(answer.json()["data"])
        assert "request_id" in answer.json()

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"model": "sora"}, "model"),
            ({"duration": 3}, "duration"),
            ({"resolution": "8k"}, "resolution"),
            ({"image_urls": ["asset://a"]}, "exclude each other"),
            ({"image_with_roles": [{"url": "asset://x", "role": "hero"}]}, "role"),
            ({"image_with_roles": [{"url": "asset://x", "role": "reference_image"}]}, "active"),
            ({"video_urls": ["https://x.test/a.mp4"]}, "PrivacyInformation"),
            ({"prompt": "", "image_with_roles": []}, "prompt"),
        ],
    )
    async def test_a_wrong_parameter_is_refused_and_nothing_charged(
        self,
        *,
        http: httpx.AsyncClient,
        control: SimulatorControl,
        video_body: VideoBody,
        change: dict[str, Any],
        says: str,
    ) -> None:
        answer = await http.post(GENERATIONS, json={**await video_body(), **change})

        assert 400 == answer.status_code
        assert says in answer.json()["error"]["message"]
        assert "video_charged" not in await control.counts()

    async def test_a_permanent_error_may_come_as_500(
        self, http: httpx.AsyncClient, video_body: VideoBody
    ) -> None:
        body = {**await video_body(), "model": "seedance-2.0-fast-face", "resolution": "1080p"}

        answer = await http.post(GENERATIONS, json=body)

        assert 500 == answer.status_code
        assert answer.json()["error"]["message"].startswith("build_request_failed: ")

    async def test_an_empty_balance_is_402_until_topped_up(
        self, http: httpx.AsyncClient, control: SimulatorControl, video_body: VideoBody
    ) -> None:
        body = await video_body()
        await control.scenario(balance_usd=1)
        poor = await http.post(GENERATIONS, json=body)
        await control.scenario(balance_usd=2)
        rich = await http.post(GENERATIONS, json=body)

        assert [402, 200] == [poor.status_code, rich.status_code]
        assert 1 == (await control.counts())["video_charged"]


class TestEnd:
    async def test_words_follow_each_other_until_the_file_is_there(
        self, http: httpx.AsyncClient, control: SimulatorControl, video_body: VideoBody
    ) -> None:
        answer = await http.post(GENERATIONS, json=await video_body())
        words = []
        for _ in range(5):
            words.append((await task_of(http, answer))["status"])
            await control.advance(1.6)

        assert ["submitted", "pending", "processing", "in_progress", "completed"] == words

    async def test_the_file_downloads_without_a_key_until_it_expires(
        self, http: httpx.AsyncClient, control: SimulatorControl, video_body: VideoBody
    ) -> None:
        answer = await http.post(GENERATIONS, json=await video_body())
        await control.advance(7)
        url = (await task_of(http, answer))["result"]["videos"][0]["url"][0]
        async with httpx.AsyncClient(trust_env=False) as stranger:
            alive = await stranger.get(url)
            await control.advance(86_400)
            dead = await stranger.get(url)

        assert [200, 403] == [alive.status_code, dead.status_code]
        assert b"ftyp" == alive.content[4:8]
        assert 300_000 < len(alive.content)

    async def test_a_failure_is_refunded(
        self, http: httpx.AsyncClient, control: SimulatorControl, video_body: VideoBody
    ) -> None:
        body = await video_body()
        await control.scenario(video="failed")
        answer = await http.post(GENERATIONS, json=body)
        charged = (await http.get("/v1/balance")).json()["used_balance"]
        await control.advance(7)
        task = await task_of(http, answer)

        assert 1.068 == charged
        assert ("failed", 0) == (task["status"], task["cost"])
        assert 0 == (await http.get("/v1/balance")).json()["used_balance"]

    async def test_an_odd_edition_has_a_string_url_and_a_stale_error(
        self, http: httpx.AsyncClient, control: SimulatorControl, video_body: VideoBody
    ) -> None:
        body = await video_body()
        answer = await http.post(GENERATIONS, json=body)
        await control.scenario("odd_shapes", task_data="object", task_id_key="id")
        await control.advance(7)
        task = await task_of(http, answer)

        assert "completed" == task["status"]
        assert isinstance(task["result"]["videos"][0]["url"], str)
        assert 500 == task["error"]["code"]

    async def test_balance_fails_with_200(
        self, http: httpx.AsyncClient, control: SimulatorControl
    ) -> None:
        await control.scenario(balance_fails=True)

        answer = await http.get("/v1/balance")

        assert (200, False) == (answer.status_code, answer.json()["success"])

    async def test_the_webhook_hears_of_the_end_again_after_a_server_error(
        self, http: httpx.AsyncClient, control: SimulatorControl, video_body: VideoBody
    ) -> None:
        received: asyncio.Queue[str] = asyncio.Queue()
        statuses = iter((b"503 Busy", b"204 No Content"))

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received.put_nowait((await reader.readline()).decode().split()[1])
            status = next(statuses)
            writer.write(b"HTTP/1.1 " + status + b"\r\nConnection: close\r\n\r\n")
            await writer.drain()
            writer.close()

        await control.scenario(webhook_retry_s=(0.01, 0.01))
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as receiver:
            port = receiver.sockets[0].getsockname()[1]
            webhook = f"http://127.0.0.1:{port}/hooks"
            await http.post(GENERATIONS, json={**await video_body(), "webhook": webhook})
            await control.advance(7)
            heard = [await asyncio.wait_for(received.get(), 5) for _ in range(2)]

        assert ["/hooks/callback"] * 2 == heard


class TestIdempotencyKey:
    async def test_the_same_request_is_replayed_and_charged_once(
        self, http: httpx.AsyncClient, control: SimulatorControl, video_body: VideoBody
    ) -> None:
        body = await video_body()

        first = await http.post(GENERATIONS, json=body, headers=KEY)
        again = await http.post(GENERATIONS, json=body, headers=KEY)

        assert first.json() == again.json()
        assert "true" == again.headers["idempotency-replayed"]
        assert "idempotency-replayed" not in first.headers
        assert 1 == (await control.counts())["video_charged"]

    async def test_a_charge_names_the_key_it_was_asked_under(
        self, http: httpx.AsyncClient, control: SimulatorControl, video_body: VideoBody
    ) -> None:
        await http.post(GENERATIONS, json=await video_body(), headers=KEY)

        asked = (await control.ledger("generate_video"))[0]["detail"]["idempotency_key"]
        charged = (await control.ledger("video_charged"))[0]["detail"]["idempotency_key"]
        assert fingerprint(KEY["Idempotency-Key"]) == asked == charged

    async def test_another_body_under_the_key_is_a_conflict(
        self, http: httpx.AsyncClient, video_body: VideoBody
    ) -> None:
        body = await video_body()
        await http.post(GENERATIONS, json=body, headers=KEY)

        answer = await http.post(GENERATIONS, json={**body, "seed": 1}, headers=KEY)

        assert 409 == answer.status_code
        assert "idempotency_key_reused" == answer.json()["error"]["code"]

    async def test_a_request_under_way_makes_the_second_wait(
        self, http: httpx.AsyncClient, control: SimulatorControl, video_body: VideoBody
    ) -> None:
        body = await video_body()
        hold = await control.hold("generate_video")
        first = asyncio.create_task(http.post(GENERATIONS, json=body, headers=KEY))
        await control.arrived(hold)

        second = await http.post(GENERATIONS, json=body, headers=KEY)
        await control.release(hold)

        assert "idempotency_in_progress" == second.json()["error"]["code"]
        assert "1" == second.headers["retry-after"]
        assert 200 == (await first).status_code

    async def test_a_refused_request_gives_its_key_back(
        self, http: httpx.AsyncClient, control: SimulatorControl, video_body: VideoBody
    ) -> None:
        body = await video_body()
        await control.fault("generate_video", "429")
        refused = await http.post(GENERATIONS, json=body, headers=KEY)

        answer = await http.post(GENERATIONS, json=body, headers=KEY)

        assert [429, 200] == [refused.status_code, answer.status_code]
        assert "idempotency-replayed" not in answer.headers

    @pytest.mark.parametrize(
        ("mode", "status", "code", "charges"),
        [
            ("indeterminate", 409, "idempotency_result_indeterminate", 1),
            ("unavailable", 503, "idempotency_unavailable", 0),
            ("ignored", 200, None, 2),
        ],
    )
    async def test_the_server_may_do_otherwise_with_the_key(
        self,
        *,
        http: httpx.AsyncClient,
        control: SimulatorControl,
        video_body: VideoBody,
        mode: str,
        status: int,
        code: str | None,
        charges: int,
    ) -> None:
        body = await video_body()
        await control.scenario(idempotency=mode)
        await http.post(GENERATIONS, json=body, headers=KEY)

        again = await http.post(GENERATIONS, json=body, headers=KEY)

        assert (status, code) == (again.status_code, again.json().get("error", {}).get("code"))
        assert charges == (await control.counts()).get("video_charged", 0)

    @pytest.mark.parametrize("key", ["has space", "x" * 192])
    async def test_a_key_of_another_shape_is_refused(
        self, http: httpx.AsyncClient, video_body: VideoBody, key: str
    ) -> None:
        headers = {"Idempotency-Key": key}

        answer = await http.post(GENERATIONS, json=await video_body(), headers=headers)

        assert 400 == answer.status_code
