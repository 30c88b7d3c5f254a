"""One HTTP answer as bytes, and the words of complaint that may be in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from apimart import bounded_json
from apimart.fields import JsonObject, as_object, error_word, first, identifier, text, whole_number
from apimart.protocol.waits import asked_wait_s

MAX_BODY_BYTES = 1024 * 1024

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JOINTS = re.compile(r"[\s_.\-:]+")
_PLAIN_TEXT_BYTES = 2000
_ERROR_STATUSES = range(400, 600)
_SUCCESSES = range(200, 300)


class Effect(StrEnum):
    """What sending a request may do, which decides what an unclear answer to it means."""

    NONE = "none"
    ONCE = "once"
    ONCE_PER_KEY = "once_per_key"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, before anything is believed.

    Attributes:
        status: HTTP status.
        headers: names in lower case.
        body: at most `MAX_BODY_BYTES` + 1; one byte too many marks a longer one.
        received_at: unix seconds, to read a date in Retry-After by.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: float


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an answer says against the request, as far as it can be understood.

    Attributes:
        said: whether the body holds a complaint at all.
        status: the status the body speaks of, or the HTTP status where it is an error itself.
        code: the code word, else the type word, as the provider spells it.
        words: code and message, lower case, single spaces, for matching only; never shown.
        wait_s: the wait it asks for.
    """

    said: bool
    status: int
    code: str | None
    words: str = field(repr=False)
    wait_s: float | None


def is_success(answer: Answer) -> bool:
    """Whether the HTTP status alone says it went well."""
    return answer.status in _SUCCESSES


def document(answer: Answer) -> JsonObject | None:
    """Read the body as a JSON object: empty for other JSON, None when it is no JSON or too long."""
    try:
        return as_object(bounded_json.loads(answer.body, max_bytes=MAX_BODY_BYTES))
    except bounded_json.UnreadableJsonError:
        return None


def request_id(answer: Answer) -> str | None:
    """Find the id the provider's support asks for, in the body or a header."""
    body = document(answer) or {}
    metadata = as_object(body.get("ResponseMetadata"))
    return (
        identifier(body.get("request_id"))
        or identifier(as_object(body.get("error")).get("request_id"))
        or identifier(metadata.get("RequestId"))
        or identifier(answer.headers.get("x-request-id"))
    )


def complaint(answer: Answer) -> Complaint:
    """Find what the answer complains about, in any of the envelopes the provider relays.

    https://docs.apimart.ai/en/api-reference/tasks/status documents `error {code, message, type}`
    and https://docs.byteplus.com (ModelArk) `ResponseMetadata.Error {Code, Message}`.
    """
    body = document(answer)
    details = _details(body or {})
    code = error_word(details)
    message = text(first(details, "message", "Message", "msg", "detail")) or ""
    if body is None:
        message = answer.body[:_PLAIN_TEXT_BYTES].decode("utf-8", errors="replace")
    inner = _inner_status(body or {}, details)
    return Complaint(
        said=inner is not None or _relays_an_error(body or {}),
        status=inner if inner is not None and is_success(answer) else answer.status,
        code=code,
        words=plain_words(f"{code or ''} {message}"),
        wait_s=asked_wait_s(
            answer.headers.get("retry-after"),
            first(details, "retry_after", "RetryAfter"),
            message,
            now=answer.received_at,
        ),
    )


def plain_words(said: str) -> str:
    """Lower case with single spaces, so that `TokenExpired` and `token_expired` read alike."""
    return _JOINTS.sub(" ", _CAMEL.sub(" ", said)).lower().strip()


def _details(body: JsonObject) -> JsonObject:
    error = body.get("error")
    if isinstance(error, str):
        return {"message": error}
    metadata = as_object(body.get("ResponseMetadata"))
    return as_object(error) or as_object(metadata.get("Error")) or body


def _relays_an_error(body: JsonObject) -> bool:
    metadata = as_object(body.get("ResponseMetadata"))
    return bool(as_object(metadata.get("Error"))) or body.get("success") is False


def _inner_status(body: JsonObject, details: JsonObject) -> int | None:
    # An error beside data may be a stale one: there, only the envelope's own code counts.
    for source in (body,) if body.get("data") else (body, details):
        status = whole_number(source.get("code"))
        if status in _ERROR_STATUSES:
            return status
    return None
