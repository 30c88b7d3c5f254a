"""The client against a pretended network: what it sends, where to, and what it makes of answers."""

import json
import logging
from collections.abc import Awaitable

import httpx
import pytest
from pydantic import JsonValue, SecretStr

from apimart import (
    ApimartClient,
    ApimartError,
    AssetToSubmit,
    GroupVerdict,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
    VideoOrder,
)

KEY = "sk-canary-key-0001"
TOKEN = SecretStr("byted-canary-token")
ORDER = VideoOrder(model="m", prompt="a canary dances", duration_s=5, resolution="720p")


class Upstream:
    """Answers in turn, and remembers what it was asked."""

    def __init__(self, *answers: JsonValue | httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def client(self, base_url: str = "https://api.example") -> ApimartClient:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self), follow_redirects=True)
        return ApimartClient(
            api_key=SecretStr(KEY), base_url=base_url, requests_per_second=1000, http=http
        )


class TestCalls:
    async def test_create_session_posts_to_the_avatar_path_with_the_key(self) -> None:
        upstream = Upstream({"code": 200, "data": {"id": "task_1", "status": "completed"}})

        task = await upstream.client().create_session(
            callback_url="https://w/callback/t", project_name="default", timeout_s=20
        )

        (request,) = upstream.requests
        assert task.task_id == "task_1"
        assert request.url == "https://api.example/v1/seedance2/real-avatar"
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert json.loads(request.content) == {
            "callback_url": "https://w/callback/t",
            "project_name": "default",
        }

    async def test_get_session_reads_the_task(self) -> None:
        result: JsonValue = {"byted_token": "t", "h5_link": "https://h/x"}
        upstream = Upstream({"code": 200, "data": {"status": "completed", "result": result}})

        found = await upstream.client().get_session("task_1")

        assert found.session is not None
        assert upstream.requests[0].url == "https://api.example/v1/tasks/task_1"

    async def test_submit_assets_and_get_review_go_together(self) -> None:
        asset: JsonValue = {"asset_id": "a", "status": "Active"}
        upstream = Upstream(
            {"code": 200, "data": {"id": "task_2", "status": "processing"}},
            {"code": 200, "data": {"status": "completed", "result": {"assets": [asset]}}},
        )
        client = upstream.client()

        task = await client.submit_assets(
            group_id="group-1",
            project_name="default",
            asset_type="Image",
            assets=[AssetToSubmit(url=SecretStr("https://p/1.png"), name="front")],
            timeout_s=20,
        )
        found = await client.get_review(task.task_id)

        assert [item.active for item in found.items] == [True]

    async def test_get_states_asks_for_many_at_once(self) -> None:
        told: JsonValue = [{"id": "task_1", "status": "completed"}]
        upstream = Upstream({"code": 200, "data": told})

        states = await upstream.client().get_states(["task_1", "task_2"])

        assert [("task_1", True)] == [(key, state.finished) for key, state in states.items()]
        assert upstream.requests[0].url == "https://api.example/v1/tasks/batch"

    async def test_generate_video_repeats_the_very_same_bytes_under_a_key(self) -> None:
        first: JsonValue = {"data": [{"task_id": "task_3", "status": "submitted"}]}
        again = httpx.Response(200, json=first, headers={"Idempotency-Replayed": "true"})
        upstream = Upstream(first, again)
        client = upstream.client()

        tasks = [
            await client.generate_video(order=ORDER, idempotency_key="job-1", timeout_s=45)
            for _ in range(2)
        ]

        one, other = upstream.requests
        assert [task.replayed for task in tasks] == [False, True]
        assert one.content == other.content
        assert [each.headers["Idempotency-Key"] for each in (one, other)] == ["job-1", "job-1"]
        assert one.headers["X-APIMart-Response-Version"] == "2026-07-27"

    async def test_get_video_reads_the_url(self) -> None:
        upstream = Upstream({"data": {"status": "completed", "result": {"url": "https://c/v"}}})

        assert (await upstream.client().get_video("t")).url == SecretStr("https://c/v")

    async def test_get_balance_needs_no_envelope(self) -> None:
        upstream = Upstream({"success": True, "remain_balance": 2})

        assert (await upstream.client().get_balance()).remain_usd == 2.0


