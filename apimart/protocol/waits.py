"""How long the provider asks us to wait, wherever it says so."""

import re
from email.utils import parsedate_to_datetime

from pydantic import JsonValue

from apimart.fields import number

MIN_WAIT_S = 1.0
MAX_WAIT_S = 600.0

_MAX_TEXT = 2000
_MAX_HEADER = 64
_SECONDS = re.compile(r"\d{1,18}(?:\.\d{1,18})?", re.ASCII)
_AMOUNT = r"(\d{1,9}(?:\.\d{1,9})?)\s*(milliseconds?|ms|minutes?|mins?|m\b|)"
# "...retry after 10 seconds", "try again in 2 minutes", "wait 30s"
_ENGLISH = re.compile(rf"(?:retry|again|wait)\D{{0,40}}?{_AMOUNT}", re.ASCII | re.IGNORECASE)
# "请10秒后重试", "请等待 2 分钟"
_CHINESE = re.compile(r"(\d{1,9})\s*(秒|分钟)", re.ASCII)
_UNIT_S = {"milliseconds": 0.001, "millisecond": 0.001, "ms": 0.001, "秒": 1.0, "": 1.0}
_MINUTE_S = 60.0


def asked_wait_s(header: str | None, field: JsonValue, message: str, *, now: float) -> float | None:
    """Seconds to wait, clamped to 1 to 600: from the header, else a body field, else the text.

    Overload answers (503) name the wait in the message only, at times.
    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after allows seconds and dates.
    """
    for wait in (_from_header(header, now), number(field), _from_text(message)):
        if wait is not None and wait >= 0:
            return min(max(wait, MIN_WAIT_S), MAX_WAIT_S)
    return None


def _from_header(header: str | None, now: float) -> float | None:
    if header is None:
        return None
    value = header.strip()[:_MAX_HEADER]
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError, IndexError, OSError):
        return None


def _from_text(message: str) -> float | None:
    head = message[:_MAX_TEXT]
    match = _ENGLISH.search(head) or _CHINESE.search(head)
    if match is None:
        return None
    return float(match[1]) * _UNIT_S.get(match[2].lower(), _MINUTE_S)
