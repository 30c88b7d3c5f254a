"""Orders to a running onboarding: what the caller and the operator may have it do."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from likeness import names
from likeness.failures import FailureCode
from likeness.messages.conversation import (
    AcceptPartial,
    Cancel,
    CheckNow,
    ExtendDeadline,
    OperatorOrder,
    ReplaceAssets,
    Resolve,
)
from likeness.rest.onboardings import Onboarding
from likeness.rest.orders import ExtendDeadlineOrder, ReplaceAssetsOrder, ResolveOrder, WithReason
from likeness.temporal import orders
from runtime.api_keys import Scope
from web.api import samples
from web.api.callers import Admitted
from web.api.deps import ApiDeps
from web.api.documenting import operation
from web.api.naming import NO_SUCH, OnboardingId
from web.api.ordering import Verb, obeyed
from web.api.routing import api_router


@dataclass(frozen=True, kw_only=True)
class _Plain:
    """A verb that says nothing beside who orders and why."""

    verb: str
    scope: Scope
    summary: str
    tells: str
    refusals: tuple[FailureCode, ...] = ()
    give: Verb[Any]
    order: type[OperatorOrder | Cancel] = OperatorOrder


_PLAIN = (
    _Plain(
        verb=names.CANCEL,
        scope=Scope.START,
        summary="Cancel an onboarding",
        tells="End it; what was paid for already is awaited and recorded. While a request to the "
        "upstream is under way it is not at its end yet, and `ending` says how it will end.",
        give=orders.cancel_onboarding,
        order=Cancel,
    ),
    _Plain(
        verb=names.ACCEPT_PARTIAL,
        scope=Scope.START,
        summary="Go on with fewer assets",
        tells="Go on with the assets that are usable by now.",
        refusals=(FailureCode.NOTHING_TO_REPLACE, FailureCode.NO_USABLE_ASSETS),
        give=orders.accept_partial,
        order=AcceptPartial,
    ),
    _Plain(
        verb=names.REVOKE_LINK,
        scope=Scope.START,
        summary="Revoke the invite link",
        tells="Make every invite link handed out so far worthless; `link` then gives a new one.",
        give=orders.revoke_link,
    ),
    _Plain(
        verb=names.CHECK_NOW,
        scope=Scope.OPERATE,
        summary="Ask the upstream now",
        tells="Ask the upstream at once instead of at the next time planned; where the video "
        "holds, about the video.",
        refusals=(FailureCode.NOTHING_TO_CHECK,),
        give=orders.check_now,
        order=CheckNow,
    ),
    _Plain(
        verb=names.RELEASE_DEVICE,
        scope=Scope.OPERATE,
        summary="Release the device",
        tells="Let the person go on with any device, also while another one holds the check.",
        give=orders.release_device,
    ),
    _Plain(
        verb=names.RESET_ATTEMPTS,
        scope=Scope.OPERATE,
        summary="Reset the attempts",
        tells="Grant the person as many attempts as in the beginning.",
        refusals=(FailureCode.ALREADY_VERIFIED,),
        give=orders.reset_attempts,
    ),
)


def order_routes(deps: ApiDeps) -> APIRouter:
    """Give the routes."""
    routes = api_router()
    for plain in _PLAIN:
        _add_plain(routes, deps, plain)
    _add_replacing(routes, deps)
    _add_extending(routes, deps)
    _add_resolving(routes, deps)
    return routes


def _add_plain(routes: APIRouter, deps: ApiDeps, plain: _Plain) -> None:
    @routes.post(
        _path(plain.verb),
        description=plain.tells,
        **_order(plain.scope, plain.verb, plain.summary, samples.REASON, plain.refusals),
    )
    async def plain_order(
        caller: Admitted, onboarding: OnboardingId, body: WithReason | None = None
    ) -> Onboarding:
        reason = "" if body is None else body.reason
        order = plain.order(actor=caller.actor, reason=reason)
        return await obeyed(deps, caller.tenant, onboarding, plain.give, order)


def _add_replacing(routes: APIRouter, deps: ApiDeps) -> None:
    @routes.post(
        _path(names.REPLACE_ASSETS),
        **_order(
            Scope.START,
            names.REPLACE_ASSETS,
            "Replace refused assets",
            samples.REPLACEMENT,
            (FailureCode.NOTHING_TO_REPLACE,),
        ),
    )
    async def replace_assets(
        caller: Admitted, onboarding: OnboardingId, body: ReplaceAssetsOrder
    ) -> Onboarding:
        """Give other files in the place of refused ones; only they are submitted.

        One that bears a refused asset's name takes its place, any other is added.
        """
        order = ReplaceAssets(actor=caller.actor, reason=body.reason, assets=body.assets)
        return await obeyed(deps, caller.tenant, onboarding, orders.replace_assets, order)


def _add_extending(routes: APIRouter, deps: ApiDeps) -> None:
    @routes.post(
        _path(names.EXTEND_DEADLINE),
        **_order(
            Scope.OPERATE, names.EXTEND_DEADLINE, "Extend the deadline", samples.EXTENSION, ()
        ),
    )
    async def extend_deadline(
        caller: Admitted, onboarding: OnboardingId, body: ExtendDeadlineOrder
    ) -> Onboarding:
        """End the onboarding so many seconds later than it would."""
        order = ExtendDeadline(actor=caller.actor, reason=body.reason, by_s=body.by_s)
        return await obeyed(deps, caller.tenant, onboarding, orders.extend_deadline, order)


def _add_resolving(routes: APIRouter, deps: ApiDeps) -> None:
    @routes.post(
        _path(names.RESOLVE),
        **_order(
            Scope.OPERATE,
            names.RESOLVE,
            "Decide what is unknown",
            samples.RESOLUTION,
            (FailureCode.NOTHING_TO_RESOLVE,),
        ),
    )
    async def resolve(caller: Admitted, onboarding: OnboardingId, body: ResolveOrder) -> Onboarding:
        """Decide a hold: adopt a task, resubmit (which may be charged twice), or give up.

        A hold of the onboarding's video is resolved in the video's own run.
        """
        order = Resolve(
            actor=caller.actor,
            reason=body.reason,
            resolution=body.resolution,
            task_id=body.task_id,
            asset=body.asset,
        )
        return await obeyed(deps, caller.tenant, onboarding, orders.resolve, order)


def _path(verb: str) -> str:
    return f"/onboardings/{{onboarding}}/{verb}"


def _order(
    scope: Scope, verb: str, summary: str, body: BaseModel, refusals: tuple[FailureCode, ...]
) -> dict[str, Any]:
    return operation(
        scope,
        verb,
        summary,
        body=body,
        answer=samples.ONBOARDING,
        refusals=NO_SUCH
        | {409: (FailureCode.ALREADY_ENDED, *refusals), 503: (FailureCode.WORKER_AWAY,)},
    )
