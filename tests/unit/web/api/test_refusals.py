import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message
from structlog.testing import capture_logs
from temporalio.service import RPCError, RPCStatusCode

from likeness.failures import FailureCode
from likeness.temporal.codec import UndecodablePayloadError
from likeness.temporal.errors import (
    DifferentRequestError,
    NoSuchOnboardingError,
    OnboardingError,
    PersonErasedError,
    RefusedError,
    TemporalAwayError,
    WorkerAwayError,
)
from tests.unit.web.api.probing import CANARY, Calls, Keys, bearer, problem_of
from web.api.routing import BODY_BYTES

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def headers(keys: Keys) -> dict[str, str]:
    return bearer(keys.new()) | JSON


class TestAddressesAndMethods:
    @pytest.mark.parametrize("path", ["/nothing", "/", "", "/things/", "/things/1", "/problems/x"])
    async def test_nothing_there_is_a_problem_of(self, api: httpx.AsyncClient, path: str) -> None:
        assert (404, FailureCode.NO_SUCH_PAGE) == problem_of(await api.get(path))

    @pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "TRACE", "BREW"])
    async def test_another_method_is_told_all_that_there_are(
        self, api: httpx.AsyncClient, method: str
    ) -> None:
        response = await api.request(method, "/things")

        assert (405, FailureCode.METHOD_NOT_ALLOWED) == problem_of(response)
        assert "GET, HEAD, OPTIONS, POST" == response.headers["allow"]

    async def test_options_are_told_to_everybody(
        self, api: httpx.AsyncClient, calls: Calls
    ) -> None:
        response = await api.options("/things/1/burn")

        assert (204, "OPTIONS, POST") == (response.status_code, response.headers["allow"])
        assert [] == calls.entered

    async def test_head_is_what_get_is(
        self, api: httpx.AsyncClient, headers: dict[str, str]
    ) -> None:
        got = await api.get("/things", headers=headers)
        head = await api.head("/things", headers=headers)

        assert (200, got.headers) == (head.status_code, head.headers)

    async def test_head_is_asked_for_a_key_too(self, api: httpx.AsyncClient) -> None:
        assert 401 == (await api.head("/things")).status_code

    async def test_a_stream_has_no_head(
        self, api: httpx.AsyncClient, headers: dict[str, str]
    ) -> None:
        response = await api.head("/things/1/events", headers=headers)

        assert (405, "GET, OPTIONS") == (response.status_code, response.headers["allow"])


