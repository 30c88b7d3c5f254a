"""Keeping the finished video: copied before its address dies, and sealed where it must be."""

from typing import NamedTuple

from likeness.failures import FailureCode
from likeness.ids import sealed_key
from likeness.messages.conversation import Failure
from likeness.messages.person import EraseFiles
from likeness.messages.steps import ArchiveVideo, VideoArchived
from likeness.messages.video import GenerateVideoInput
from likeness.stages import VideoState
from likeness.steps import ARCHIVE_VIDEO, ERASE_FILES, GivesT, Step, TakesT
from likeness.summaries import Summary
from workflows.deciding import REPEAT_OR_LEAVE
from workflows.performing import StepFailedError, copying, perform
from workflows.video_standing import VideoStanding, may_be_repeated


class Place(NamedTuple):
    """Where the file belongs, and where it must not stay; all None for a file nobody keeps."""

    key: str | None = None
    instead_of: str | None = None


class VideoKeeping:
    """Sees to it that the file is in its place; while a copy of it fails, holds and tries on.

    The watch copies it already where it can.
    """

    def __init__(self, asked: GenerateVideoInput, standing: VideoStanding) -> None:
        self.asked = asked
        self.standing = standing

    @property
    def place(self) -> Place:
        """Tell where the file belongs as things stand: withdrawals move it."""
        if self.standing.is_erased:
            return Place()
        if self.standing.video.sealed:
            return Place(sealed_key(self.asked.key), instead_of=self.asked.key)
        return Place(self.asked.key)

    async def is_archived(self, kept: VideoArchived | None) -> None:
        """Copy the file, unless it is ``kept`` where it belongs already.

        Raises:
            GivenUpError: it is gone, of somebody erased, or given up.

        """
        # The person may withdraw while the file is copied to the open place.
        while not self.standing.is_erased and (
            kept is None or kept.key not in (None, self.place.key)
        ):
            kept = await self._archived(self.place)
        if kept is None or self.standing.is_erased:
            await self._removed()
            self.standing.gives_up(VideoState.CANCELED, Failure.of(FailureCode.WITHDRAWN))
        self._kept(kept)

    async def _archived(self, place: Place) -> VideoArchived:
        task_id = self.standing.video.task_id or ""
        order = ArchiveVideo(task_id=task_id, key=place.key or "", instead_of=place.instead_of)
        return await self._done(ARCHIVE_VIDEO, order, Summary.ARCHIVE_VIDEO)

    async def _removed(self) -> None:
        """Delete what a copy may have left that was broken off."""
        files = (self.asked.key, sealed_key(self.asked.key))
        await self._done(ERASE_FILES, EraseFiles(files=files), Summary.ERASE_FILES)

    async def _done(self, step: Step[TakesT, GivesT], order: TakesT, summary: Summary) -> GivesT:
        """Perform a step that may be repeated; what nobody foresaw waits for an operator."""
        while True:
            try:
                return await self.standing.repeated(
                    lambda: perform(
                        step, order, on=self.standing.queue, patience=copying(), summary=summary
                    ),
                    repeatable=may_be_repeated,
                )
            except StepFailedError as failed:
                await self.standing.is_decided(failed.failure, REPEAT_OR_LEAVE)

    def _kept(self, kept: VideoArchived) -> None:
        if kept.gone:
            failure = Failure.of(FailureCode.VIDEO_EXPIRED, step=ARCHIVE_VIDEO.name)
            self.standing.gives_up(VideoState.FAILED, failure)
        self.standing.now(
            state=VideoState.DONE,
            key=kept.key,
            size_bytes=kept.size_bytes,
            sha256=kept.sha256,
        )
