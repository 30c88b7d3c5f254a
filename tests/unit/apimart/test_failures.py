"""What a bad answer means for the request it answers."""

import json

import pytest
from pydantic import JsonValue

from apimart import (
    ApimartError,
    BadRequest,
    Forbidden,
    InProgress,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PaymentRequired,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from apimart.protocol import Answer, Effect, failure_for
from apimart.protocol.waits import asked_wait_s

NOW = 1_445_412_480.0  # Wed, 21 Oct 2015 07:28:00 GMT


def answer(body: JsonValue = None, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Answer(status, named, content, received_at=NOW)


class TestPost:
    @pytest.mark.parametrize(
        ("status", "body", "kind", "code"),
        [
            (400, {}, BadRequest, "bad_request"),
            (401, {"error": {"type": "apimart_error"}}, Unauthorized, "unauthorized"),
            (401, {"error": {"code": 401, "type": "authentication_error"}}, Unauthorized, None),
            (402, {"error": {"type": "payment_required"}}, PaymentRequired, "payment_required"),
            (403, {"error": {"type": "permission_error"}}, Forbidden, "forbidden"),
            (403, {"error": {"code": "insufficient_user_quota"}}, PaymentRequired, None),
            (403, "<html>firewall</html>", Forbidden, "forbidden"),
            (404, {}, BadRequest, "not_found"),
            (409, {}, BadRequest, "conflict"),
            (413, "", BadRequest, "too_large"),
            (422, {}, BadRequest, "bad_request"),
            (429, {}, RateLimited, "rate_limited"),
            (500, {"error": {"message": "build_request_failed: size"}}, BadRequest, None),
            (500, {"error": {"message": "Access Denied for account"}}, Forbidden, "access_denied"),
            (503, {"error": {"message": "Request was not executed"}}, NotSent, "not_executed"),
            (408, {}, OutcomeUnknown, "timeout"),
            (500, {}, OutcomeUnknown, "server_error"),
            (502, "<html>Bad gateway</html>", OutcomeUnknown, "bad_gateway"),
            (503, {"error": {"message": "overloaded"}}, OutcomeUnknown, "overloaded"),
            (504, "", OutcomeUnknown, "gateway_timeout"),
            (307, "", OutcomeUnknown, "redirected"),
            (200, '{"code": 200, "da', OutcomeUnknown, "unreadable_answer"),
            (200, {"code": 200}, OutcomeUnknown, "unreadable_answer"),
            (200, {"code": 402, "message": "x"}, PaymentRequired, None),
            (200, {"code": 500, "message": "x"}, OutcomeUnknown, "server_error"),
            (200, {"error": {"code": 400}}, BadRequest, None),
            (200, {"ResponseMetadata": {"Error": {"Code": "InvalidParameter.Url"}}}, Refused, None),
            (200, {"ResponseMetadata": {"Error": {"Code": "Weird"}}}, OutcomeUnknown, None),
        ],
    )
    def test_each_answer_has_its_class(
        self, status: int, body: JsonValue, kind: type[ApimartError], code: str | None
    ) -> None:
        failure = failure_for(answer(body, status), Effect.ONCE)

        assert isinstance(failure, kind)
        assert code in (None, failure.code)
        assert status == failure.status

    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (409, "idempotency_in_progress", InProgress),
            (409, "idempotency_key_reused", BadRequest),
            (409, "idempotency_result_indeterminate", OutcomeUnknown),
            (409, "something_new", OutcomeUnknown),
            (503, "idempotency_unavailable", NotSent),
        ],
    )
    def test_idempotency_codes_decide(
        self, status: int, code: str, kind: type[ApimartError]
    ) -> None:
        body: JsonValue = {"error": {"code": code, "message": "retry after 3s"}}

        failure = failure_for(answer(body, status), Effect.ONCE_PER_KEY)

        assert kind is type(failure)
        assert (code, 3.0) == (failure.provider_code, failure.retry_after_s)


