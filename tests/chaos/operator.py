"""Gives the orders that a plan holds, and answers holds as an operator or a caller would."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Sequence

from pydantic import SecretStr
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError

from likeness import names
from likeness.failures import FailureCode
from likeness.ids import onboarding_workflow_id, person_workflow_id, video_workflow_id
from likeness.messages.base import Message
from likeness.messages.conversation import (
    AcceptPartial,
    Cancel,
    CheckNow,
    ExtendDeadline,
    OperatorOrder,
    ReplaceAssets,
    Resolution,
    Resolve,
    Withdraw,
)
from likeness.messages.onboarding import AssetRequest
from likeness.stages import AssetState, Hold, Stage
from likeness.temporal.errors import TemporalAwayError
from likeness.temporal.glance import OnboardingGlance
from likeness.temporal.onboardings import describe_onboarding, onboarding_status
from simulator.scenario import IdempotencyMode
from simulator.world import Review, World
from tests.chaos.people import until_noted
from tests.chaos.plan import OnAssets, Order, Run, Verb

MOST_ANSWERS = 3
EXTENDED_BY_S = 5.0
ANSWER_WITHIN_S = 30.0
GOES_ON_WITHIN_S = 150.0
"""Above the second pause after trouble, which is a minute, and the run's own deadline."""

MENDABLE = {
    FailureCode.UPSTREAM_BALANCE,
    FailureCode.UPSTREAM_FORBIDDEN,
    FailureCode.UPSTREAM_KEY_REFUSED,
    FailureCode.UPSTREAM_UNAVAILABLE,
}
"""What an operator mends at the upstream, and never has to tell the run."""

_ORDERS: dict[Verb, Callable[[], Message]] = {
    Verb.CANCEL: lambda: Cancel(actor="chaos", reason="planned"),
    Verb.EXTEND_DEADLINE: lambda: ExtendDeadline(actor="chaos", by_s=EXTENDED_BY_S),
    Verb.CHECK_NOW: lambda: CheckNow(actor="chaos"),
    Verb.REVOKE_LINK: lambda: OperatorOrder(actor="chaos"),
    Verb.RELEASE_DEVICE: lambda: OperatorOrder(actor="chaos"),
    Verb.RESET_ATTEMPTS: lambda: OperatorOrder(actor="chaos"),
    Verb.WITHDRAW: Withdraw,
}


