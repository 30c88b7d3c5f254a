"""What the person, the relay and the operator say to a running onboarding, and its answers."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from likeness.failures import FAILURES, FailureCode
from likeness.messages.base import Message, Secret
from likeness.messages.onboarding import MAX_ASSETS, MAX_DEADLINE_S, AssetKind, AssetRequest
from likeness.stages import AssetState, AttemptState, Hold, Stage, VideoState, WaitingFor


class Consent(Message):
    """What the person agreed to: version, SHA-256 (hex) and locale of the text shown."""

    text_version: str = Field(min_length=1, max_length=40)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    locale: str = Field(min_length=2, max_length=16)


class OpenSession(Message):
    """Update ``open_session``: the person tapped Start. Its Update id is the form's nonce.

    ``not_after`` (unix seconds) is refused when passed, so that a tap made while no worker ran
    never opens a session for nobody. ``device`` tells one browser from another (a SHA-256 in hex of
    what only that browser knows); while a check may be under way on another one, only ``take_over``
    opens a session.
    """

    consent: Consent | None = None
    not_after: float
    device: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    take_over: bool = False


class OpenOutcome(StrEnum):
    """What came of a tap."""

    OPENED = "opened"
    TRY_AGAIN = "try_again"
    ON_HOLD = "on_hold"


class SessionOpened(Message):
    """Answer of ``open_session``; ``h5_link`` is there only when ``opened``."""

    outcome: OpenOutcome
    attempt: int | None = None
    h5_link: Secret | None = None
    code: FailureCode | None = None


class VerificationCallback(Message):
    """Signal ``verification_callback``: a browser came back. A hint, never a proof."""

    attempt: int
    result_code: int | None = None


class Finished(Message):
    """Update ``finished``: the person says the scan is done, for a callback that got lost."""

    attempt: int | None = None


class Decline(Message):
    """Update ``decline``: the person says no."""


class Withdraw(Message):
    """The person takes the consent back: Update to ``Person``, signal to runs under way.

    ``erased``: the person is forgotten altogether, so nothing made of them may be kept. ``actor``
    is who said so in the person's name, where it was not they themselves.
    """

    erased: bool = False
    actor: str = Field(default="person", max_length=80)
    reason: str = Field(default="", max_length=500)


class OperatorOrder(Message):
    """Who orders and why: Updates ``release_device``, ``revoke_link``, ``reset_attempts``."""

    actor: str = Field(default="operator", max_length=80)
    reason: str = Field(default="", max_length=500)


class Cancel(Message):
    """Update ``cancel``: the caller or an operator ends the run."""

    actor: str = Field(default="operator", max_length=80)
    reason: str = Field(default="", max_length=500)


class ReplaceAssets(OperatorOrder):
    """Update ``replace_assets``: other files in the place of refused ones.

    One that bears the name of a refused asset takes its place; any other is added.
    """

    assets: tuple[AssetRequest, ...] = Field(min_length=1, max_length=MAX_ASSETS)


class AcceptPartial(OperatorOrder):
    """Update ``accept_partial``: go on with the assets that are usable by now."""


class ExtendDeadline(OperatorOrder):
    """Update ``extend_deadline``: end the run ``by_s`` seconds later than it would."""

    by_s: float = Field(gt=0, le=MAX_DEADLINE_S)


class CheckNow(OperatorOrder):
    """Update ``check_now``: ask the upstream at once instead of at the next time planned."""


class Resolution(StrEnum):
    """What an operator decides about a step whose outcome is unknown, or that broke."""

    ADOPT = "adopt"
    RESUBMIT = "resubmit"
    GIVE_UP = "give_up"


class Resolve(OperatorOrder):
    """Update ``resolve``: decide what the run itself cannot know.

    ``adopt`` goes on with the task ``task_id`` found at the upstream; ``resubmit`` sends again,
    which may pay twice; ``give_up`` goes on without. ``asset`` names the one that is meant where
    the outcome of several is unknown; without it all of them are.
    """

    resolution: Resolution
    task_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.:-]{1,200}$")
    asset: str | None = Field(default=None, max_length=64)

    @model_validator(mode="after")
    def _adopts_a_task(self) -> Self:
        if (self.resolution is Resolution.ADOPT) != (self.task_id is not None):
            raise ValueError("adopt names the upstream's task id, and nothing else does")
        return self


class GenerationChanged(Message):
    """Signal ``generation_changed``: somebody says that the video's task has moved on.

    A hint like every webhook: it only brings the next look forward.
    """


class Failure(Message):
    """A failure as every interface shows it; free of personal data."""

    code: FailureCode
    step: str | None = None
    sentence: str
    who: str
    next_step: str
    detail: str | None = None

    @classmethod
    def of(
        cls, code: FailureCode, *, step: str | None = None, detail: str | None = None
    ) -> "Failure":
        """Fill sentence, actor and next step from the catalogue."""
        text = FAILURES[code]
        return cls(
            code=code,
            step=step,
            sentence=text.sentence,
            who=text.who,
            next_step=text.next_step,
            detail=detail,
        )


class AttemptStatus(Message):
    """One upstream verification session, without its credentials; times in unix seconds."""

    number: int
    state: AttemptState
    looks: int = 0
    opened_at: float | None = None
    result_code: int | None = None
    came_back: bool = False


class AssetStatus(Message):
    """One asset; ``reason`` is the provider's word or ours when it was refused."""

    name: str | None = None
    kind: AssetKind | None = None
    asset_id: str | None = None
    state: AssetState
    reason: str | None = None
    advice: str | None = None


