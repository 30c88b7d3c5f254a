"""Takes out of a log event what may open a door: secrets by name, tokens and queries by form."""

import re
from collections.abc import Mapping, Sequence

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"token|secret|password|passwd|api_?key|authorization|cookie|h5_link|prompt|display_name"
    r"|asset_url|invite_url|callback_url|webhook",
    re.IGNORECASE,
)
_FORMS = (
    # The query of an address carries the provider's tokens and temporary credentials.
    (re.compile(r"(https?://[^\s?#\"'<>]*)[?#][^\s\"'<>]*", re.IGNORECASE), rf"\1?{REDACTED}"),
    (re.compile(r"(?<=://)[^/\s@]+@"), f"{REDACTED}@"),
    (re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\bsk-[A-Za-z0-9_-]{6,}"), REDACTED),
    (re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+"), REDACTED),
    # Longer than any part of our ids and than a UUID: a sealed token, a key, a signature.
    (re.compile(r"[A-Za-z0-9_=+-]{41,}"), REDACTED),
)

_HARMLESS = re.compile(r"(?!.*sk-)[A-Za-z0-9_.:/+-]{0,40}")
"""What no form can match anything in: most of what is logged, so it is worth a look before."""


def redacted(value: object, *, name: str = "") -> object:
    """Give ``value`` without secrets; mappings and sequences are gone through."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if name and _SECRET_NAME.search(name):
        return REDACTED
    if isinstance(value, Mapping):
        return {str(key): redacted(item, name=str(key)) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [redacted(item) for item in value]
    return redacted_text(value if isinstance(value, str) else repr(value))


def redacted_text(text: str) -> str:
    """Give ``text`` with every token-like stretch and every address's query taken out."""
    if _HARMLESS.fullmatch(text):
        return text
    for form, instead in _FORMS:
        text = form.sub(instead, text)
    return text
