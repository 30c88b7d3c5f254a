"""Every parser that reads what others wrote: anything but a small result or our error fails."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.exceptions import ApplicationError

from apimart import ApimartError
from apimart.callbacks import read_callback
from apimart.protocol import (
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
from apimart.protocol.waits import asked_wait_s
from likeness import steps
from likeness.failures import FailureCode
from likeness.temporal.codec import EncryptingCodec, UndecodablePayloadError
from likeness.temporal.converter import LikenessPayloadConverter
from runtime.receipts import ReceiptSigner, verify
from tests.hostile.answers import ANSWERS, EXTREMES
from tests.hostile.mutations import bent, odd_values
from tests.hostile.pages import FORMS, LOOKS
from tests.hostile.tokens import READ_KEYS
from tests.hostile.trying import MOST_BYTES, Parser
from tests.unit.likeness.examples import FULL, RECEIPT

_STATUSES = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 402, 409, 410, 429, 500, 599])
_HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-request-id", "idempotency-replayed"]),
    st.sampled_from(["5", "-1", "1e9", "Wed, 21 Oct 99999 07:28:00 GMT", "true"]) | st.text(),
    max_size=3,
)
_CONVERTER = LikenessPayloadConverter()
_CODEC = EncryptingCodec(READ_KEYS, "default")
_STEP_RESULTS = {step.gives for step in vars(steps).values() if isinstance(step, steps.Step)}


def _of_answers(name: str, read: Callable[[Answer], object]) -> Parser:
    def check(answer: Answer) -> None:
        try:
            found = read(answer)
        except ApimartError as error:
            found = error
        if isinstance(found, ApimartError):
            assert found.retry_after_s is None or 1 <= found.retry_after_s <= 600
            assert len(str(found)) < 1_000
        else:
            size = 0
            for result in found.values() if isinstance(found, Mapping) else [found]:
                assert isinstance(result, BaseModel)
                size += len(result.model_dump_json())
            assert size < MOST_BYTES

    bodies = bent(ANSWERS[name.partition(" ")[0]])
    answers = st.builds(Answer, _STATUSES, _HEADERS, bodies, received_at=st.just(1.8e9))
    extremes = [Answer(status, {}, body, 1.8e9) for body in EXTREMES for status in (200, 503)]
    return Parser(name, answers, check, extremes)


def _check_wait(given: tuple[str | None, Any, str]) -> None:
    header, field, message = given
    wait_s = asked_wait_s(header, field, message, now=1.8e9)
    assert wait_s is None or 1 <= wait_s <= 600


def _check_callback(given: tuple[str, str | None, bytes]) -> None:
    query, content_type, body = given
    hint = read_callback(query=query, content_type=content_type, body=body)
    assert len(hint.model_dump_json()) < MOST_BYTES


_CALLBACK = {
    "bytedToken": "t",
    "resultCode": 10000,
    "algorithmBaseRespCode": "0",
    "reqMeasureInfoValue": 1,
    "verify_type": "real_time",
}
_CALLBACK_BODIES = bent([_CALLBACK, {"code": 0, "data": _CALLBACK}]) | bent(
    ["resultCode=-1003&bytedToken=x", "resultCode=%ff&&&=&resultCode"]
)


def _check_message(given: tuple[type[BaseModel], bytes, bytes]) -> None:
    model, encoding, body = given
    payload = Payload(metadata={"encoding": encoding} if encoding else {}, data=body)
    try:
        [found] = _CONVERTER.from_payloads([payload], [model])
    except ApplicationError as refused:
        found = refused
    except (ValidationError, KeyError, RuntimeError, UnicodeDecodeError):
        # The task then waits for a worker that understands it.
        assert model in _STEP_RESULTS
        return
    if isinstance(found, ApplicationError):
        assert (FailureCode.BAD_INPUT, True) == (found.type, found.non_retryable)
        assert len(found.message) < 1_000
    else:
        assert isinstance(found, model)


_ENCODINGS = st.sampled_from(
    [b"json/plain"] * 12
    + [
        b"",
        b"json/protobuf",
        b"binary/null",
        b"binary/plain",
        b"binary/protobuf",
        b"other",
        b"\xff",
    ]
)
_MESSAGES = st.sampled_from(FULL).flatmap(
    lambda message: st.tuples(
        st.just(type(message)), _ENCODINGS, bent([message.model_dump(mode="json")])
    )
)


def _check_sealed(payload: Payload) -> None:
    try:
        [found] = asyncio.run(_CODEC.decode([payload]))
    except UndecodablePayloadError:
        return
    assert found in (payload, _PLAIN)


_PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'{"attempt":1}')
[_SEALED] = asyncio.run(_CODEC.encode([_PLAIN]))


@st.composite
def _bent_seals(draw: st.DrawFn) -> Payload:
    payload = Payload(metadata=dict(_SEALED.metadata), data=_SEALED.data)
    data = bytearray(payload.data)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 20))] = draw(st.binary(max_size=20))
    payload.data = bytes(data)
    if draw(st.booleans()):
        field = draw(st.sampled_from(sorted(payload.metadata)))
        payload.metadata[field] = draw(st.binary(max_size=20) | st.just(b"\xff" * 8))
    return payload


_SIGNER = ReceiptSigner.of(READ_KEYS)
_PUBLIC_KEY = _SIGNER.public_keys()[_SIGNER.key_id]
_SIGNED = _SIGNER.sign("default", "p-1", RECEIPT, text="")


def _check_receipt(given: tuple[bytes, str]) -> None:
    receipt, public_key = given
    assert not verify(receipt, public_key) or json.loads(receipt) == json.loads(_SIGNED)


PARSERS = (
    _of_answers("read_submitted", lambda answer: read_submitted(answer, Effect.ONCE)),
    _of_answers("read_submitted per key", lambda a: read_submitted(a, Effect.ONCE_PER_KEY)),
    _of_answers("read_session", read_session),
    _of_answers("read_states", lambda answer: read_states(answer, ["task_1", "task_2"])),
    _of_answers("read_group_task", lambda answer: read_group_task(answer, "task_1")),
    _of_answers("read_group", read_group),
    _of_answers("read_review", read_review),
    _of_answers("read_video", read_video),
    _of_answers("read_balance", read_balance),
    _of_answers("failure_for a GET", lambda answer: failure_for(answer, Effect.NONE)),
    _of_answers("failure_for a POST", lambda answer: failure_for(answer, Effect.ONCE)),
    Parser(
        "waits",
        st.tuples(st.none() | st.text(max_size=80), odd_values(), st.text(max_size=200)),
        _check_wait,
        [("9" * 10_000, 1, "retry " * 100_000), ("Wed, 99 Foo 99999", float("nan"), "请" * 10_000)],
    ),
    Parser(
        "callback",
        st.tuples(
            st.text(max_size=200) | st.sampled_from(["resultCode=10000", "a=%ff", "=" * 9_000]),
            st.none() | st.sampled_from(["application/json", "text/plain", "multipart/form-data"]),
            _CALLBACK_BODIES,
        ),
        _check_callback,
        [("", None, body) for body in EXTREMES],
    ),
    Parser("messages", _MESSAGES, _check_message),
    Parser("sealed payloads", _bent_seals(), _check_sealed),
    Parser(
        "receipts",
        st.tuples(bent([json.loads(_SIGNED)]), st.just(_PUBLIC_KEY) | st.text(max_size=60)),
        _check_receipt,
        [(body, _PUBLIC_KEY) for body in EXTREMES],
    ),
    FORMS,
    LOOKS,
)
