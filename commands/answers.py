"""What commands print with ``-o json``; fields may be added, never renamed or removed."""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from likeness.failures import FailureCode
from likeness.messages.conversation import AssetStatus, Failure, OnboardingStatus, VideoStatus
from likeness.stages import Hold, Stage, VideoState, WaitingFor

WORKER_AWAY = "worker away"
TEMPORAL_AWAY = "temporal away"


class Answer(BaseModel):
    """An answer; times are UTC in ISO 8601."""

    model_config = ConfigDict(frozen=True)


class OnboardingAnswer(Answer):
    """What every answer about one onboarding begins with."""

    onboarding_id: str
    tenant: str
    workflow_id: str
    stage: Stage


class StartAnswer(OnboardingAnswer):
    """``start``: ``invite_url`` is a credential; ``is_new`` is false when the run was known."""

    is_new: bool
    invite_url: str = Field(repr=False)


class LinkAnswer(OnboardingAnswer):
    """``link``: the invite link in force, sealed anew; ``link`` is its number."""

    link: int
    invite_url: str = Field(repr=False)


class CancelAnswer(OnboardingAnswer):
    """``cancel``: where the onboarding stands now."""


class ReleasedAnswer(OnboardingAnswer):
    """``release-device``."""


class ResetAnswer(OnboardingAnswer):
    """``reset-attempts``: how many were made so far and may still be made."""

    attempts: int
    attempts_left: int


class RevokedAnswer(OnboardingAnswer):
    """``revoke-link``: ``link`` is the number that only a new link carries."""

    link: int


class ListedAnswer(OnboardingAnswer):
    """One line of ``list``; ``person`` is the caller's reference, null where it can't be read."""

    person: str | None
    hold: Hold | None
    reason: FailureCode | None
    waiting_for: WaitingFor
    deadline: datetime | None
    started_at: datetime
    closed_at: datetime | None


class StatusAnswer(OnboardingAnswer):
    """``status`` and each line of ``watch``.

    With ``details`` "worker away" what only the run itself knows is null.
    """

    hold: Hold | None
    waiting_for: WaitingFor
    deadline: datetime | None
    attempts: int | None = None
    attempts_left: int | None = None
    group_id: str | None = None
    assets: tuple[AssetStatus, ...] | None = None
    video: VideoStatus | None = None
    failure: Failure | None = None
    details: str | None = None
    started_at: datetime
    closed_at: datetime | None

    def knowing(self, status: OnboardingStatus) -> "StatusAnswer":
        """Fill in what the run itself tells; after the end Temporal's word on the stage stays."""
        told = {
            "attempts": status.attempts,
            "attempts_left": status.attempts_left,
            "group_id": status.group_id,
            "assets": status.assets,
            "video": status.video,
            "failure": status.failure or (self.failure if self.stage.is_end else None),
            "deadline": datetime.fromtimestamp(round(status.deadline, 3), tz=UTC),
            "details": None,
        }
        if self.closed_at is None:
            told |= {
                "stage": status.stage,
                "hold": status.hold,
                "waiting_for": status.waiting_for,
            }
        return self.model_copy(update=told)

    def gives(self, *, video_wanted: bool) -> bool:
        """Tell whether the onboarding has ended with everything that was asked for."""
        video_done = self.video is not None and self.video.state is VideoState.DONE
        return self.stage is Stage.COMPLETED and (video_done or not video_wanted)


class WaitedAnswer(StartAnswer, StatusAnswer):
    """The second line of ``start --wait``: the start and the end in one."""


class KeyFileAnswer(Answer):
    """One key file; ``made`` is false where it was there already and stays as it was."""

    file: str
    key_id: str
    made: bool


class NewKeysAnswer(Answer):
    """``keys new``."""

    payload_keys: KeyFileAnswer
    link_keys: KeyFileAnswer


class RotationAnswer(Answer):
    """``keys rotate``; ``writes`` tells whether the new keys write now, or only read."""

    payload_key_id: str
    link_key_id: str
    writes: bool
