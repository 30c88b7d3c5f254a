"""Keeping the finished video: copied before its address dies, and sealed where it must be."""

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


class VideoKeeping:
    """Copies the file to its place below the archive; while that fails, holds and tries on."""

    def __init__(self, asked: GenerateVideoInput, standing: VideoStanding) -> None:
        self.asked = asked
        self.standing = standing

    async def is_archived(self) -> None:
        """Copy the file.

        Raises:
            GivenUpError: it is gone, of somebody erased, or given up.

        """
        kept = await self._archived(self._key, instead_of=None)
        while kept.key not in (None, self._key) and not self.standing.is_erased:
            # The person has withdrawn while the file was copied to the open place.
            kept = await self._archived(self._key, instead_of=kept.key)
        if self.standing.is_erased:
            await self._removed(kept.key)
            self.standing.gives_up(VideoState.CANCELED, Failure.of(FailureCode.WITHDRAWN))
        self._kept(kept)

    async def _archived(self, key: str, *, instead_of: str | None) -> VideoArchived:
        if self.standing.is_erased:
            return VideoArchived()
        task_id = self.standing.video.task_id or ""
        order = ArchiveVideo(task_id=task_id, key=key, instead_of=instead_of)
        return await self._done(ARCHIVE_VIDEO, order, Summary.ARCHIVE_VIDEO)

    async def _removed(self, key: str | None) -> None:
        if key is not None:
            await self._done(ERASE_FILES, EraseFiles(files=(key,)), Summary.ERASE_FILES)

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

    @property
    def _key(self) -> str:
        return sealed_key(self.asked.key) if self.standing.video.sealed else self.asked.key