class TestGet:
    @pytest.mark.parametrize(
        ("status", "body", "kind"),
        [
            (400, {"error": {"message": "invalid task ID"}}, BadRequest),
            (401, {}, Unauthorized),
            (402, {}, PaymentRequired),
            (403, {}, Forbidden),
            (404, {}, NotFound),
            (200, {"code": 404, "message": "task not found"}, NotFound),
            (408, {}, Unavailable),
            (429, {}, RateLimited),
            (500, {}, Unavailable),
            (502, "<html>", Unavailable),
            (503, {}, RateLimited),
            (503, {"error": {"code": "idempotency_unavailable"}}, Unavailable),
            (302, "", Unavailable),
            (200, "<html>", Unavailable),
            (200, "[" * 100_000, Unavailable),
        ],
    )
    def test_a_question_is_never_of_unknown_outcome(
        self, status: int, body: JsonValue, kind: type[ApimartError]
    ) -> None:
        assert kind is type(failure_for(answer(body, status), Effect.NONE))


class TestWait:
    @pytest.mark.parametrize(
        ("header", "wait_s"),
        [
            ("7", 7.0),
            (" 2.5 ", 2.5),
            ("0", 1.0),
            ("86400", 600.0),
            ("Wed, 21 Oct 2015 07:28:30 GMT", 30.0),
            ("Wed, 21 Oct 2015 07:27:00 GMT", 1.0),
            ("-5", None),
            ("nan", None),
            ("soon", None),
            ("", None),
            ("9" * 400, None),
        ],
    )
    def test_the_header_gives_seconds_or_a_date(self, header: str, wait_s: float | None) -> None:
        assert wait_s == asked_wait_s(header, None, "", now=NOW)

    @pytest.mark.parametrize(
        ("message", "wait_s"),
        [
            ("System overloaded, retry after 10 seconds", 10.0),
            ("please try again in 2 minutes", 120.0),
            ("wait 1500ms", 1.5),
            ("Retry-After: 20", 20.0),
            ("当前繁忙 请15秒后重试", 15.0),
            ("请等待 2 分钟", 120.0),
            ("retry after 999999 s", 600.0),
            ("limit 100 reached", None),
            ("", None),
        ],
    )
    def test_the_message_gives_it_where_the_header_does_not(
        self, message: str, wait_s: float | None
    ) -> None:
        assert wait_s == asked_wait_s("garbage", None, message, now=NOW)

    def test_the_header_wins_over_the_body(self) -> None:
        body: JsonValue = {"error": {"message": "retry after 50 seconds", "retry_after": 40}}

        assert failure_for(answer(body, 429, retry_after="3"), Effect.ONCE).retry_after_s == 3.0

    def test_a_field_of_the_body_wins_over_its_text(self) -> None:
        body: JsonValue = {"error": {"message": "retry after 50 seconds", "retry_after": 40}}

        assert failure_for(answer(body, 429), Effect.ONCE).retry_after_s == 40.0


class TestText:
    def test_the_providers_sentence_never_reaches_the_error(self) -> None:
        secret = "sk-canary-key-0001"
        body: JsonValue = {
            "error": {"code": secret, "type": f"bad {secret}", "message": f"key {secret} wrong"},
            "request_id": "req_9",
        }

        failure = failure_for(answer(body, 401), Effect.ONCE)

        assert secret not in repr(failure) + str(failure) + repr(vars(failure))
        assert failure.request_id == "req_9"

    def test_it_is_a_sentence_with_our_code_and_the_status(self) -> None:
        assert (
            str(failure_for(answer({}, 402), Effect.ONCE))
            == "The provider account has no balance left for this request. "
            "(payment_required, HTTP 402)"
        )

    def test_every_class_has_a_sentence_of_its_own(self) -> None:
        kinds: list[type[ApimartError]] = [ApimartError, *_descendants(ApimartError)]

        sentences = {kind().args[0] for kind in kinds}

        assert len(kinds) == len(sentences)
        assert all(sentence.endswith(".") for sentence in sentences)


def _descendants(kind: type[ApimartError]) -> list[type[ApimartError]]:
    return [found for child in kind.__subclasses__() for found in (child, *_descendants(child))]
