"""What an onboarding's or person's details hold, as the API shows them: all times are UTC.

A run keeps the same in unix seconds (``likeness.messages``).
"""

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from likeness.messages.base import Message
from likeness.messages.conversation import Consent, DeliveryState, Failure
from likeness.stages import AttemptState, Hold, VideoState


class Detail(Message):
    """Something that a run tells of itself."""

    @classmethod
    def of(cls, told: BaseModel) -> Self:
        """Show what a run tells in a message of the same fields, times in unix seconds."""
        # pydantic reads a number as unix seconds where a moment is wanted.
        return cls.model_validate(told.model_dump())


class Attempt(Detail):
    """One upstream verification session, without its credentials."""

    number: int
    state: AttemptState
    looks: int = 0
    opened_at: datetime | None = None
    result_code: int | None = None
    came_back: bool = False


class OrderObeyed(Detail):
    """An operator's order that a run has obeyed: which, by whom, why and when.

    ``choice`` is the decision of a ``resolve``, with the task and the asset that it names.
    """

    verb: str
    choice: str | None = None
    actor: str
    reason: str = ""
    at: datetime


class Video(Detail):
    """The video; ``key`` is its path below ``ARCHIVE_URL``, ``cost_usd`` what the bill says.

    ``spent_usd`` is what its orders may have cost at most, by our estimate; ``stalled`` tells that
    the upstream has taken longer than anybody expects, and is still being watched. ``sealed``: the
    person withdrew while it was being made, so the file is kept apart and must not be used.
    ``orders`` are those of operators that its run has obeyed.
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
    orders: tuple[OrderObeyed, ...] = ()


class Delivery(Detail):
    """One line of the delivery log: an event, when it came about, and what became of it.

    ``attempts`` and ``last_status`` (of HTTP) are those of its latest sending; ``why`` says what
    its last try came to.
    """

    event_id: str
    type: str
    sequence: int
    at: datetime
    state: DeliveryState = DeliveryState.PENDING
    attempts: int | None = None
    last_status: int | None = None
    why: str | None = None
    next_try_at: datetime | None = None


class Receipt(Detail):
    """One consent: what was agreed to, when, for which onboarding and link."""

    onboarding: str
    link: int
    consent: Consent
    consent_at: datetime
