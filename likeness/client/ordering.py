"""What may be ordered of a running onboarding: one method for each verb."""

from collections.abc import Mapping, Sequence
from http import HTTPMethod

from likeness.client.paths import onboarding_path
from likeness.client.transport import Call, Transport
from likeness.messages.conversation import Resolution
from likeness.messages.onboarding import AssetRequest
from likeness.rest.onboardings import Onboarding
from likeness.rest.orders import (
    ExtendDeadlineOrder,
    RedriveOrder,
    ReplaceAssetsOrder,
    ResolveOrder,
    WithReason,
)

_DONE_TWICE_IS_DONE_ONCE = frozenset({"check_now", "redrive", "release_device", "reset_attempts"})


class Orders:
    """Each gives the onboarding as it stands once the order is obeyed.

    An order that may have been obeyed is not repeated, unless twice comes to the same as once:
    ``NoAnswerError.maybe_done`` tells, and ``get`` shows what became of it.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def replace_assets(
        self,
        onboarding: str,
        assets: Sequence[AssetRequest | Mapping[str, str]],
        *,
        reason: str = "",
    ) -> Onboarding:
        """Give other files; one that bears a refused asset's name takes its place."""
        body = ReplaceAssetsOrder.model_validate({"assets": assets, "reason": reason})
        return await self._order(onboarding, "replace_assets", body)

    async def accept_partial(self, onboarding: str, *, reason: str = "") -> Onboarding:
        """Go on with the assets that are usable by now."""
        return await self._order(onboarding, "accept_partial", WithReason(reason=reason))

    async def cancel(self, onboarding: str, *, reason: str = "") -> Onboarding:
        """End it; a video that is paid for is still made."""
        return await self._order(onboarding, "cancel", WithReason(reason=reason))

    async def revoke_link(self, onboarding: str, *, reason: str = "") -> Onboarding:
        """Make the invite link void; ``link`` gives the one that holds from now on."""
        return await self._order(onboarding, "revoke_link", WithReason(reason=reason))

    async def extend_deadline(
        self, onboarding: str, by_s: float, *, reason: str = ""
    ) -> Onboarding:
        """Let it go on for so many seconds more. Needs a key that may operate."""
        return await self._order(
            onboarding, "extend_deadline", ExtendDeadlineOrder(by_s=by_s, reason=reason)
        )

    async def check_now(self, onboarding: str, *, reason: str = "") -> Onboarding:
        """Ask the upstream at once. Needs a key that may operate."""
        return await self._order(onboarding, "check_now", WithReason(reason=reason))

    async def resolve(
        self,
        onboarding: str,
        resolution: Resolution,
        *,
        task_id: str | None = None,
        asset: str | None = None,
        reason: str = "",
    ) -> Onboarding:
        """Decide what the run cannot know; see ``Resolution``. Needs a key that may operate."""
        body = ResolveOrder(resolution=resolution, task_id=task_id, asset=asset, reason=reason)
        return await self._order(onboarding, "resolve", body)

    async def release_device(self, onboarding: str, *, reason: str = "") -> Onboarding:
        """Let the check go on on another device. Needs a key that may operate."""
        return await self._order(onboarding, "release_device", WithReason(reason=reason))

    async def reset_attempts(self, onboarding: str, *, reason: str = "") -> Onboarding:
        """Grant the person new attempts. Needs a key that may operate."""
        return await self._order(onboarding, "reset_attempts", WithReason(reason=reason))

    async def redrive(
        self,
        onboarding: str,
        *,
        event_id: str | None = None,
        since_sequence: int | None = None,
        reason: str = "",
    ) -> Onboarding:
        """Send webhooks again: one, those since a sequence, or all undelivered ones.

        Needs a key that may operate.
        """
        body = RedriveOrder(event_id=event_id, since_sequence=since_sequence, reason=reason)
        return await self._order(onboarding, "redrive", body)

    async def _order(self, onboarding: str, verb: str, body: WithReason) -> Onboarding:
        call = Call(
            method=HTTPMethod.POST,
            path=onboarding_path(onboarding, verb),
            body=body,
            repeatable=verb in _DONE_TWICE_IS_DONE_ONCE,
        )
        return await self._transport.ask(call, Onboarding)
