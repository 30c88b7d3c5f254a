"""An event as a real onboarding tells it; docs/webhooks.md shows this one's body."""

from likeness.messages.conversation import (
    AssetStatus,
    AttemptStatus,
    Consent,
    OnboardingStatus,
)
from likeness.messages.onboarding import AssetKind
from likeness.messages.telling import WebhookEvent
from likeness.stages import AssetState, AttemptState, Stage, WaitingFor

STARTED_AT = 1_795_773_600.0


def event(sequence: int = 2) -> WebhookEvent:
    """The second of a happy path's three, unless another number is wanted."""
    return WebhookEvent(
        id=f"msg_{sequence:032x}",
        type="onboarding.in_review",
        at=STARTED_AT + 641.5,
        sequence=sequence,
        person="p-17",
        started_at=STARTED_AT,
        snapshot=OnboardingStatus(
            onboarding_id="o-3f9c01d2ab77e6540c1b",
            tenant="default",
            stage=Stage.IN_REVIEW,
            waiting_for=WaitingFor.UPSTREAM,
            deadline=STARTED_AT + 14 * 86400,
            attempts=1,
            attempts_left=4,
            attempt_log=(
                AttemptStatus(
                    number=1,
                    state=AttemptState.VERIFIED,
                    looks=1,
                    opened_at=STARTED_AT + 570,
                    result_code=10000,
                    came_back=True,
                ),
            ),
            group_id="group-20261127-7k2p",
            assets=(AssetStatus(name="front", kind=AssetKind.IMAGE, state=AssetState.SUBMITTED),),
            consent=Consent(text_version="en-2", sha256="5d" * 32, locale="en"),
            consent_at=STARTED_AT + 569,
            consent_link=1,
        ),
    )
