"""Answers 304 to whoever has the latest already.

https://www.rfc-editor.org/rfc/rfc9110#name-if-none-match
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

IF_NONE_MATCH: Mapping[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the answer that you have.",
    "schema": {"type": "string", "maxLength": 1000},
    "example": 'W/"17"',
}
"""How the OpenAPI document tells of the header."""


def etag(tag: str) -> str:
    """Give the header's value: weak, because the same state may be told in other bytes."""
    return f'W/"{tag}"'


def has_already(request: Request, tag: str) -> bool:
    """Tell whether the caller says that it has the state of that tag."""
    given = ",".join(request.headers.getlist("if-none-match"))
    known = {each.strip().removeprefix("W/").strip('"') for each in given.split(",")}
    return tag in known or known == {"*"}


def not_modified(tag: str) -> Response:
    """Give the answer of 304."""
    return Response(status_code=304, headers={"ETag": etag(tag)})
