"""Orders to a running onboarding: what the caller and the operator may have it do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from temporalio.client import Client

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
from web.api.ordering import Obeyed, obeyed
from web.api.routing import api_router


@dataclass(frozen=True, kw_only=True)
class _Plain:
    """A verb that says nothing beside who orders and why."""

    verb: str
    scope: Scope
    summary: str
    tells: str
    refusals: tuple[FailureCode, ...] = ()
    give: Callable[[Client, str, str, str, str], Awaitable[Obeyed]]


async def _cancel(client: Client, tenant: str, which: str, actor: str, reason: str) -> Obeyed:
    order = Cancel(actor=actor, reason=reason)
    return await orders.cancel_onboarding(client, tenant, which, order)


async def _accept(client: Client, tenant: str, which: str, actor: str, reason: str) -> Obeyed:
    order = AcceptPartial(actor=actor, reason=reason)
    return await orders.accept_partial(client, tenant, which, order)


async def _check(client: Client, tenant: str, which: str, actor: str, reason: str) -> Obeyed:
    return await orders.check_now(client, tenant, which, CheckNow(actor=actor, reason=reason))


async def _revoke(client: Client, tenant: str, which: str, actor: str, reason: str) -> Obeyed:
    order = OperatorOrder(actor=actor, reason=reason)
    return await orders.revoke_link(client, tenant, which, order)


async def _release(client: Client, tenant: str, which: str, actor: str, reason: str) -> Obeyed:
    order = OperatorOrder(actor=actor, reason=reason)
    return await orders.release_device(client, tenant, which, order)


async def _reset(client: Client, tenant: str, which: str, actor: str, reason: str) -> Obeyed:
    order = OperatorOrder(actor=actor, reason=reason)
    return await orders.reset_attempts(client, tenant, which, order)


_PLAIN = (
    _Plain(
        verb=names.CANCEL,
        scope=Scope.START,
        summary="Cancel an onboarding",
        tells="End it; what was paid for already is awaited and recorded. While a request to the "
        "upstream is under way it is not at its end yet, and `ending` says how it will end.",
        give=_cancel,
    ),
    _Plain(
        verb=names.ACCEPT_PARTIAL,
        scope=Scope.START,
        summary="Go on with fewer assets",
        tells="Go on with the assets that are usable by now.",
        refusals=(FailureCode.NOTHING_TO_REPLACE, FailureCode.NO_USABLE_ASSETS),
        give=_accept,
    ),
    _Plain(
        verb=names.REVOKE_LINK,
        scope=Scope.START,
        summary="Revoke the invite link",
        tells="Make every invite link handed out so far worthless; `link` then gives a new one.",
        give=_revoke,
    ),
    _Plain(
        verb=names.CHECK_NOW,
        scope=Scope.OPERATE,
        summary="Ask the upstream now",
        tells="Ask the upstream at once instead of at the next time planned; where the video "
        "holds, about the video.",
        refusals=(FailureCode.NOTHING_TO_CHECK,),
        give=_check,
    ),
    _Plain(
        verb=names.RELEASE_DEVICE,
        scope=Scope.OPERATE,
        summary="Release the device",
        tells="Let the person go on with any device, also while another one holds the check.",
        give=_release,
    ),
    _Plain(
        verb=names.RESET_ATTEMPTS,
        scope=Scope.OPERATE,
        summary="Reset the attempts",
        tells="Grant the person as many attempts as in the beginning.",
        refusals=(FailureCode.ALREADY_VERIFIED,),
        give=_reset,
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
    async def order(
        caller: Admitted, onboarding: OnboardingId, body: WithReason | None = None
    ) -> Onboarding:
        reason = "" if body is None else body.reason

        async def verb(client: Client) -> Obeyed:
            return await plain.give(client, caller.tenant, onboarding, caller.actor, reason)

        return await obeyed(deps, caller.tenant, onboarding, verb)


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

        async def verb(client: Client) -> Obeyed:
            return await orders.replace_assets(client, caller.tenant, onboarding, order)

        return await obeyed(deps, caller.tenant, onboarding, verb)


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

        async def verb(client: Client) -> Obeyed:
            return await orders.extend_deadline(client, caller.tenant, onboarding, order)

        return await obeyed(deps, caller.tenant, onboarding, verb)


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

        async def verb(client: Client) -> Obeyed:
            return await orders.resolve(client, caller.tenant, onboarding, order)

        return await obeyed(deps, caller.tenant, onboarding, verb)


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
