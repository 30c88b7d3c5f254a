"""What is posted to a caller's ``webhook_url``; all times are UTC in ISO 8601."""

from datetime import UTC, datetime
from typing import Self

from pydantic import Field

from likeness.messages.base import Message
from likeness.messages.telling import WebhookEvent
from likeness.rest.onboardings import Onboarding


class WebhookData(Message):
    """The onboarding as it stood; ``sequence`` counts its events from 1, so a late one is seen.

    Of ``deliveries`` a webhook tells nothing.
    """

    sequence: int = Field(ge=1)
    onboarding: Onboarding


class WebhookBody(Message):
    """Body of every webhook: ``type`` such as ``onboarding.in_review``, and when it came about."""

    type: str
    timestamp: datetime
    data: WebhookData

    @classmethod
    def of(cls, event: WebhookEvent) -> Self:
        """Show what the run told."""
        snapshot = event.snapshot
        onboarding = Onboarding.of_status(
            snapshot,
            person=event.person,
            started_at=event.started_at,
            ended_at=event.at if snapshot.stage.is_end else None,
        )
        return cls(
            type=event.type,
            timestamp=datetime.fromtimestamp(event.at, tz=UTC),
            data=WebhookData(sequence=event.sequence, onboarding=onboarding),
        )
