"""How long a stranger's answer asks us to wait.

https://www.rfc-editor.org/rfc/rfc9110#field.retry-after allows seconds and dates.
"""

import re
from email.utils import parsedate_to_datetime

LONGEST_WAIT_S = 3600.0

_SECONDS = re.compile(r"[0-9]+")
_MAX_HEADER = 64


def asked_wait_s(header: str | None, *, now: float) -> float:
    """Give the wait in seconds, from 0 (none asked for) to an hour; ``now`` in unix seconds."""
    value = (header or "").strip()[:_MAX_HEADER]
    if _SECONDS.fullmatch(value):
        return min(float(value), LONGEST_WAIT_S)
    try:
        wait_s = parsedate_to_datetime(value).timestamp() - now
    except (ValueError, TypeError, OverflowError, IndexError, OSError):
        return 0.0
    return min(max(wait_s, 0.0), LONGEST_WAIT_S)
