"""What commands print with ``-o json``; fields may be added, never renamed or removed."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, computed_field

from commands.remedies import commands_for
from commands.subjects import Clip, Subject
from likeness.failures import FailureCode
from likeness.messages.conversation import (
    AssetStatus,
    DeliveryState,
    DeliveryStatus,
    Failure,
    OnboardingStatus,
    OrderGiven,
    VideoStatus,
)
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


class ListedAnswer(OnboardingAnswer):
    """One line of ``list``; ``person`` is the caller's reference, null where it can't be read."""

    person: str | None
    hold: Hold | None
    reason: FailureCode | None
    waiting_for: WaitingFor
    deadline: datetime | None
    started_at: datetime
    closed_at: datetime | None


class OrderGivenAnswer(Answer):
    """An operator's order that was obeyed; why it was given, no command shows."""

    verb: str
    choice: str | None = None
    actor: str
    at: datetime

    @classmethod
    def of(cls, given: OrderGiven) -> "OrderGivenAnswer":
        """Leave out the reason, which may hold anything."""
        return cls(verb=given.verb, choice=given.choice, actor=given.actor, at=moment_of(given.at))


class DeliveryAnswer(Answer):
    """One line of the delivery log: an event, and what became of it when it was sent last.

    ``last_status`` is the receiver's of HTTP; ``why`` says where there is none why not.
    """

    sequence: int
    type: str
    event_id: str
    at: datetime
    state: DeliveryState
    attempts: int | None = None
    last_status: int | None = None
    why: str | None = None
    next_try_at: datetime | None = None

    @classmethod
    def of(cls, line: DeliveryStatus) -> "DeliveryAnswer":
        """Tell the moments as a clock does."""
        next_try_at = None if line.next_try_at is None else moment_of(line.next_try_at)
        told = line.model_dump(exclude={"at", "next_try_at"})
        return cls(**told, at=moment_of(line.at), next_try_at=next_try_at)


ShownVideo = Annotated[
    VideoStatus,
    PlainSerializer(lambda video: video.model_dump(mode="json", exclude={"orders"})),
]
"""A video without the orders given to it, whose reasons no command shows."""


class StatusAnswer(OnboardingAnswer):
    """``status`` and each line of ``watch``.

    With ``details`` "worker away" what only the run itself knows is null. ``ending`` is the end
    that is decided while an answer under way is still waited for.
    """

    hold: Hold | None
    waiting_for: WaitingFor
    deadline: datetime | None
    attempts: int | None = None
    attempts_left: int | None = None
    group_id: str | None = None
    assets: tuple[AssetStatus, ...] | None = None
    video: ShownVideo | None = None
    failure: Failure | None = None
    ending: Stage | None = None
    orders: tuple[OrderGivenAnswer, ...] | None = None
    deliveries: tuple[DeliveryAnswer, ...] | None = None
    details: str | None = None
    started_at: datetime
    closed_at: datetime | None

    @computed_field  # type: ignore[prop-decorator]  # mypy knows none over a property
    @property
    def next_commands(self) -> tuple[str, ...]:
        """What can be typed now, best first; empty where nothing has to be."""
        subject = Subject(self.tenant, self.onboarding_id)
        again = (subject.command("redrive"),) if self.is_owed else ()
        return self._for_the_run(subject) + again

    @property
    def is_owed(self) -> bool:
        """Tell whether an event is not sent any more although the receiver has not got it."""
        lost = (DeliveryState.UNDELIVERED, DeliveryState.GONE)
        return any(line.state in lost for line in self.deliveries or ())

    def _for_the_run(self, subject: Subject) -> tuple[str, ...]:
        if self.stage.is_end:
            return ()
        if self.ending is not None:
            return (subject.command("watch"),)
        code = self.failure.code if self.failure and self.hold else None
        if code is None and self.waiting_for is WaitingFor.PERSON and self.attempts_left == 0:
            code = FailureCode.ATTEMPTS_EXHAUSTED
        return commands_for(
            code, self.waiting_for, subject, stage=self.stage, assets=self.assets or ()
        )

    def knowing(self, status: OnboardingStatus) -> "StatusAnswer":
        """Fill in what the run itself tells; after the end Temporal's word on the stage stays."""
        told = {
            "attempts": status.attempts,
            "attempts_left": status.attempts_left,
            "group_id": status.group_id,
            "assets": status.assets,
            "video": status.video,
            "failure": status.failure or (self.failure if self.stage.is_end else None),
            "ending": status.ending,
            "orders": _orders(status),
            "deliveries": tuple(map(DeliveryAnswer.of, status.deliveries)),
            "deadline": moment_of(status.deadline),
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


class VideoAnswer(Answer):
    """``status`` of a video; ``owner`` is the workflow id of its onboarding or person.

    With ``details`` "worker away" what only the run itself knows is null.
    """

    workflow_id: str
    owner: str
    number: int
    hold: Hold | None = None
    video: ShownVideo | None = None
    failure: Failure | None = None
    orders: tuple[OrderGivenAnswer, ...] | None = None
    details: str | None = None
    started_at: datetime
    closed_at: datetime | None

    @computed_field  # type: ignore[prop-decorator]  # mypy knows none over a property
    @property
    def next_commands(self) -> tuple[str, ...]:
        """What can be typed now, best first; empty where nothing has to be."""
        if self.closed_at is not None or self.hold is None or self.failure is None:
            return ()
        return commands_for(self.failure.code, WaitingFor.OPERATOR, Clip(self.workflow_id))


class WaitedAnswer(StartAnswer, StatusAnswer):
    """The second line of ``start --wait``: the start and the end in one."""


class KeyFileAnswer(Answer):
    """One key file; ``made`` is false where it was there already and stays as it was."""

    file: str
    key_id: str
    made: bool


class WebhookFileAnswer(Answer):
    """The file of webhook secrets, with the tenants that have one."""

    file: str
    tenants: tuple[str, ...]
    made: bool


class NewKeysAnswer(Answer):
    """``keys new``."""

    payload_keys: KeyFileAnswer
    link_keys: KeyFileAnswer
    webhook_keys: WebhookFileAnswer


class RotationAnswer(Answer):
    """``keys rotate``; ``writes`` tells whether the new keys write now, or only read."""

    payload_key_id: str
    link_key_id: str
    writes: bool


class RetirementAnswer(Answer):
    """``keys retire``; ``unreadable_runs`` are ended ones that were given up with the key."""

    payload_key_id: str
    unreadable_runs: int = 0


def _orders(status: OnboardingStatus) -> tuple[OrderGivenAnswer, ...]:
    """Give what was ordered of the run and of its video, the latest last."""
    of_video = status.video.orders if status.video else ()
    given = sorted((*status.orders, *of_video), key=lambda order: order.at)
    return tuple(OrderGivenAnswer.of(order) for order in given)


def moment_of(seconds: float) -> datetime:
    """Give a moment of ``seconds`` since 1970, to the millisecond."""
    return datetime.fromtimestamp(round(seconds, 3), tz=UTC)
