"""What a video says of itself to the onboarding that has ordered it."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from likeness import names
from likeness.messages.conversation import VideoStatus
from likeness.messages.video import VideoChanged


class VideoNews:
    """Tells one thing after the other, so that the latest word arrives last; costs five events."""

    def __init__(self, workflow_id: str | None) -> None:
        self._workflow_id = workflow_id
        self._news: VideoStatus | None = None
        self._telling: asyncio.Task[None] | None = None

    def are(self, video: VideoStatus) -> None:
        """Tell in the background, if anybody wants to hear it."""
        if self._workflow_id is None:
            return
        self._news = video
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell(self._workflow_id))

    async def _tell(self, workflow_id: str) -> None:
        onboarding = workflow.get_external_workflow_handle(workflow_id)
        while (news := self._news) is not None:
            self._news = None
            try:
                await onboarding.signal(names.VIDEO_CHANGED, VideoChanged(video=news))
            except ApplicationError:
                # It has ended before its video: nobody is left to hear of it.
                return
