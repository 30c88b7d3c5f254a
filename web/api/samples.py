"""The examples of the OpenAPI document: one onboarding as each route shows it."""

from typing import Any

from likeness.asset_reasons import AssetReason, advice_on
from likeness.failures import FailureCode
from likeness.messages.conversation import Failure, Resolution
from likeness.rest.onboardings import (
    CreateOnboarding,
    InviteLink,
    Onboarding,
    OnboardingCreated,
    OnboardingListed,
    OnboardingPage,
)
from likeness.rest.orders import (
    ExtendDeadlineOrder,
    RedriveOrder,
    ReplaceAssetsOrder,
    ResolveOrder,
    WithReason,
)

_ID = "o-3f9c01d2ab77e0561c24"
_URL = "https://likeness.example/i/gAAAAAAAAAAA5tq0"

CREATE = CreateOnboarding.model_validate(
    {
        "person": "ref-1",
        "display_name": "Ann",
        "sender": "Example Studio",
        "contact": "support@studio.example",
        "purpose": "your avatar in our product videos",
        "assets": [{"name": "portrait", "url": "https://assets.example/ann.jpg"}],
        "video": {"prompt": "She greets the audience and smiles.", "duration_s": 5},
        "webhook_url": "https://studio.example/webhooks/likeness",
    }
)

CREATED = OnboardingCreated(onboarding_id=_ID, person="ref-1", invite_url=_URL)

LINK = InviteLink(onboarding_id=_ID, invite_url=_URL)

_AT_A_GLANCE: dict[str, Any] = {
    "onboarding_id": _ID,
    "person": "ref-1",
    "stage": "in_review",
    "hold": "needs_assets",
    "waiting_for": "caller",
    "deadline": "2026-12-11T09:00:00Z",
    "started_at": "2026-11-27T09:00:00Z",
}

ONBOARDING = Onboarding.model_validate(
    _AT_A_GLANCE
    | {
        "detailed": True,
        "failure": Failure.of(FailureCode.TOO_FEW_USABLE_ASSETS, step="poll_review"),
        "group_id": "group-20261127-0001",
        "attempts": 1,
        "attempts_left": 4,
        "attempt_log": [
            {"number": 1, "state": "verified", "looks": 1, "opened_at": "2026-11-27T09:00:00Z"}
        ],
        "assets": [
            {
                "name": "portrait",
                "asset_id": "asset-20261127-0001",
                "state": "refused",
                "reason": AssetReason.TOO_FEW_PIXELS,
                "advice": advice_on(AssetReason.TOO_FEW_PIXELS),
            }
        ],
        "consent": {"text_version": "en-1", "sha256": "0" * 64, "locale": "en"},
        "consent_at": "2026-11-27T09:10:00Z",
    }
)

PAGE = OnboardingPage(
    onboardings=(
        OnboardingListed.model_validate(
            _AT_A_GLANCE | {"reason": FailureCode.TOO_FEW_USABLE_ASSETS}
        ),
    ),
    next_cursor="gAAAAABqPage2",
)

REASON = WithReason(reason="asked for by the customer")

REPLACEMENT = ReplaceAssetsOrder.model_validate(
    {
        "assets": [{"name": "portrait", "url": "https://assets.example/ann-again.jpg"}],
        "reason": "the first one was cropped",
    }
)

EXTENSION = ExtendDeadlineOrder(by_s=259200, reason="on holiday until Monday")

RESOLUTION = ResolveOrder(
    resolution=Resolution.ADOPT,
    task_id="task_01JDQ8",
    asset="portrait",
    reason="found in the console",
)

REDRIVE = RedriveOrder(since_sequence=2, reason="the receiver was down")

EVENTS = f"""retry: 2000

event: onboarding
id: 17-9f86d081884c7d65
data: {ONBOARDING.model_dump_json(exclude_unset=True)}

: still here

"""
