"""JSON written by strangers, read within limits and with one way to fail."""

import json

from pydantic import JsonValue

_MAX_DIGITS = 18


class UnreadableJsonError(ValueError):
    """The bytes are no JSON, or more of it than we are willing to read."""


def loads(body: bytes | str, *, max_bytes: int) -> JsonValue:
    """Parse `body`; NaN and infinities become null, bytes that are no UTF-8 become U+FFFD.

    Raises:
        UnreadableJsonError: not JSON, longer than `max_bytes`, or nested too deeply.
    """
    if len(body) > max_bytes:
        raise UnreadableJsonError("longer than the limit")
    text = body.decode("utf-8-sig", errors="replace") if isinstance(body, bytes) else body
    try:
        value: JsonValue = json.loads(text, parse_int=_whole, parse_constant=_no_number)
    except (ValueError, RecursionError):
        value = None
        readable = False
    else:
        readable = True
    # Raised out here so that no chained exception carries the text along.
    if not readable:
        raise UnreadableJsonError("not JSON")
    return value


def _whole(digits: str) -> int | float:
    # Python refuses to convert very long integers; as a float they are merely huge.
    return int(digits) if len(digits) <= _MAX_DIGITS else float(digits)


def _no_number(_name: str) -> None:
    """NaN, Infinity and -Infinity are no JSON and mean nothing to us."""
