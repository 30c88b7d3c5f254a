"""Reads request bodies within a size and a time."""

import asyncio
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

PUBLIC_BODY_BYTES = 8 * 1024
_WITHIN_S = 10.0
_UNWANTED_WITHIN_S = 2.0
_MAX_FIELDS = 32


async def body_of(request: Request, at_most_bytes: int = PUBLIC_BODY_BYTES) -> bytes:
    """Read the body.

    Raises:
        HTTPException: 413 when it is larger, also without a length announced; 408 when it comes
            too slowly or not whole.

    """
    announced = request.headers.get("content-length", "")
    if not announced and "transfer-encoding" not in request.headers:
        # https://www.rfc-editor.org/rfc/rfc9112#section-6.3
        return b""
    if announced.isdecimal() and int(announced[:20]) > at_most_bytes:
        raise HTTPException(413)
    body = bytearray()
    try:
        async with asyncio.timeout(_WITHIN_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > at_most_bytes:
                    raise HTTPException(413)
    except (TimeoutError, ClientDisconnect):
        raise HTTPException(408) from None
    return bytes(body)


async def drained(request: Request, at_most_bytes: int = PUBLIC_BODY_BYTES) -> None:
    """Let a body that nobody wants pass by; what is longer or slower is left unread."""
    passed = 0
    try:
        async with asyncio.timeout(_UNWANTED_WITHIN_S):
            async for chunk in request.stream():
                passed += len(chunk)
                if passed > at_most_bytes:
                    return
    except (TimeoutError, ClientDisconnect):
        return


def form_of(body: bytes) -> dict[str, str]:
    """Read a URL-encoded form; of a repeated field the first counts, nonsense has no fields."""
    try:
        pairs = parse_qsl(body.decode("ascii"), max_num_fields=_MAX_FIELDS)
    except ValueError:
        return {}
    return dict(reversed(pairs))