class OrderGiven(Message):
    """An operator's order that a run has obeyed: which, by whom, why and when (unix seconds).

    ``choice`` is the decision of a ``resolve``, with the task and the asset that it names.
    """

    verb: str
    choice: str | None = None
    actor: str
    reason: str = ""
    at: float


class VideoStatus(Message):
    """The video; ``key`` is its path below ``ARCHIVE_URL``, ``cost_usd`` what the bill says.

    ``spent_usd`` is what its orders may have cost at most, by our estimate; ``stalled`` tells that
    the upstream has taken longer than anybody expects, and is still being watched.

    ``sealed``: the person withdrew while it was being made, so the file is kept apart and must not
    be used. ``orders`` are those of operators that its run has obeyed.
    """

    state: VideoState
    workflow_id: str
    task_id: str | None = None
    key: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    cost_usd: float | None = None
    spent_usd: float = 0
    stalled: bool = False
    sealed: bool = False
    hold: Hold | None = None
    failure: Failure | None = None
    orders: tuple[OrderGiven, ...] = ()


class DeliveryState(StrEnum):
    """What became of one webhook.

    ``handed_over``: the run ended before it was delivered, and its ``Notify`` run goes on.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    GONE = "gone"
    HANDED_OVER = "handed_over"


class DeliveryStatus(Message):
    """One line of the delivery log: an event and what became of it; ``at`` in unix seconds.

    ``attempts`` and ``last_status`` (of HTTP) tell the run itself once it is decided, and the
    delivery log at any time; it alone knows ``why`` the last try came to nothing and
    ``next_try_at``.
    """

    event_id: str
    type: str
    sequence: int
    at: float
    state: DeliveryState = DeliveryState.PENDING
    attempts: int | None = None
    last_status: int | None = None
    why: str | None = None
    next_try_at: float | None = None


class OnboardingStatus(Message):
    """Answer of the query ``status`` and the result of a finished run; times in unix seconds.

    ``ending`` is the end that is decided while an answer under way is still waited for.
    """

    onboarding_id: str
    tenant: str
    stage: Stage
    hold: Hold | None = None
    waiting_for: WaitingFor
    deadline: float
    attempts: int = 0
    attempts_left: int = 0
    attempt_log: tuple[AttemptStatus, ...] = ()
    group_id: str | None = None
    assets: tuple[AssetStatus, ...] = ()
    video: VideoStatus | None = None
    failure: Failure | None = None
    consent: Consent | None = None
    consent_at: float | None = None
    link: int = 1
    consent_link: int | None = None
    device: str | None = None
    ending: Stage | None = None
    orders: tuple[OrderGiven, ...] = ()
    deliveries: tuple[DeliveryStatus, ...] = ()