class Operator:
    """Whoever acts on one run from outside, and what of it was accepted."""

    def __init__(
        self,
        run: Run,
        client: Client,
        world: World,
        *,
        onboarding: str,
        person: str,
        upstream: str,
    ) -> None:
        self._client = client
        self._onboarding = onboarding
        self._person = person
        self._run = run
        self._world = world
        self._upstream = upstream
        self._answers_left = MOST_ANSWERS
        self.resubmitted = 0
        self.replaced = 0
        self.stands_on_for: FailureCode | None = None
        self.refusals: list[str] = []

    async def orders_are_given(self) -> None:
        """Give each planned order at its moment."""
        await asyncio.gather(*(self._given(order) for order in self._run.orders))

    async def _given(self, order: Order) -> None:
        await until_noted(self._world, order.after)
        await asyncio.sleep(order.wait_s)
        workflow_id = (
            person_workflow_id("default", self._person)
            if order.verb is Verb.WITHDRAW
            else self._workflow_id
        )
        await self._ordered(order.verb.value, _ORDERS[order.verb](), workflow_id)

    async def answers(self, glance: OnboardingGlance) -> bool:
        """Act on a hold as the plan says; False where nobody does anything about it."""
        if not self._answers_left:
            return False
        self._answers_left -= 1
        try:
            return await self._acts_on(glance)
        except TemporalAwayError:
            return True

    async def _acts_on(self, glance: OnboardingGlance) -> bool:
        match glance.hold:
            case Hold.NEEDS_ASSETS:
                return await self._on_assets()
            case Hold.NEEDS_OPERATOR if self._run.mends and glance.reason in MENDABLE:
                return await self._mends(glance.reason)
            case _:
                return await self._decides(glance)

    async def _mends(self, reason: FailureCode | None) -> bool:
        """Top up, renew the key, end the outage; the run must go on by itself then."""
        self._world.faults.clear()
        changes: dict[str, object] = {"balance_usd": 1000, "balance_fails": False}
        if self._world.scenario.idempotency is IdempotencyMode.UNAVAILABLE:
            changes["idempotency"] = IdempotencyMode.HONOURED
        self._world.scenario = self._world.scenario.model_copy(update=changes)
        give_up_at = time.monotonic() + GOES_ON_WITHIN_S
        while time.monotonic() < give_up_at:
            await asyncio.sleep(1)
            with contextlib.suppress(TemporalAwayError):
                glance = await describe_onboarding(self._client, "default", self._onboarding)
                if glance.hold is None or glance.reason is not reason:
                    return True
        self.stands_on_for = reason
        return False

    async def _decides(self, glance: OnboardingGlance) -> bool:
        """Resolve what is unknown: adopt what the upstream's console shows, or what was planned."""
        if self._run.on_decision is None:
            return False
        if glance.stage is Stage.GENERATING:
            charged = [e.task_id for e in self._world.ledger.entries if e.name == "video_charged"]
            return await self._resolves(video_workflow_id(self._workflow_id), charged[-1:])
        status = await onboarding_status(self._client, "default", self._onboarding)
        unknown = {
            asset.name
            for asset in (status.assets if status else ())
            if asset.state is AssetState.UNKNOWN
        }
        done = [
            await self._resolves(self._workflow_id, self._reviews_of(name), asset=name)
            for name in sorted(filter(None, unknown)) or (None,)
        ]
        return any(done)

    async def _resolves(
        self, workflow_id: str, tasks: Sequence[str | None], asset: str | None = None
    ) -> bool:
        wanted, task_id = self._run.on_decision or Resolution.GIVE_UP, None
        if wanted is Resolution.ADOPT:
            # Nothing at the upstream to adopt: it was never taken, so it is sent again.
            wanted = Resolution.ADOPT if tasks else Resolution.RESUBMIT
            task_id = tasks[-1] if tasks else None
        order = Resolve(actor="chaos", resolution=wanted, task_id=task_id, asset=asset)
        resolved = await self._ordered(names.RESOLVE, order, workflow_id)
        self.resubmitted += resolved and wanted is Resolution.RESUBMIT
        return resolved

    def _reviews_of(self, asset: str | None) -> list[str]:
        return [
            task.task_id
            for task in self._world.tasks.values()
            if isinstance(task, Review) and any(each.name == asset for each in task.assets)
        ]

    async def _on_assets(self) -> bool:
        match self._run.on_assets:
            case OnAssets.REPLACE:
                return await self._replaces()
            case OnAssets.ACCEPT:
                return await self._ordered(names.ACCEPT_PARTIAL, AcceptPartial(actor="chaos"))
            case OnAssets.CANCEL:
                return await self._ordered(names.CANCEL, Cancel(actor="chaos"))
            case OnAssets.LEAVE:
                return False

    async def _replaces(self) -> bool:
        status = await onboarding_status(self._client, "default", self._onboarding)
        refused = [
            asset.name
            for asset in (status.assets if status else ())
            if asset.state is AssetState.REFUSED and asset.name
        ]
        wanted = tuple(
            AssetRequest(
                name=name,
                url=SecretStr(f"{self._upstream}/portraits/new-{secrets.token_hex(4)}.jpg"),
            )
            for name in refused
        )
        if not wanted or not await self._ordered(
            names.REPLACE_ASSETS, ReplaceAssets(actor="chaos", assets=wanted)
        ):
            return False
        self.replaced += len(wanted)
        return True

    async def _ordered(self, update: str, order: Message, workflow_id: str | None = None) -> bool:
        handle = self._client.get_workflow_handle(workflow_id or self._workflow_id)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await handle.execute_update(update, order)
        except (
            TimeoutError,
            WorkflowUpdateFailedError,
            WorkflowUpdateRPCTimeoutOrCancelledError,
            RPCError,
        ) as refused:
            self.refusals.append(f"{update}: {type(refused).__name__}")
            return False
        return True

    @property
    def _workflow_id(self) -> str:
        return onboarding_workflow_id("default", self._onboarding)
