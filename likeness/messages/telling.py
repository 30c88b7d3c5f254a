"""What a caller's webhook is told, and how a delivery is ordered.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from pydantic import Field

from likeness.messages.base import IdPart, Message
from likeness.messages.conversation import DeliveryStatus, OnboardingStatus
from likeness.messages.onboarding import WebhookUrl


class WebhookEvent(Message):
    """One thing to tell: ``id`` is the ``webhook-id``, ``type`` such as ``onboarding.in_review``.

    ``at`` (unix seconds) is when it came about; ``sequence`` counts an onboarding's events from 1.
    """

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    type: str = Field(pattern=r"^[a-z_]+\.[a-z_]+$")
    at: float
    sequence: int = Field(ge=1)
    person: IdPart
    started_at: float
    snapshot: OnboardingStatus


class DeliverWebhook(Message):
    """Step ``deliver_webhook``: tell ``url`` the event.

    ``once``: a failure is told at once instead of being tried again on schedule.
    """

    tenant: IdPart
    url: WebhookUrl
    event: WebhookEvent
    once: bool = False


class WebhookDelivered(Message):
    """The receiver has it (``gone`` false), or answered 410 and wants no more (``gone`` true)."""

    attempts: int = 1
    status: int
    gone: bool = False


class WebhookMissed(Message):
    """Second detail of a ``webhook_undelivered``: the tries so far, and what the last one came to.

    ``status`` is None where no HTTP status came; ``why`` is ``HTTP 503`` or words of ours.
    """

    attempts: int
    status: int | None = None
    why: str


class NotifyInput(Message):
    """Input of the workflow ``Notify``: what was undelivered when a run ended, or is redriven.

    ``actor`` and ``reason`` are there where somebody had it redriven.
    """

    tenant: IdPart
    url: WebhookUrl
    events: tuple[WebhookEvent, ...] = Field(min_length=1)
    actor: str | None = Field(default=None, max_length=80)
    reason: str | None = Field(default=None, max_length=500)


class NotifyStatus(Message):
    """Answer of its query ``status`` and its result."""

    deliveries: tuple[DeliveryStatus, ...]
