"""Tell a repeated generation from a new one by its Idempotency-Key, as the vendor's table says."""

import re
from dataclasses import dataclass

from fastapi import Response
from fastapi.responses import JSONResponse

from simulator.answers import invalid, new_id
from simulator.scenario import IdempotencyMode

KEY_SHAPE = re.compile(r"[\x21-\x7e]{1,191}")
_MESSAGES = {
    "idempotency_in_progress": "A request with this key is being processed",
    "idempotency_key_reused": "This key was used with another request",
    "idempotency_result_indeterminate": "The result of the first request is not known",
    "idempotency_unavailable": "The request was not executed",
}


@dataclass
class Answer:
    """The answer that repeats of a request get."""

    status: int
    body: str


@dataclass
class Record:
    """One key's request, and its answer once there is one."""

    body_sha256: str
    answer: Answer | None = None


class Claim:
    """A key taken by one request; without a key or where keys are ignored it does nothing."""

    def __init__(self, store: "KeyStore | None" = None, key: str = "") -> None:
        self._store = store
        self._key = key

    def keep(self, answer: Response) -> None:
        """Store the answer that repeats of this request shall get."""
        if self._store is not None:
            kept = Answer(answer.status_code, bytes(answer.body).decode())
            self._store.records[self._key].answer = kept

    def release(self) -> None:
        """Give the key back unless an answer was kept under it."""
        if self._store is not None and self._store.records[self._key].answer is None:
            del self._store.records[self._key]


class KeyStore:
    """The answers given under each API key's idempotency keys."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}

    def claim(
        self, key: str | None, body_sha256: str, *, mode: IdempotencyMode
    ) -> Claim | Response:
        """Return a claim to execute the request under, or the answer to give instead.

        `key` is unique over accounts and a secret no more; `body_sha256` covers the body's bytes
        and the response version.
        """
        if key is None or mode is IdempotencyMode.IGNORED:
            return Claim()
        if mode is IdempotencyMode.UNAVAILABLE:
            return _conflict("idempotency_unavailable", status=503)
        record = self.records.get(key)
        if record is None:
            self.records[key] = Record(body_sha256)
            return Claim(self, key)
        return _answer_again(record, body_sha256, mode=mode)


def check_key(key: str | None) -> None:
    """Refuse a key of another shape than 1 to 191 visible ASCII characters."""
    if key is not None and KEY_SHAPE.fullmatch(key) is None:
        raise invalid("Idempotency-Key must be 1 to 191 visible ASCII characters")


def _answer_again(record: Record, body_sha256: str, *, mode: IdempotencyMode) -> Response:
    if record.body_sha256 != body_sha256:
        return _conflict("idempotency_key_reused")
    if record.answer is None:
        return _conflict("idempotency_in_progress", retry_after_s=1)
    if mode is IdempotencyMode.INDETERMINATE:
        return _conflict("idempotency_result_indeterminate")
    first = record.answer
    headers = {"idempotency-replayed": "true"}
    return Response(first.body, first.status, headers, media_type="application/json")


def _conflict(code: str, *, status: int = 409, retry_after_s: int | None = None) -> Response:
    body = {
        "code": code,
        "message": _MESSAGES[code],
        "type": "idempotency_error",
        "request_id": new_id("req_"),
    }
    headers = None if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return JSONResponse({"error": body}, status_code=status, headers=headers)
