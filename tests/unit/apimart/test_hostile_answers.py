"""No answer, however odd, raises anything but our own errors or costs much to read."""

import contextlib
import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from apimart import ApimartError
from apimart.callbacks import read_callback
from apimart.protocol import (
    MAX_BODY_BYTES,
    Answer,
    Effect,
    failure_for,
    read_balance,
    read_group,
    read_group_task,
    read_review,
    read_session,
    read_states,
    read_submitted,
    read_video,
)

READERS: list[Callable[[Answer], object]] = [
    read_balance,
    read_group,
    read_review,
    read_session,
    read_video,
    lambda answer: read_group_task(answer, "task_1"),
    lambda answer: read_states(answer, ["task_1", "group-1", "a"]),
    lambda answer: read_submitted(answer, Effect.ONCE),
    lambda answer: read_submitted(answer, Effect.ONCE_PER_KEY),
    lambda answer: failure_for(answer, Effect.NONE),
]
NAMES = st.sampled_from(
    [
        "code",
        "data",
        "error",
        "message",
        "type",
        "status",
        "result",
        "Result",
        "id",
        "task_id",
        "group_id",
        "GroupId",
        "Error",
        "Code",
        "Message",
        "ResponseMetadata",
        "raw_response",
        "assets",
        "usable_assets",
        "failed_assets",
        "asset_id",
        "asset_url",
        "name",
        "videos",
        "url",
        "expires_at",
        "cost",
        "progress",
        "byted_token",
        "h5_link",
        "success",
        "remain_balance",
        "request_id",
        "retry_after",
        "estimated_time",
    ]
)
WORDS = st.sampled_from(
    [
        "completed",
        "failed",
        "Active",
        "Failed",
        "asset://a",
        "https://h/x",
        "group-1",
        "expired",
        "ValidateNotReady",
        "retry after 10 seconds",
        "idempotency_in_progress",
        '{"Result": {"GroupId": "g"}}',
        "\ud800",
        "9" * 500,
    ]
)
NUMBERS = st.sampled_from([0, -1, 200, 400, 404, 429, 500, 10**30, 1e308, float("nan"), 1.5])
LEAVES = st.none() | st.booleans() | WORDS | NUMBERS | st.text(max_size=8)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)
STATUSES = st.sampled_from([200, 201, 204, 302, 400, 401, 404, 409, 410, 429, 500, 502, 503, 599])
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-request-id", "idempotency-replayed"]),
    st.text(max_size=12) | st.sampled_from(["5", "Wed, 21 Oct 99999 07:28:00 GMT", "true"]),
    max_size=3,
)
QUICK = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


def read_with_all(answer: Answer) -> None:
    for read in READERS:
        with contextlib.suppress(ApimartError):
            read(answer)


class TestAnyAnswer:
    @QUICK
    @given(STATUSES, HEADERS, DOCUMENTS)
    def test_json_of_any_shape_gives_a_model_or_our_error(
        self, status: int, headers: dict[str, str], body: JsonValue
    ) -> None:
        read_with_all(Answer(status, headers, json.dumps(body).encode(), received_at=1.8e9))

    @QUICK
    @given(STATUSES, HEADERS, st.binary(max_size=200))
    def test_bytes_of_any_kind_give_a_model_or_our_error(
        self, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        read_with_all(Answer(status, headers, body, received_at=1.8e9))

    @pytest.mark.parametrize("status", [200, 400, 503])
    @pytest.mark.parametrize(
        "body",
        [
            b"[" * (MAX_BODY_BYTES // 2),
            b'{"data":' * 5_000 + b"1" + b"}" * 5_000,
            b'{"data":' * 900 + b"1" + b"}" * 900,
            b'{"result":' * 400 + b"{}" + b"}" * 400,
            b"{" + b'"a":1,' * 100_000 + b'"data":{"id":"t"}}',
            b'{"data":{"id":"t","cost":' + b"9" * 5000 + b"}}",
            b'{"data":{"id":"t","cost":1e999,"progress":-1e999}}',
            b'{"data":{"id":"t","cost":NaN,"progress":Infinity}}',
            b'{"data":{"id":"t","result":{"assets":[' + b"{}," * 200_000 + b"{}]}}}",
            b'{"data":{"id":"t","status":"' + b"x" * 900_000 + b'"}}',
            b'{"message":"' + b"retry " * 150_000 + b'"}',
            b'{"message":"' + b"not been not been " * 50_000 + b'"}',
            b"x" * (MAX_BODY_BYTES + 1),
            b"\xef\xbb\xbf{}",
            b"\xff\xfe{\x00}\x00",
            b'{"data":{"id":"\xff\xfe"}}',
            b'{"data":{"id":"t","result":{"assets":[{"name":"\\ud800"}]}}}',
            b"",
        ],
        ids=lambda body: body[:12].decode("latin-1").encode("unicode_escape").decode(),
    )
    def test_deep_huge_and_broken_bodies_are_survived(self, status: int, body: bytes) -> None:
        read_with_all(Answer(status, {}, body, received_at=1.8e9))

    def test_a_body_over_the_limit_is_not_believed(self) -> None:
        body = b'{"code":200,"data":{"id":"t"}}'.ljust(MAX_BODY_BYTES + 1)

        with pytest.raises(ApimartError) as caught:
            read_submitted(Answer(200, {}, body, received_at=0), Effect.ONCE)

        assert caught.value.code == "unreadable_answer"


class TestAnyCallback:
    @QUICK
    @given(
        st.text(max_size=100),
        st.none() | st.text(max_size=20) | st.just("application/x-www-form-urlencoded"),
        st.binary(max_size=100) | DOCUMENTS.map(lambda body: json.dumps(body).encode()),
    )
    def test_it_never_raises(self, query: str, content_type: str | None, body: bytes) -> None:
        read_callback(query=query, content_type=content_type, body=body)
