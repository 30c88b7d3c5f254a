"""The one table that says what a bad answer means for the request it answers."""

import re
from http import HTTPStatus

from apimart.errors import (
    ApimartError,
    BadRequest,
    Forbidden,
    InProgress,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PaymentRequired,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from apimart.protocol.answers import (
    Answer,
    Complaint,
    Effect,
    complaint,
    is_success,
    plain_words,
    request_id,
)

_Kind = tuple[type[ApimartError], str]

# Words that decide whatever the status is. Idempotency codes:
# https://github.com/apimart-ai/apimart-skills (api-contract); the rest are relayed from beneath.
_DECISIVE: dict[str, _Kind] = {
    "idempotency in progress": (InProgress, "idempotency_in_progress"),
    "idempotency key reused": (BadRequest, "idempotency_key_reused"),
    "idempotency result indeterminate": (OutcomeUnknown, "idempotency_indeterminate"),
    "idempotency unavailable": (NotSent, "idempotency_unavailable"),
    "build request failed": (BadRequest, "build_request_failed"),
    "payment required": (PaymentRequired, "payment_required"),
    "insufficient quota": (PaymentRequired, "payment_required"),
    "insufficient user quota": (PaymentRequired, "payment_required"),
    "insufficient balance": (PaymentRequired, "payment_required"),
    "permission error": (Forbidden, "forbidden"),
    "permission denied": (Forbidden, "access_denied"),
    "access denied": (Forbidden, "access_denied"),
}

# Words that only decide when a 2xx relays a complaint without a status of its own.
_RELAYED: dict[str, _Kind] = {
    "authentication error": (Unauthorized, "unauthorized"),
    "invalid access key": (Unauthorized, "unauthorized"),
    "rate limit error": (RateLimited, "rate_limited"),
    "flow limit exceeded": (RateLimited, "rate_limited"),
    "throttling": (RateLimited, "rate_limited"),
    "too many requests": (RateLimited, "rate_limited"),
    "invalid request error": (BadRequest, "bad_request"),
    "invalid parameter": (BadRequest, "bad_request"),
    "missing parameter": (BadRequest, "bad_request"),
}

_REFUSALS: dict[int, _Kind] = {
    HTTPStatus.UNAUTHORIZED: (Unauthorized, "unauthorized"),
    HTTPStatus.PAYMENT_REQUIRED: (PaymentRequired, "payment_required"),
    HTTPStatus.FORBIDDEN: (Forbidden, "forbidden"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (BadRequest, "too_large"),
    HTTPStatus.TOO_MANY_REQUESTS: (RateLimited, "rate_limited"),
}

_UNCLEAR_CODES: dict[int, str] = {
    HTTPStatus.REQUEST_TIMEOUT: "timeout",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.BAD_GATEWAY: "bad_gateway",
    HTTPStatus.SERVICE_UNAVAILABLE: "overloaded",
    HTTPStatus.GATEWAY_TIMEOUT: "gateway_timeout",
}

_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_ACCESS_DENIED = re.compile(
    r"access denied|permission denied|not (?:been )?authori[sz]ed|no permission|没有权限|无权限"
)
_NOT_EXECUTED = re.compile(r"\bnot (?:been )?executed\b")


def failure_for(answer: Answer, effect: Effect) -> ApimartError:
    """Name the error an answer amounts to, given what its request may have done.

    Also meant for a 2xx without the expected content: without effects that is `Unavailable`,
    otherwise `OutcomeUnknown`, unless the body itself relays a clearer complaint.
    """
    said = complaint(answer)
    kind, code = _by_words(answer, said) or _by_status(said.status, effect)
    if effect is Effect.NONE and issubclass(kind, NotSent | InProgress | OutcomeUnknown):
        kind = Unavailable
    return kind(
        code=code,
        status=answer.status,
        retry_after_s=said.wait_s,
        provider_code=said.code,
        request_id=request_id(answer),
    )


def _by_words(answer: Answer, said: Complaint) -> _Kind | None:
    word = plain_words(said.code or "")
    if word in _DECISIVE:
        return _DECISIVE[word]
    if is_success(answer) and said.said and said.status == answer.status:
        return next((kind for known, kind in _RELAYED.items() if word.startswith(known)), None)
    # Parameter errors come as 500 too, and those are permanent.
    if said.status >= HTTPStatus.INTERNAL_SERVER_ERROR and "build request failed" in said.words:
        return BadRequest, "build_request_failed"
    if said.status == HTTPStatus.INTERNAL_SERVER_ERROR and _ACCESS_DENIED.search(said.words):
        return Forbidden, "access_denied"
    # An overloaded gateway may have passed the request on before it gave up waiting, so a bare
    # 503 leaves a POST unknown; only the provider's own "not executed" makes a repeat safe.
    if said.status == HTTPStatus.SERVICE_UNAVAILABLE and _NOT_EXECUTED.search(said.words):
        return NotSent, "not_executed"
    return None


def _by_status(status: int, effect: Effect) -> _Kind:
    if status in _REFUSALS:
        return _REFUSALS[status]
    if status in _GONE:
        return (NotFound if effect is Effect.NONE else BadRequest), "not_found"
    if status == HTTPStatus.SERVICE_UNAVAILABLE and effect is Effect.NONE:
        return RateLimited, "overloaded"
    if _is_client_error(status, effect):
        return BadRequest, _UNCLEAR_CODES.get(status, "bad_request")
    return OutcomeUnknown, _UNCLEAR_CODES.get(status) or _unclear_code(status)


def _is_client_error(status: int, effect: Effect) -> bool:
    # 408: the server tired of waiting for a request it may have read. 409 under an idempotency
    # key, without one of the documented codes: something about an earlier try, and unclear.
    unclear = status == HTTPStatus.REQUEST_TIMEOUT or (
        status == HTTPStatus.CONFLICT and effect is Effect.ONCE_PER_KEY
    )
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and not unclear


def _unclear_code(status: int) -> str:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server_error"
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return "redirected"
    return "unreadable_answer"
