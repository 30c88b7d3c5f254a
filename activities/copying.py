"""Copying a finished video to its place, by a step of its own or at the end of the watch."""

from functools import partial

from pydantic import SecretStr
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.archive import Archive, UnwantedError
from activities.downloading import ArchiveError, SourceGoneError
from activities.waiting import unless_leaving
from activities.wanted import IsWanted, is_wanted
from likeness.messages.steps import VideoArchived


class Copying:
    """Copies into the archive, and leaves when the worker is shut down."""

    def __init__(self, archive: Archive, temporal: Client) -> None:
        self._archive = archive
        self._is_wanted = partial(is_wanted, temporal)

    async def done(
        self,
        url: SecretStr | None,
        key: str,
        *,
        instead_of: str | None,
        wanted: IsWanted | None = None,
    ) -> VideoArchived:
        """Copy the file at ``url`` to ``key`` and delete the one at ``instead_of``.

        Raises:
            SourceGoneError: there is no address, or it is refused.
            ArchiveError: anything else that is wrong with the copy.
            UnwantedError: it was not ``wanted`` any more.
            ApplicationError: ``worker_leaving``.

        """
        kept = await unless_leaving(self._archive.keep(url, key, is_wanted=wanted))
        if instead_of is not None:
            await self._archive.remove(instead_of)
        return VideoArchived(key=key, size_bytes=kept.size_bytes, sha256=kept.sha256)

    async def done_if_wanted(
        self, url: SecretStr | None, key: str, *, instead_of: str | None
    ) -> VideoArchived | None:
        """Copy for a step that may have been broken off; None where nothing was copied.

        Another step may be copying by then, to a place that somebody's withdrawal asks for.
        """
        if not await self._is_wanted():
            return None
        try:
            return await self.done(url, key, instead_of=instead_of, wanted=self._is_wanted)
        except (SourceGoneError, ArchiveError, UnwantedError, ApplicationError):
            return None
