"""Downloading a finished video: whole, bounded in bytes, and really a video."""

import hashlib
from collections.abc import Iterable
from typing import IO, NamedTuple

import httpx
from pydantic import SecretStr

from outbound.client import checked_client
from outbound.dialling import AddressForbiddenError
from outbound.media import VIDEO_HEAD_BYTES, is_video

MAX_BYTES = 1024**3
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0

_GONE = frozenset({httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND, httpx.codes.GONE})
_UNTYPED = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/mp4"})


class ArchiveError(Exception):
    """The file could not be fetched whole or put away; trying again may help."""


class SourceGoneError(Exception):
    """The address no longer gives the file."""


class Kept(NamedTuple):
    """What was put away; ``sha256`` in hex."""

    size_bytes: int
    sha256: str


class Downloads:
    """Fetches videos over a checked client: their addresses are the upstream's word only.

    Args:
        allow: origins that may be asked whatever they resolve to, as for ``checked_client``.
        http: a client to use instead of an own one; closing it stays the caller's affair.

    """

    def __init__(self, *, allow: Iterable[str] = (), http: httpx.AsyncClient | None = None) -> None:
        self._owns_http = http is None
        self._http = http or checked_client(
            allow,
            timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            accept="video/*, */*;q=0.5",
        )

    async def aclose(self) -> None:
        """Close the connections, unless they belong to the caller's own client."""
        if self._owns_http:
            await self._http.aclose()

    async def fetch(self, url: SecretStr | None, file: IO[bytes]) -> Kept:
        """Write the video at ``url`` to ``file`` and measure it.

        Raises:
            SourceGoneError: there is no address, or it is refused.
            ArchiveError: anything else; its text holds no address.

        """
        if url is None:
            raise SourceGoneError("the task names no file")
        try:
            async with self._http.stream("GET", url.get_secret_value()) as response:
                _judge(response)
                return await _written(response, file)
        except AddressForbiddenError as error:
            raise ArchiveError(f"the upstream gave an address not to be asked: {error}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ArchiveError(f"the download broke off: {type(error).__name__}") from None


def _judge(response: httpx.Response) -> None:
    if response.status_code in _GONE:
        raise SourceGoneError(f"HTTP {response.status_code}")
    if response.status_code != httpx.codes.OK:
        raise ArchiveError(f"the download answered HTTP {response.status_code}")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind.startswith("video/") and kind not in _UNTYPED:
        raise ArchiveError("the download calls itself no video")
    length = response.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > MAX_BYTES:
        raise ArchiveError("the download is larger than a video can be")


async def _written(response: httpx.Response, file: IO[bytes]) -> Kept:
    """Write the body; that it is as long as promised is held by HTTP's own framing."""
    digest = hashlib.sha256()
    size_bytes = 0
    head = b""
    async for chunk in response.aiter_raw():
        size_bytes += len(chunk)
        if size_bytes > MAX_BYTES:
            raise ArchiveError("the download is larger than a video can be")
        head += chunk[: VIDEO_HEAD_BYTES - len(head)]
        digest.update(chunk)
        file.write(chunk)
    if not is_video(head):
        raise ArchiveError("the download is no video")
    return Kept(size_bytes, digest.hexdigest())
