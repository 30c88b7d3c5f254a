"""Typed looks into untrusted JSON: each returns a clean value or None, and none of them raises."""

import math
import re

from pydantic import JsonValue

from apimart import bounded_json

_MAX_NESTED_JSON_BYTES = 256 * 1024
_MAX_TEXT = 2000
_MAX_URL = 8192
_MAX_ITEMS = 500
_IDENTIFIER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:=@+~/-]{0,199}")
# No hyphen and few digits: what looks like a key, a URL or a token is not taken for a code word.
_CODE_WORD = re.compile(r"(?!(?:\D*\d){7})[A-Za-z0-9][A-Za-z0-9_.]{0,79}")
_NUMBER = re.compile(r"(-?\d{1,18}(?:\.\d{1,18})?)%?", re.ASCII)
_WEB_URL = re.compile(r"""https?://[!#-;=?-\[\]-~]+""", re.IGNORECASE)
_ESCAPE = re.compile(r"\\u00(26|3d|3c|3e)", re.IGNORECASE)

JsonObject = dict[str, JsonValue]


def as_object(value: JsonValue) -> JsonObject:
    """Take the object itself, the first of a list of objects, or an empty one."""
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, dict) else {}


def as_objects(value: JsonValue) -> list[JsonObject]:
    """Take all objects of a list (the first 500), or the one that stands in place of a list."""
    items = value[:_MAX_ITEMS] if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def as_raw_response(value: JsonValue) -> JsonObject:
    """Do the same also when the provider packed the object into a JSON string."""
    if isinstance(value, str):
        try:
            value = bounded_json.loads(value, max_bytes=_MAX_NESTED_JSON_BYTES)
        except bounded_json.UnreadableJsonError:
            value = None
    return as_object(value)


def first(source: JsonObject, *names: str) -> JsonValue:
    """Find the first of the named values that is neither absent nor null nor empty text."""
    for name in names:
        value = source.get(name)
        if value is not None and value != "":
            return value
    return None


def text(value: JsonValue) -> str | None:
    """Read text of at most 2000 characters that can be encoded."""
    if not isinstance(value, str):
        return None
    clean = value[:_MAX_TEXT].encode("utf-8", errors="replace").decode("utf-8").strip()
    return clean or None


def identifier(value: JsonValue) -> str | None:
    """Read an id of 1 to 200 harmless characters; whole numbers count as their digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    value = value.strip()
    return value if _IDENTIFIER.fullmatch(value) else None


def code_word(value: JsonValue) -> str | None:
    """Read a code or type word such as `FaceMismatch` or `402`; sentences are none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    value = value.strip()
    return value if _CODE_WORD.fullmatch(value) else None


def error_word(error: JsonValue) -> str | None:
    """Read the code word of an error, else its type word; a bare number only for want of words."""
    details = as_object(error)
    found = [code_word(details.get(name)) for name in ("code", "Code", "type", "Type")]
    words = [word for word in (*found, code_word(error)) if word is not None]
    return next((word for word in words if not word.isdigit()), words[0] if words else None)


def number(value: JsonValue) -> float | None:
    """Read a finite number, also one written as text or in percent; a boolean is none."""
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value.strip())
        return float(match[1]) if match else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def whole_number(value: JsonValue) -> int | None:
    """Read a number without a fraction."""
    found = number(value)
    return int(found) if found is not None and found.is_integer() else None


def web_url(value: JsonValue) -> str | None:
    r"""Read an http or https URL, the first of a list, with `\u0026` turned into `&`.

    Links reach us encoded twice at times, so that the JSON escapes survive the first decoding.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, str) or len(value) > _MAX_URL:
        return None
    url = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value.strip())
    return url if _WEB_URL.fullmatch(url) else None


def opaque(value: JsonValue) -> str | None:
    """Read a credential of visible ASCII, at most 8192 characters, and keep it as it is."""
    if not isinstance(value, str) or len(value) > _MAX_URL:
        return None
    value = value.strip()
    return value if value and all("!" <= character <= "~" for character in value) else None
