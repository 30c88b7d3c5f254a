"""The archive: a finished video is fetched whole, checked, and only then put in its place."""

import hashlib
import tempfile
from collections.abc import Iterable
from typing import IO, NamedTuple
from urllib.parse import urlsplit

import httpx
import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import ObjectStore, from_url
from pydantic import SecretStr

MAX_BYTES = 1024**3
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0
_GONE = frozenset({httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND, httpx.codes.GONE})


class ArchiveError(Exception):
    """The file could not be fetched whole or put away; trying again may help."""


class SourceGoneError(Exception):
    """The address no longer gives the file."""


class Kept(NamedTuple):
    """What was put away; ``sha256`` in hex."""

    size_bytes: int
    sha256: str


class Archive:
    """Copies files from an address into the store of ``ARCHIVE_URL``.

    ``plain_http`` lets files come over http, for an upstream on this machine.
    """

    def __init__(self, store: ObjectStore, *, plain_http: bool = False) -> None:
        self._store = store
        self._schemes = ("https", "http") if plain_http else ("https",)
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            follow_redirects=False,
            trust_env=False,
            # The bytes are kept as they come, so they must not come compressed.
            headers={"Accept": "video/*, */*;q=0.5", "Accept-Encoding": "identity"},
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def keep(self, url: SecretStr | None, key: str) -> Kept:
        """Copy the file at ``url`` to ``key``; whatever goes wrong leaves nothing there.

        Raises:
            SourceGoneError: there is no address, or it is refused.
            ArchiveError: anything else; its text holds no address.

        """
        address = self._checked(url)
        with tempfile.TemporaryFile() as file:
            try:
                kept = await self._fetched(address, file)
                file.seek(0)
                await obstore.put_async(self._store, key, file)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise ArchiveError(f"the download broke off: {type(error).__name__}") from None
            except (BaseError, OSError) as error:
                raise ArchiveError(f"the store took no file: {type(error).__name__}") from None
        return kept

    async def put(self, key: str, content: bytes) -> None:
        """Write ``content`` to ``key``, whole or not at all.

        Raises:
            ArchiveError: The store took no file.

        """
        try:
            await obstore.put_async(self._store, key, content)
        except (BaseError, OSError) as error:
            raise ArchiveError(f"the store took no file: {type(error).__name__}") from None

    async def remove(self, key: str) -> None:
        """Delete the file at ``key``; none there is as good.

        Raises:
            ArchiveError: The store did not delete it.

        """
        try:
            await obstore.delete_async(self._store, key)
        except (FileNotFoundError, NotFoundError):
            return
        except (BaseError, OSError) as error:
            raise ArchiveError(f"the store did not delete: {type(error).__name__}") from None

    async def erase(self, prefixes: Iterable[str]) -> int:
        """Delete every file below ``prefixes`` (whole path segments) and count them.

        Raises:
            ArchiveError: The store did not delete all of them.

        """
        count = 0
        try:
            for prefix in prefixes:
                found = await obstore.list(self._store, prefix).collect_async()
                for file in found:
                    await obstore.delete_async(self._store, file["path"])
                count += len(found)
        except (BaseError, OSError) as error:
            raise ArchiveError(f"the store did not delete: {type(error).__name__}") from None
        return count

    def _checked(self, url: SecretStr | None) -> str:
        if url is None:
            raise SourceGoneError("the task names no file")
        address = url.get_secret_value()
        try:
            scheme = urlsplit(address).scheme
        except ValueError:
            scheme = ""
        if scheme not in self._schemes:
            raise ArchiveError("the upstream gave an address that is not https")
        return address

    async def _fetched(self, address: str, file: IO[bytes]) -> Kept:
        digest = hashlib.sha256()
        size_bytes = 0
        async with self._http.stream("GET", address) as response:
            if response.status_code in _GONE:
                raise SourceGoneError(f"HTTP {response.status_code}")
            if response.status_code != httpx.codes.OK:
                raise ArchiveError(f"the download answered HTTP {response.status_code}")
            kind = response.headers.get("content-type", "").partition("/")[0].lower()
            if kind == "text":
                raise ArchiveError("the download is a page, no video")
            async for chunk in response.aiter_raw():
                size_bytes += len(chunk)
                if size_bytes > MAX_BYTES:
                    raise ArchiveError("the download is larger than a video can be")
                digest.update(chunk)
                file.write(chunk)
        if size_bytes == 0:
            raise ArchiveError("the download is empty")
        return Kept(size_bytes, digest.hexdigest())


def open_store(url: str) -> ObjectStore:
    """Open the store at ``file:///folder`` (made if absent) or ``s3://bucket/prefix``."""
    if urlsplit(url).scheme == "file":
        return from_url(url, mkdir=True)
    return from_url(url)
