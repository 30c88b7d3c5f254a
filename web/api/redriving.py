"""Webhooks: what became of each, and having them sent again."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter
from temporalio.client import Client

from likeness.failures import FailureCode
from likeness.messages.conversation import DeliveryState
from likeness.rest.details import Delivery
from likeness.rest.onboardings import Onboarding
from likeness.rest.orders import RedriveOrder
from likeness.temporal.redriving import redrive
from likeness.temporal.webhooks import deliveries_of
from runtime.api_keys import Scope
from web.api import samples
from web.api.callers import Admitted
from web.api.deps import ApiDeps
from web.api.documenting import operation
from web.api.looking import Looked, look
from web.api.naming import NO_SUCH, OnboardingId
from web.api.routing import api_router
from web.calls import CONNECTED_WITHIN_S


def redriving_routes(deps: ApiDeps) -> APIRouter:
    """Give the routes."""
    routes = api_router()

    @routes.post(
        "/onboardings/{onboarding}/redrive",
        **operation(
            Scope.OPERATE,
            "redrive",
            "Send webhooks again",
            body=samples.REDRIVE,
            status=202,
            answer=samples.ONBOARDING,
            refusals=NO_SUCH | {409: (FailureCode.NOTHING_TO_REDRIVE,)},
        ),
    )
    async def redrive_webhooks(
        caller: Admitted, onboarding: OnboardingId, body: RedriveOrder | None = None
    ) -> Onboarding:
        """Send one event again, those since one, or, without a body, all that did not arrive.

        Works after the end, too. An event keeps its `webhook-id`, so that a receiver which has it
        already can tell. `deliveries` shows what becomes of each; the same order given again in a
        moment is done once.
        """
        order = body or RedriveOrder()
        client = await deps.client(CONNECTED_WITHIN_S)
        done = await redrive(
            client,
            caller.tenant,
            onboarding,
            task_queue=deps.task_queue,
            event_id=order.event_id,
            since_sequence=order.since_sequence,
            actor=caller.actor,
            reason=order.reason or None,
        )
        seen = await look(client, caller.tenant, onboarding)
        # The list of runs may not show the new one yet.
        log = await deliveries_of(
            client,
            caller.tenant,
            onboarding,
            asking=seen.onboarding.detailed,
            also=(done.workflow_id,),
        )
        return seen.onboarding.model_copy(update={"deliveries": tuple(map(Delivery.of, log))})

    return routes


async def with_deliveries(client: Client, tenant: str, seen: Looked) -> Looked:
    """Add what became of webhooks since the run last heard of them, where any are not there yet.

    Where nothing was told, or all has arrived and the run is open, no second look is needed. Raises
    as ``look``.
    """
    told = seen.onboarding
    if told.detailed and (not told.deliveries or (not seen.closed and _all_arrived(told))):
        return seen
    heard = await deliveries_of(client, tenant, told.onboarding_id, asking=False)
    log = tuple(map(Delivery.of, heard))
    known = {line.event_id for line in log}
    # Of what a run never sent, because the receiver was gone, only its own log tells.
    unsent = (line for line in told.deliveries if line.event_id not in known)
    deliveries = tuple(sorted((*log, *unsent), key=lambda line: line.sequence))
    if not deliveries:
        return seen
    tag = f"{seen.tag}-w{_digest(deliveries)}"
    return replace(seen, onboarding=told.model_copy(update={"deliveries": deliveries}), tag=tag)


def _all_arrived(told: Onboarding) -> bool:
    return all(each.state is DeliveryState.DELIVERED for each in told.deliveries)


def _digest(deliveries: Sequence[Delivery]) -> str:
    content = "\n".join(line.model_dump_json() for line in deliveries)
    return hashlib.sha256(content.encode()).hexdigest()[:12]
