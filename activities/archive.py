"""The archive: a finished video is fetched whole, checked, and only then put in its place."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import obstore
from obstore.exceptions import (
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import ObjectStore
from pydantic import SecretStr

from activities.downloading import ArchiveError, Downloads, Kept
from activities.stores import sweep
from activities.wanted import IsWanted

COPY_WITHIN_S = 1500.0
"""Of the half hour that the step may take."""


class UnwantedError(Exception):
    """The step that copies was broken off, or another try of it goes on."""


class Archive:
    """Copies files from an address into a store (``activities.stores.open_store``)."""

    def __init__(self, store: ObjectStore, downloads: Downloads) -> None:
        self._store = store
        self._downloads = downloads

    async def aclose(self) -> None:
        """Close the connections of the downloads."""
        await self._downloads.aclose()

    async def keep(
        self, url: SecretStr | None, key: str, *, is_wanted: IsWanted | None = None
    ) -> Kept:
        """Copy the file at ``url`` to ``key``; whatever goes wrong leaves nothing there.

        ``is_wanted`` is asked when nothing is left but to put it there.

        Raises:
            SourceGoneError: there is no address, or it is refused.
            UnwantedError: it is not wanted any more.
            ArchiveError: anything else; its text holds no address.

        """
        with tempfile.TemporaryFile() as file:
            try:
                async with asyncio.timeout(COPY_WITHIN_S):
                    kept = await self._downloads.fetch(url, file)
                    if is_wanted is not None and not await is_wanted():
                        raise UnwantedError
                    file.seek(0)
                    async with _stored("the store took no file"):
                        sweep(self._store, key)
                        await obstore.put_async(self._store, key, file)
            except TimeoutError:
                raise ArchiveError("the copy took too long") from None
            except OSError as error:
                raise ArchiveError(f"no room for the download: {type(error).__name__}") from None
        return kept

    async def put(self, key: str, content: bytes) -> None:
        """Write ``content`` to ``key``, whole or not at all.

        Raises:
            ArchiveError: The store took no file.

        """
        async with _stored("the store took no file"):
            await obstore.put_async(self._store, key, content)

    async def remove(self, key: str) -> None:
        """Delete the file at ``key``; none there is as good.

        Raises:
            ArchiveError: The store did not delete it.

        """
        async with _stored("the store did not delete"):
            sweep(self._store, key)
            await self._delete(key)

    async def erase(self, prefixes: Iterable[str]) -> int:
        """Delete every file below ``prefixes`` (whole path segments) and count them.

        Raises:
            ArchiveError: The store did not delete all of them.

        """
        count = 0
        async with _stored("the store did not delete"):
            for prefix in prefixes:
                sweep(self._store, prefix)
                found = await obstore.list(self._store, prefix).collect_async()
                for file in found:
                    await self._delete(file["path"])
                count += len(found)
        return count

    async def _delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, key)
        except (FileNotFoundError, NotFoundError):
            return


@asynccontextmanager
async def _stored(failure: str) -> AsyncIterator[None]:
    """Turn the store's errors, whose texts hold its address, into ``ArchiveError``."""
    try:
        yield
    except (PermissionDeniedError, UnauthenticatedError):
        raise ArchiveError(f"{failure}: its credentials are missing or may not do this") from None
    except (NotFoundError, FileNotFoundError):
        raise ArchiveError(f"{failure}: there is no such bucket or folder") from None
    except (BaseError, OSError) as error:
        raise ArchiveError(f"{failure}: {type(error).__name__}") from None
