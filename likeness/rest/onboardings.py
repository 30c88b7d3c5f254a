"""Onboardings as the API takes and shows them; all times are UTC in ISO 8601."""

from datetime import UTC, datetime
from typing import Self

from pydantic import Field

from likeness.failures import FailureCode
from likeness.ids import DEFAULT_ACCOUNT
from likeness.messages.base import CountFromOne, IdPart, Message, Order
from likeness.messages.conversation import (
    AssetStatus,
    Consent,
    Failure,
    OnboardingStatus,
)
from likeness.messages.onboarding import (
    MAX_ASSETS,
    AssetRequest,
    OnboardingRequest,
    VideoRequest,
    WebhookUrl,
    Words,
)
from likeness.rest.details import Attempt, Delivery, OrderObeyed, Video
from likeness.stages import AttemptState, Hold, Stage, WaitingFor

_CHECKING = frozenset({Stage.INVITED, Stage.VERIFYING})


class CreateOnboarding(Order):
    """Body of ``POST /v1/onboardings``; the id comes of the Idempotency-Key, the tenant of the key.

    What the person is to read is a line of printable characters.
    """

    person: IdPart = Field(
        description="Your own reference of the person, never a name or an address."
    )
    display_name: Words | None = Field(
        default=None, description="How the person's page greets them."
    )
    sender: Words | None = Field(default=None, description="Who asks, as the person is to read it.")
    contact: Words | None = Field(
        default=None, description="How the person reaches whoever asks, as they are to read it."
    )
    purpose: Words | None = Field(
        default=None, description="What it is for, as the person is to read it."
    )
    assets: tuple[AssetRequest, ...] = Field(
        min_length=1,
        max_length=MAX_ASSETS,
        description="Pictures and clips of the person, each with a name of its own.",
    )
    min_usable: CountFromOne | None = Field(
        default=None,
        description="How many assets must pass the review; all of them when left out.",
    )
    video: VideoRequest | None = Field(
        default=None, description="The video to make once the person is verified; none by default."
    )
    webhook_url: WebhookUrl | None = Field(
        default=None, description="Where your service is told of every rest, hold and end."
    )

    def request(
        self, *, tenant: str, onboarding: str, account: str = DEFAULT_ACCOUNT
    ) -> OnboardingRequest:
        """Give what the workflow is started with; raise ``ValidationError`` where it cannot be."""
        said = self.model_dump(exclude_unset=True)
        return OnboardingRequest(
            **said | {"tenant": tenant, "onboarding": onboarding, "account": account}
        )


class OnboardingCreated(Message):
    """Answer of the creation, the same for every repeat while the link is not revoked."""

    onboarding_id: str
    person: str
    invite_url: str


class Onboarding(Message):
    """Where one onboarding stands, in the API's answers and in every webhook.

    ``detailed`` is false where no worker answered: then only what Temporal itself shows is told
    (stage, hold, ``failure`` without its detail, who is waited for, times). ``ending`` is the end
    that is decided while an answer under way is still waited for.
    """

    onboarding_id: str
    person: str | None = None
    stage: Stage
    hold: Hold | None = None
    waiting_for: WaitingFor
    failure: Failure | None = None
    deadline: datetime | None = None
    started_at: datetime
    ended_at: datetime | None = None
    detailed: bool = True
    group_id: str | None = None
    attempts: int | None = None
    attempts_left: int | None = None
    attempt_log: tuple[Attempt, ...] = ()
    assets: tuple[AssetStatus, ...] = ()
    video: Video | None = None
    consent: Consent | None = None
    consent_at: datetime | None = None
    ending: Stage | None = None
    orders: tuple[OrderObeyed, ...] = ()
    deliveries: tuple[Delivery, ...] = ()

    @classmethod
    def of_status(
        cls,
        status: OnboardingStatus,
        *,
        person: str | None,
        started_at: float,
        ended_at: float | None = None,
    ) -> Self:
        """Show what the run itself tells; times in unix seconds."""
        return cls(
            onboarding_id=status.onboarding_id,
            person=person,
            stage=status.stage,
            hold=status.hold,
            waiting_for=status.waiting_for,
            failure=status.failure,
            deadline=_utc(status.deadline),
            started_at=_utc(started_at),
            ended_at=None if ended_at is None else _utc(ended_at),
            group_id=status.group_id,
            attempts=status.attempts,
            attempts_left=status.attempts_left,
            attempt_log=_attempts(status),
            assets=status.assets,
            video=None if status.video is None else Video.of(status.video),
            consent=status.consent,
            consent_at=None if status.consent_at is None else _utc(status.consent_at),
            ending=status.ending,
            orders=tuple(map(OrderObeyed.of, status.orders)),
            deliveries=tuple(map(Delivery.of, status.deliveries)),
        )


class OnboardingListed(Message):
    """One line of ``GET /v1/onboardings``."""

    onboarding_id: str
    person: str | None = None
    stage: Stage
    hold: Hold | None = None
    reason: FailureCode | None = None
    waiting_for: WaitingFor
    deadline: datetime | None = None
    started_at: datetime
    ended_at: datetime | None = None


class OnboardingPage(Message):
    """A page of them, those under way first; ``next_cursor`` is None on the last one."""

    onboardings: tuple[OnboardingListed, ...]
    next_cursor: str | None = None


class InviteLink(Message):
    """The invite link in force; whoever has it may answer for the person."""

    onboarding_id: str
    invite_url: str


def _attempts(status: OnboardingStatus) -> tuple[Attempt, ...]:
    told = map(Attempt.of, status.attempt_log)
    if status.stage in _CHECKING:
        return tuple(told)
    # The run asks no more about a try that another one has overtaken.
    return tuple(
        each.model_copy(update={"state": AttemptState.NOT_PASSED})
        if each.state is AttemptState.OPEN
        else each
        for each in told
    )


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
