"""Input of the workflow ``GenerateVideo`` and its news; its result is a ``VideoStatus``."""

from likeness.messages.base import Message
from likeness.messages.conversation import VideoStatus
from likeness.messages.onboarding import VideoRequest
from likeness.messages.steps import GenerationPrepared


class GenerateVideoInput(Message):
    """The order with everything it needs; ``images`` and ``videos`` are ``asset://`` references.

    ``key`` is the file's path below the archive. ``life`` tells runs of the same id apart that
    belong to different persons: one was erased, and the reference given anew. ``tells``
    is the id of the run that is to hear when the video is held and when it goes on. ``prepared`` is
    what whoever started it has fixed already; without it the run does so itself.
    """

    account: str
    video: VideoRequest
    images: tuple[str, ...]
    videos: tuple[str, ...] = ()
    key: str
    number: int = 1
    life: str | None = None
    poll_interval_s: float
    post_timeout_s: float
    stalled_after_s: float = 3600
    tells: str | None = None
    prepared: GenerationPrepared | None = None


class VideoChanged(Message):
    """Signal ``video_changed``: an onboarding's video is held, or goes on."""

    video: VideoStatus
