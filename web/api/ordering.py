"""Gives one order to a running onboarding and shows where it stands after it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio.client import Client

from likeness.messages.conversation import OnboardingStatus, VideoStatus
from likeness.rest.onboardings import Onboarding
from likeness.temporal.errors import OnboardingError
from likeness.temporal.onboardings import OnboardingGlance, describe_onboarding
from web.api.deps import ApiDeps
from web.api.looking import look, shown
from web.calls import CONNECTED_WITHIN_S

Obeyed = OnboardingStatus | VideoStatus
OrderT = TypeVar("OrderT")
Verb = Callable[[Client, str, str, OrderT], Awaitable[Obeyed]]
"""What ``likeness.temporal.orders`` has for it, called with tenant, onboarding and order."""


async def obeyed(
    deps: ApiDeps, tenant: str, onboarding: str, verb: Verb[OrderT], order: OrderT
) -> Onboarding:
    """Give the order.

    Raises:
        OnboardingError: As an ``OnboardingVerb``.

    """
    client = await deps.client(CONNECTED_WITHIN_S)
    before = await describe_onboarding(client, tenant, onboarding)
    after = await verb(client, tenant, onboarding, order)
    return await _after(client, before, after)


async def _after(client: Client, before: OnboardingGlance, after: Obeyed) -> Onboarding:
    """Look once more: an order may have ended the run. It was obeyed, whatever the look meets."""
    known = shown(before, after) if isinstance(after, OnboardingStatus) else None
    try:
        seen = await look(client, before.tenant, before.onboarding_id)
    except OnboardingError:
        if known is None:
            raise
        return known
    return seen.onboarding if seen.onboarding.detailed or known is None else known
