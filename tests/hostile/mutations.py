"""Bends JSON and bytes: what a broken, changed or hostile counterpart may send instead."""

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

DEPTH = 3_000
_ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    0.5,
    10**17,
    10**30,
    1e308,
    float("nan"),
    float("inf"),
    -float("inf"),
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "NaN",
    "true",
    "null",
    "nobody knows this status",
    "\ud800",
    "a\udfff",
    "\0",
    "a\r\nSet-Cookie: x=1",
    "x" * 5_000,
    "9" * 5_000,
    "{}",
    "[[]]",
    '{"GroupId":"g"}',
    "asset://",
    "https://h/" + "x" * 9_000,
    "Wed, 21 Oct 99999 07:28:00 GMT",
    [],
    {},
    [None],
    [[[]]],
    {"": {}},
    {"code": 400},
    [{}] * 700,
]
_SPELLINGS = (
    lambda text: text.encode(),
    lambda text: text.encode(),
    lambda text: text.encode(),
    lambda text: b"\xef\xbb\xbf" + text.encode(),
    lambda text: text.encode("utf-16"),
    lambda text: text.encode("utf-32-be"),
    lambda text: b" " * 2_000 + text.encode() + b"\n" * 2_000,
    lambda text: text.encode() + text.encode(),
    lambda text: text.replace(":", ": ").replace(",", " ,\n").encode(),
)


@st.composite
def bent(draw: DrawFn, documents: Sequence[Any]) -> bytes:
    """Take one of the sound ``documents``, bend its values, then its JSON, then its bytes.

    A document that is text is no JSON, but a form, say, and has no values to bend.
    """
    document = copy.deepcopy(draw(st.sampled_from(documents)))
    if isinstance(document, str):
        text = document
    else:
        for _ in range(draw(st.integers(0, 5))):
            document = _bent_once(draw, document)
        text = json.dumps(document)
    text = _bent_text(draw, text)
    return _bent_bytes(draw, draw(st.sampled_from(_SPELLINGS))(text))


def odd_values() -> SearchStrategy[Any]:
    """Give values that no field expects."""
    return st.sampled_from(_ODD) | st.text(max_size=30) | st.integers() | st.floats()


def _bent_once(draw: DrawFn, document: Any) -> Any:
    holder, key = draw(st.sampled_from(_places(document) or [(None, None)]))
    if holder is None:
        return copy.deepcopy(draw(odd_values()))
    bend = draw(st.sampled_from(_BENDS))
    if bend is not None:
        holder[key] = bend(holder[key])
    elif isinstance(holder, dict) and draw(st.booleans()):
        holder[draw(st.text(max_size=9))] = holder.pop(key)
    else:
        # Its own copy: what is drawn here may be bent itself in the next round.
        holder[key] = copy.deepcopy(draw(odd_values()))
    return document


_BENDS: tuple[Callable[[Any], Any] | None, ...] = (
    None,
    None,
    None,
    lambda value: [value],
    lambda value: {"data": value, "result": value},
    json.dumps,
    str,
    lambda value: [value] * 40,
    lambda value: {"raw_response": json.dumps({"Result": value})},
)


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Name every value inside by its holder and its key there."""
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting and len(found) < 200:
        holder = waiting.pop()
        if isinstance(holder, dict):
            found += [(holder, key) for key in holder]
            waiting += holder.values()
        elif isinstance(holder, list):
            found += [(holder, at) for at in range(len(holder))]
            waiting += holder
    return found


def _bent_text(draw: DrawFn, text: str) -> str:
    match draw(st.integers(0, 11)):
        case 0:  # a key twice, the second time with another value
            return text.replace("{", '{"data":null,"status":7,"code":"x","attempt":[],', 1)
        case 1:
            return text[: draw(st.integers(0, len(text)))]
        case 2:
            return '{"data":' * DEPTH + text + "}" * DEPTH
        case 3:
            return "[" * DEPTH + text + "]" * DEPTH
        case 4:
            return text.replace('"', "'")
        case _:
            return text


def _bent_bytes(draw: DrawFn, body: bytes) -> bytes:
    if draw(st.integers(0, 3)):
        return body
    changed = bytearray(body)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(changed)))
        changed[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=4))
    return bytes(changed)
