"""What operators' orders print with ``-o json``; fields may be added, never renamed or removed."""

from datetime import datetime

from commands.answers import Answer, OnboardingAnswer
from likeness.failures import FailureCode
from likeness.stages import Hold, Stage, VideoState, WaitingFor


class ObeyedAnswer(OnboardingAnswer):
    """Where the onboarding stands after an order; ``verb`` is the command."""

    verb: str
    hold: Hold | None = None
    waiting_for: WaitingFor
    deadline: datetime


class CancelAnswer(OnboardingAnswer):
    """``cancel``: where the onboarding stands now.

    ``ending`` tells the end that is decided while a POST under way is still waited for.
    """

    ending: Stage | None = None


class ReleasedAnswer(OnboardingAnswer):
    """``release-device``."""


class ResetAnswer(OnboardingAnswer):
    """``reset-attempts``: how many were made so far and may still be made."""

    attempts: int
    attempts_left: int


class RevokedAnswer(OnboardingAnswer):
    """``revoke-link``: ``link`` is the number that only a new link carries."""

    link: int


class RedrivenAnswer(OnboardingAnswer):
    """``redrive``: so many events are sent by the run ``sender``; ``left`` are for another time.

    ``is_new`` is false where that run was at it already.
    """

    events: int
    left: int = 0
    sender: str
    is_new: bool


class VideoObeyedAnswer(Answer):
    """Where a video stands after an order; ``workflow_id`` is the video's run."""

    verb: str
    workflow_id: str
    state: VideoState
    hold: Hold | None = None
    reason: FailureCode | None = None