class TestQueryGroup:
    async def test_one_post_when_the_group_is_there(self) -> None:
        upstream = Upstream({"code": 200, "data": {"GroupId": "group-1"}})

        found = await query(upstream)

        assert (found, len(upstream.requests)) == (GroupVerdict.VERIFIED, 1)

    async def test_a_task_in_its_place_is_read_once(self) -> None:
        upstream = Upstream(
            {"code": 200, "data": {"id": "task_9", "status": "processing"}},
            {"code": 200, "data": {"status": "completed", "result": {"GroupId": "group-1"}}},
        )

        found = await query(upstream)

        assert found is GroupVerdict.VERIFIED
        assert [request.method for request in upstream.requests] == ["POST", "GET"]

    @pytest.mark.parametrize("status", [401, 404, 429, 500])
    async def test_a_task_that_cannot_be_read_is_pending(self, status: int) -> None:
        upstream = Upstream({"code": 200, "data": {"id": "task_9"}}, httpx.Response(status))

        assert await query(upstream) is GroupVerdict.PENDING


async def query(upstream: Upstream) -> GroupVerdict:
    found = await upstream.client().query_group(
        byted_token=TOKEN, project_name="default", timeout_s=20
    )
    return found.verdict


class TestOrigin:
    @pytest.mark.parametrize(
        ("base_url", "asked"),
        [
            ("https://api.example", "https://api.example/v1/balance"),
            ("https://api.example/", "https://api.example/v1/balance"),
            ("https://api.example/v1", "https://api.example/v1/balance"),
            ("https://api.example/v1/", "https://api.example/v1/balance"),
            ("https://api.example:8443/gate/v1", "https://api.example:8443/gate/v1/balance"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000/v1/balance"),
            ("http://localhost:9000", "http://localhost:9000/v1/balance"),
            ("http://[::1]:9000", "http://[::1]:9000/v1/balance"),
        ],
    )
    async def test_the_version_belongs_to_the_path_once(self, base_url: str, asked: str) -> None:
        upstream = Upstream({"remain_balance": 1})

        await upstream.client(base_url).get_balance()

        assert str(upstream.requests[0].url) == asked

    @pytest.mark.parametrize(
        "base_url",
        [
            "",
            "api.example",
            "http://api.example",
            "ftp://127.0.0.1",
            "https://",
            "https://user:canary@api.example",
            "https://api.example/?canary=1",
            "https://api.example/#canary",
            "https://api.example:canary",
            "http://127.0.0.1.example",
            "https://[::1",
            "https://[canary]",
            f"https://{'canary' * 11}.example",
            "https://canary..example",
            "https://c\u00e4nary.example",
            "https://api.example/can ary",
            "https://api.example/c\u00e4nary",
        ],
    )
    def test_what_would_carry_the_key_away_is_refused_unquoted(self, base_url: str) -> None:
        with pytest.raises(ValueError, match="base_url must look like") as caught:
            ApimartClient(api_key=SecretStr(KEY), base_url=base_url)

        assert "canary" not in str(caught.value)

    async def test_a_redirect_is_never_followed(self) -> None:
        upstream = Upstream(*[httpx.Response(307, headers={"Location": "https://e.example/"})] * 2)
        client = upstream.client()

        with pytest.raises(Unavailable):
            await client.get_balance()
        with pytest.raises(OutcomeUnknown):
            await client.create_session(callback_url="c", project_name="p", timeout_s=5)

        assert {"api.example"} == {request.url.host for request in upstream.requests}

    @pytest.mark.parametrize("key", ["", "sk canary", "sk-canary\n", "sk-canary\r\nX: y", "ключ"])
    def test_a_key_no_header_can_carry_is_refused_unquoted(self, key: str) -> None:
        with pytest.raises(ValueError, match="API key must be") as caught:
            ApimartClient(api_key=SecretStr(key))

        assert "canary" not in str(caught.value)


class TestBreakdowns:
    @pytest.mark.parametrize(
        ("error", "post", "get", "code"),
        [
            (httpx.ConnectError("x"), NotSent, Unavailable, "not_connected"),
            (httpx.ConnectTimeout("x"), NotSent, Unavailable, "not_connected"),
            (httpx.PoolTimeout("x"), NotSent, Unavailable, "pool_timeout"),
            (httpx.ReadTimeout("x"), OutcomeUnknown, Unavailable, "timeout"),
            (httpx.WriteTimeout("x"), OutcomeUnknown, Unavailable, "timeout"),
            (httpx.ReadError("x"), OutcomeUnknown, Unavailable, "connection_lost"),
            (httpx.WriteError("x"), OutcomeUnknown, Unavailable, "connection_lost"),
            (httpx.RemoteProtocolError("x"), OutcomeUnknown, Unavailable, "connection_lost"),
            (httpx.DecodingError("x"), OutcomeUnknown, Unavailable, "unreadable_answer"),
        ],
    )
    async def test_each_says_whether_the_request_may_have_worked(
        self, error: Exception, post: type[ApimartError], get: type[ApimartError], code: str
    ) -> None:
        client = Upstream(error, error).client()

        with pytest.raises(post) as of_post:
            await client.create_session(callback_url="c", project_name="p", timeout_s=5)
        with pytest.raises(get) as of_get:
            await client.get_session("task_1")

        assert [code, code] == [of_post.value.code, of_get.value.code]

    async def test_no_chained_exception_carries_the_request(self) -> None:
        with pytest.raises(NotSent) as caught:
            await (
                Upstream(httpx.ConnectError("x"))
                .client()
                .query_group(byted_token=TOKEN, project_name="p", timeout_s=5)
            )

        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None

    async def test_an_endless_answer_is_cut_off(self) -> None:
        upstream = Upstream(httpx.Response(200, content=b" " * 3_000_000))

        with pytest.raises(Unavailable) as caught:
            await upstream.client().get_balance()

        assert caught.value.code == "unreadable_answer"

    @pytest.mark.parametrize("timeout_s", [0, -1, float("nan"), float("inf")])
    async def test_a_call_without_an_end_is_refused(self, timeout_s: float) -> None:
        with pytest.raises(ValueError, match="timeout_s"):
            await Upstream().client().get_balance(timeout_s=timeout_s)


class TestPace:
    async def test_a_refusal_for_pace_slows_the_client_down(self) -> None:
        upstream = Upstream(httpx.Response(429, headers={"Retry-After": "3"}))
        http = httpx.AsyncClient(transport=httpx.MockTransport(upstream))
        client = ApimartClient(api_key=SecretStr(KEY), requests_per_second=2, http=http)

        with pytest.raises(RateLimited) as caught:
            await client.get_balance()

        assert caught.value.retry_after_s == 3.0
        assert client.requests_per_second == pytest.approx(1, abs=0.1)


async def failure_of(call: Awaitable[object]) -> ApimartError:
    with pytest.raises(ApimartError) as caught:
        await call
    return caught.value


class TestSecrets:
    @pytest.mark.parametrize("status", [200, 400, 401, 500, 503])
    async def test_an_echoed_secret_reaches_neither_error_nor_log(
        self, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, logger="apimart")
        echo = f"{KEY} {TOKEN.get_secret_value()} {ORDER.prompt}"
        body = {"error": {"code": echo, "type": echo, "message": echo}, "request_id": echo}
        client = Upstream(*[httpx.Response(status, json=body)] * 3).client()

        errors = [
            await failure_of(client.generate_video(order=ORDER, idempotency_key="k", timeout_s=5)),
            await failure_of(client.get_session("task_1")),
        ]

        told = [repr(error) + str(error) + repr(vars(error)) for error in errors]
        assert "canary" not in "".join(told) + caplog.text

    async def test_the_client_does_not_show_its_key(self) -> None:
        client = Upstream().client()

        assert KEY not in repr(client) + str(vars(client))
