"""Orders to a run under way, as Updates: what an operator asks of one onboarding.

The client needs the plugin of ``likeness.temporal.plugin``, and a worker must run. Each verb is
called as ``await verb(client, tenant, onboarding, order)``; see ``OnboardingVerb``.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from temporalio.client import Client

from likeness import names
from likeness.ids import onboarding_workflow_id
from likeness.messages.conversation import (
    AcceptPartial,
    Cancel,
    CheckNow,
    ExtendDeadline,
    OnboardingStatus,
    OperatorOrder,
    ReplaceAssets,
    Resolve,
    VideoStatus,
)
from likeness.temporal.errors import OnboardingEndedError, WorkerAwayError
from likeness.temporal.glance import describe_onboarding
from likeness.temporal.ordering import ORDER_TIMEOUT, order_id_of, ordered
from likeness.temporal.statuses import onboarding_status
from likeness.temporal.videos import check_video, resolve_video

__all__ = [
    "ORDER_TIMEOUT",
    "OnboardingVerb",
    "accept_partial",
    "cancel_onboarding",
    "check_now",
    "extend_deadline",
    "release_device",
    "replace_assets",
    "reset_attempts",
    "resolve",
    "revoke_link",
]

OrderT = TypeVar("OrderT", bound=OperatorOrder)


@dataclass(frozen=True)
class OnboardingVerb(Generic[OrderT]):
    """One verb that an onboarding obeys; ``update`` is its name on the wire."""

    update: str

    async def __call__(
        self,
        client: Client,
        tenant: str,
        onboarding: str,
        order: OrderT,
        *,
        order_id: str | None = None,
        rpc_timeout: timedelta = ORDER_TIMEOUT,
    ) -> OnboardingStatus:
        """Give the order and the status after it; see ``order_id_of`` for a repeat's safety.

        Raises:
            ValueError: Tenant or onboarding may not stand in an id.
            NoSuchOnboardingError: Nothing is known of it.
            OnboardingEndedError: It has ended already.
            RefusedError: The run refused, and why.
            WorkerAwayError: No worker answered in time; the order may still take effect.
            TemporalAwayError: The server did not answer.

        """
        if order_id is None:
            glance = await describe_onboarding(client, tenant, onboarding, rpc_timeout=rpc_timeout)
            if glance.closed:
                raise _ended()
            salt = glance.memo.request if glance.memo else ""
            order_id = order_id_of(self.update, order, events=glance.events, salt=salt)
        return await _ordered(
            client,
            tenant,
            onboarding,
            self.update,
            order,
            order_id=order_id,
            rpc_timeout=rpc_timeout,
        )


release_device = OnboardingVerb[OperatorOrder](names.RELEASE_DEVICE)
"""Let any device go on with the check."""

revoke_link = OnboardingVerb[OperatorOrder](names.REVOKE_LINK)
"""Make every invite link handed out so far worthless; ``link`` is the new one's number."""

reset_attempts = OnboardingVerb[OperatorOrder](names.RESET_ATTEMPTS)
"""Grant as many attempts as in the beginning."""

replace_assets = OnboardingVerb[ReplaceAssets](names.REPLACE_ASSETS)
"""Give other files in the place of refused ones; only they are submitted."""

accept_partial = OnboardingVerb[AcceptPartial](names.ACCEPT_PARTIAL)
"""Go on with the assets that are usable by now."""

extend_deadline = OnboardingVerb[ExtendDeadline](names.EXTEND_DEADLINE)
"""End the run later than it would."""

_check_here = OnboardingVerb[CheckNow](names.CHECK_NOW)
_resolve_here = OnboardingVerb[Resolve](names.RESOLVE)


async def resolve(
    client: Client,
    tenant: str,
    onboarding: str,
    order: Resolve,
    *,
    rpc_timeout: timedelta = ORDER_TIMEOUT,
) -> OnboardingStatus | VideoStatus:
    """Decide what the run cannot know; where its video is what holds, the video's run is told.

    Raises as an ``OnboardingVerb``.
    """
    video = await _holding_video(client, tenant, onboarding, rpc_timeout=rpc_timeout)
    if video is not None:
        return await resolve_video(client, video, order, rpc_timeout=rpc_timeout)
    return await _resolve_here(client, tenant, onboarding, order, rpc_timeout=rpc_timeout)


async def check_now(
    client: Client,
    tenant: str,
    onboarding: str,
    order: CheckNow,
    *,
    rpc_timeout: timedelta = ORDER_TIMEOUT,
) -> OnboardingStatus | VideoStatus:
    """Ask the upstream at once, or try at once what waits for its next try; else as ``resolve``."""
    video = await _holding_video(client, tenant, onboarding, rpc_timeout=rpc_timeout)
    if video is not None:
        return await check_video(client, video, order, rpc_timeout=rpc_timeout)
    return await _check_here(client, tenant, onboarding, order, rpc_timeout=rpc_timeout)


async def cancel_onboarding(
    client: Client,
    tenant: str,
    onboarding: str,
    cancel: Cancel,
    *,
    rpc_timeout: timedelta = ORDER_TIMEOUT,
) -> OnboardingStatus:
    """End an onboarding; saying it twice is the same as once.

    A POST under way is waited for: then the answer is not at its end yet, and ``ending`` says how
    it will end. Raises as an ``OnboardingVerb``.
    """
    try:
        # One id for ever: the server answers a repeated order with the first one's outcome.
        return await _ordered(
            client,
            tenant,
            onboarding,
            names.CANCEL,
            cancel,
            order_id=names.CANCEL,
            rpc_timeout=rpc_timeout,
        )
    except WorkerAwayError:
        status = await onboarding_status(client, tenant, onboarding)
        if status is None or status.ending is None:
            raise
        return status


async def _holding_video(
    client: Client, tenant: str, onboarding: str, *, rpc_timeout: timedelta
) -> str | None:
    glance = await describe_onboarding(client, tenant, onboarding, rpc_timeout=rpc_timeout)
    return glance.holding_video


async def _ordered(
    client: Client,
    tenant: str,
    onboarding: str,
    update: str,
    order: OperatorOrder | Cancel,
    *,
    order_id: str,
    rpc_timeout: timedelta,
) -> OnboardingStatus:
    async def gone() -> Exception:
        await describe_onboarding(client, tenant, onboarding, rpc_timeout=rpc_timeout)
        return _ended()

    return await ordered(
        client,
        onboarding_workflow_id(tenant, onboarding),
        update,
        order,
        answer=OnboardingStatus,
        when_gone=gone,
        order_id=order_id,
        rpc_timeout=rpc_timeout,
    )


def _ended() -> OnboardingEndedError:
    return OnboardingEndedError("The onboarding has ended and takes no orders.")