class TestBodies:
    @pytest.mark.parametrize(
        "body", [b"{", b"nonsense", b"\xff\xfe", b'{"name": "a"', b"[" * 100_000]
    )
    async def test_that_are_no_json(
        self, api: httpx.AsyncClient, headers: dict[str, str], body: bytes
    ) -> None:
        response = await api.post("/things", headers=headers, content=body)

        assert (400, FailureCode.BAD_INPUT) == problem_of(response)

    @pytest.mark.parametrize(
        ("body", "field", "reason"),
        [
            ({"name": CANARY}, "name", "String should match pattern '^[a-z]{1,9}$'"),
            ({"name": "a", "size": 0}, "size", "greater than or equal to 1"),
            ({}, "name", "Field required"),
            ({"name": "a", "more": CANARY}, "more", "Extra inputs are not permitted"),
            ([CANARY], "body", "Input should be"),
            (CANARY, "body", "Input should be"),
            ({"name": "\ud800"}, "name", "valid"),
        ],
    )
    async def test_that_do_not_fit_are_told_place_and_reason_never_the_value(
        self,
        api: httpx.AsyncClient,
        headers: dict[str, str],
        body: Any,
        field: str,
        reason: str,
    ) -> None:
        response = await api.post("/things", headers=headers, content=json.dumps(body))

        assert (422, FailureCode.BAD_INPUT) == problem_of(response)
        (error,) = response.json()["errors"]
        assert field == error["field"]
        assert reason in error["problem"]
        assert CANARY not in response.text

    async def test_that_are_missing(self, api: httpx.AsyncClient, headers: dict[str, str]) -> None:
        response = await api.post("/things", headers=headers)

        assert (422, FailureCode.BAD_INPUT) == problem_of(response)
        assert [{"field": "body", "problem": "Field required"}] == response.json()["errors"]

    @pytest.mark.parametrize("kind", ["text/plain", "application/xml", "", "multipart/form-data"])
    async def test_of_another_kind(
        self, api: httpx.AsyncClient, headers: dict[str, str], kind: str
    ) -> None:
        response = await api.post(
            "/things", headers=headers | {"Content-Type": kind}, content=b'{"name": "a"}'
        )

        assert (415, FailureCode.BAD_INPUT) == problem_of(response)

    async def test_that_are_packed(self, api: httpx.AsyncClient, headers: dict[str, str]) -> None:
        response = await api.post(
            "/things", headers=headers | {"Content-Encoding": "gzip"}, content=b'{"name": "a"}'
        )

        assert (415, FailureCode.BAD_INPUT) == problem_of(response)

    async def test_that_are_too_large_by_their_own_word(
        self, api: httpx.AsyncClient, headers: dict[str, str], calls: Calls
    ) -> None:
        response = await api.post("/things", headers=headers, content=b" " * (BODY_BYTES + 1))

        assert (413, FailureCode.BODY_TOO_LARGE) == problem_of(response)
        assert [] == calls.entered

    async def test_that_are_too_large_without_saying_so(
        self, api: httpx.AsyncClient, headers: dict[str, str]
    ) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(BODY_BYTES // 1024 + 1):
                yield b" " * 1024

        response = await api.post("/things", headers=headers, content=pieces())

        assert (413, FailureCode.BODY_TOO_LARGE) == problem_of(response)

    async def test_as_large_as_may_be_are_read(
        self, api: httpx.AsyncClient, headers: dict[str, str]
    ) -> None:
        body = b'{"name": "a"}'

        response = await api.post("/things", headers=headers, content=body.ljust(BODY_BYTES))

        assert (200, "a") == (response.status_code, response.json()["name"])

    async def test_that_come_too_slowly(
        self,
        api: httpx.AsyncClient,
        headers: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async def endless() -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.Event().wait()

        monkeypatch.setattr("web.bodies._WITHIN_S", 0.01)

        response = await api.post("/things", headers=headers, content=endless())

        assert (408, FailureCode.BAD_INPUT) == problem_of(response)


class TestParameters:
    @pytest.mark.parametrize(
        ("query", "field"),
        [("limit=0", "query.limit"), ("limit=x", "query.limit"), ("limt=2", "query.limt")],
    )
    async def test_of_the_query_that_do_not_fit(
        self,
        api: httpx.AsyncClient,
        headers: dict[str, str],
        query: str,
        field: str,
    ) -> None:
        response = await api.get(f"/things?{query}", headers=headers)

        assert (422, FailureCode.BAD_INPUT) == problem_of(response)
        assert [field] == [error["field"] for error in response.json()["errors"]]

    async def test_of_the_path_that_do_not_fit(
        self, api: httpx.AsyncClient, headers: dict[str, str]
    ) -> None:
        response = await api.post("/things/0/burn", headers=headers)

        assert (422, FailureCode.BAD_INPUT) == problem_of(response)
        assert "path.number" == response.json()["errors"][0]["field"]

    async def test_are_judged_behind_the_gate_only(self, api: httpx.AsyncClient) -> None:
        response = await api.post("/things?limt=2", content=b"{")

        assert (401, FailureCode.KEY_MISSING) == problem_of(response)


class TestWhatGoesWrongBehindARoute:
    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            (DifferentRequestError("x"), (409, FailureCode.DIFFERENT_REQUEST)),
            (NoSuchOnboardingError("x"), (404, FailureCode.NO_SUCH_ONBOARDING)),
            (PersonErasedError("x"), (410, FailureCode.PERSON_ERASED)),
            (RefusedError("x", code=FailureCode.TOO_SOON), (409, FailureCode.TOO_SOON)),
            (WorkerAwayError("x"), (503, FailureCode.WORKER_AWAY)),
            (TemporalAwayError("x"), (503, FailureCode.TEMPORAL_AWAY)),
            (RPCError("x", RPCStatusCode.UNAVAILABLE, b""), (503, FailureCode.TEMPORAL_AWAY)),
            (UndecodablePayloadError("x"), (503, FailureCode.TEMPORAL_AWAY)),
            (OnboardingError("x"), (500, FailureCode.BUG)),
            (RuntimeError(CANARY), (500, FailureCode.BUG)),
        ],
    )
    async def test_has_its_problem(
        self,
        api: httpx.AsyncClient,
        headers: dict[str, str],
        calls: Calls,
        error: Exception,
        expected: tuple[int, FailureCode],
    ) -> None:
        calls.fault = error

        response = await api.get("/things", headers=headers)

        assert expected == problem_of(response)
        assert (expected[0] == 503) == ("retry-after" in response.headers)
        assert CANARY not in response.text

    async def test_is_logged_by_type_and_place_alone(
        self, api: httpx.AsyncClient, headers: dict[str, str], calls: Calls
    ) -> None:
        calls.fault = RuntimeError(CANARY)

        with capture_logs() as lines:
            await api.get("/things", headers=headers)

        (fault,) = (line for line in lines if line["event"] == "fault")
        assert fault["reason"].startswith("RuntimeError at probing.py:")
        assert CANARY not in repr(lines)

    async def test_in_the_midst_of_an_answer_leaves_it_unfinished(
        self, app: FastAPI, headers: dict[str, str]
    ) -> None:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return await asyncio.Event().wait()  # type: ignore[return-value]  # never returns

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/things/1/events",
            "query_string": b"",
            "headers": [(b"authorization", headers["Authorization"].encode())],
        }
        with capture_logs() as lines:
            await app(scope, receive, send)

        assert ["http.response.start", "http.response.body"] == [each["type"] for each in sent]
        assert sent[-1]["more_body"]
        (fault,) = (line for line in lines if line["event"] == "fault")
        assert fault["reason"].startswith("RuntimeError at probing.py:")
        assert CANARY not in repr([lines, sent])
