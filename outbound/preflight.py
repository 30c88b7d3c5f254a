"""Preflight: what can be known of an asset before it is sent to the provider."""

import asyncio
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import httpx
from pydantic import SecretStr

from likeness.asset_reasons import AssetReason
from likeness.messages.onboarding import AssetKind
from outbound.client import checked_client
from outbound.dialling import AddressForbiddenError
from outbound.limits import unfit
from outbound.media import media_in

HEAD_BYTES = 256 * 1024
"""Enough for a JPEG's sides behind its colour profile and preview, or a clip's index in front."""

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 5.0
FIRST_PAUSE_S = 0.5

_GONE = frozenset({401, 403, 404, 410, 451})
"""An address that has run out answers 403 as often as 404."""

_BUSY = frozenset({408, 425, 429})
_FIRST_SERVER_ERROR = 500
_EMPTY = 416
"""The answer of a file of no bytes to a request for its first ones."""

_TOTAL = re.compile(r"bytes [0-9]+-[0-9]+/([0-9]{1,18})")


class Candidate(NamedTuple):
    """An asset as its owner gives it."""

    name: str
    url: SecretStr
    kind: AssetKind


class Preflight:
    """Looks at assets over a checked client; whoever makes it closes it.

    Args:
        allow: origins that may be asked whatever they resolve to, as for ``checked_client``.
        http: a client to use instead of an own one; closing it stays the caller's affair.

    """

    def __init__(self, *, allow: Iterable[str] = (), http: httpx.AsyncClient | None = None) -> None:
        self._owns_http = http is None
        self._http = http or checked_client(
            allow,
            timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            accept="image/*, video/*, */*;q=0.5",
        )

    async def aclose(self) -> None:
        """Close the connections, unless they belong to the caller's own client."""
        if self._owns_http:
            await self._http.aclose()

    async def unfit(
        self, candidates: Sequence[Candidate], *, within_s: float
    ) -> Mapping[str, AssetReason]:
        """Give the reason of each asset, by name, that must not be sent; the others are fit.

        Trouble that may pass is met again after a pause for as long as ``within_s`` (seconds)
        allows, and is ``unreachable`` after that. An address itself never leaves here.
        """
        give_up_at = time.monotonic() + within_s
        judged = (self._judged(candidate, give_up_at) for candidate in candidates)
        reasons = await asyncio.gather(*judged)
        return {
            candidate.name: reason
            for candidate, reason in zip(candidates, reasons, strict=True)
            if reason is not None
        }

    async def _judged(self, candidate: Candidate, give_up_at: float) -> AssetReason | None:
        pause_s = FIRST_PAUSE_S
        try:
            async with asyncio.timeout(give_up_at - time.monotonic()):
                while True:
                    try:
                        return await self._looked_at(candidate)
                    except (httpx.TransportError, _BusyError):
                        await asyncio.sleep(pause_s)
                        pause_s *= 2
        except TimeoutError:
            return AssetReason.UNREACHABLE

    async def _looked_at(self, candidate: Candidate) -> AssetReason | None:
        # A HEAD would be the lighter question, but a signed address allows a GET alone.
        wanted = {"Range": f"bytes=0-{HEAD_BYTES - 1}"}
        address = candidate.url.get_secret_value()
        try:
            async with self._http.stream("GET", address, headers=wanted) as response:
                if (refused := _refused(response.status_code)) is not None:
                    return refused
                head = await _head_of(response)
        except AddressForbiddenError:
            return AssetReason.ADDRESS_FORBIDDEN
        except httpx.InvalidURL:
            return AssetReason.UNREACHABLE
        return unfit(media_in(head), candidate.kind, total_bytes=_total_bytes(response))


class _BusyError(Exception):
    """The file's host asks for patience."""


def _refused(status: int) -> AssetReason | None:
    if status in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        return None
    if status in _GONE:
        return AssetReason.GONE
    if status == _EMPTY:
        return AssetReason.NOT_MEDIA
    if status in _BUSY or status >= _FIRST_SERVER_ERROR:
        raise _BusyError
    # A redirect too: nobody has said that the provider follows one.
    return AssetReason.UNREACHABLE


async def _head_of(response: httpx.Response) -> bytes:
    head = bytearray()
    async for chunk in response.aiter_raw():
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    return bytes(head[:HEAD_BYTES])


def _total_bytes(response: httpx.Response) -> int | None:
    """Give the size of the whole file in bytes, as far as the answer says it."""
    if response.status_code == httpx.codes.PARTIAL_CONTENT:
        told = _TOTAL.fullmatch(response.headers.get("content-range", ""))
        return int(told[1]) if told else None
    length = response.headers.get("content-length", "")
    return int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None
