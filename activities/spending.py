"""The guard before a paid POST: what it may cost is weighed against the limits first."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, TemporalError
from temporalio.service import RPCError

from activities.outcomes import failed
from likeness import names
from likeness.failures import FailureCode
from likeness.ids import spending_workflow_id
from likeness.messages.spending import GiveBack, Reserve, Reserved, SpendingInput
from likeness.messages.steps import TriggerGeneration
from likeness.prices import usd_at_most
from likeness.summaries import Summary

ANSWERED_WITHIN = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True)
class SpendLimits:
    """In USD: one order, all orders of one video, all videos of an account on one day (UTC).

    0 is no limit.
    """

    per_video: float = 0
    per_onboarding: float = 0
    per_day: float = 0


class SpendGuard:
    """Refuses an order before anything is sent; a day's orders are counted by ``Spending``."""

    def __init__(self, temporal: Client, *, task_queue: str, limits: SpendLimits) -> None:
        self._temporal = temporal
        self._task_queue = task_queue
        self._limits = limits

    async def admits(self, order: TriggerGeneration) -> float:
        """Give what the order costs at most, in USD.

        Raises:
            ApplicationError: ``spend_limit``, its detail names the limit and both figures;
                ``upstream_unavailable`` when the day's sum cannot be had;
                ``generation_unconfirmed`` when the order may have left before a reset.

        """
        usd = _price(order)
        _weighed("SPEND_PER_VIDEO_USD", self._limits.per_video, usd)
        _weighed("SPEND_PER_ONBOARDING_USD", self._limits.per_onboarding, order.spent_usd + usd)
        if self._limits.per_day:
            reserved = await self._reserved(order, usd)
            if not reserved.granted:
                raise _refused("SPEND_PER_DAY_USD", self._limits.per_day, reserved.day_usd)
            if reserved.by_another_run and not order.resend_proven:
                # The run was reset to before its order, which may be paid.
                raise failed(
                    FailureCode.GENERATION_UNCONFIRMED,
                    detail="this order was sent before the run was reset",
                )
        return usd

    async def gives_back(self, order: TriggerGeneration) -> None:
        """Take an order out of the day's sum that surely had no effect.

        What was sent before may be paid, so its try counts on whatever becomes of this one.
        """
        if not self._limits.per_day or order.send_number > 1:
            return
        spending = self._temporal.get_workflow_handle(spending_workflow_id(order.account))
        try:
            await spending.signal(
                names.GIVE_BACK,
                GiveBack(order=_name(order), run=_run()),
                rpc_timeout=ANSWERED_WITHIN,
            )
        except RPCError:
            # The day then counts too much rather than too little.
            return

    async def _reserved(self, order: TriggerGeneration, usd: float) -> Reserved:
        start: WithStartWorkflowOperation[object, None] = WithStartWorkflowOperation(
            names.SPENDING,
            SpendingInput(account=order.account),
            id=spending_workflow_id(order.account),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=Summary.SPENDING,
        )
        try:
            reserved: Reserved = await self._temporal.execute_update_with_start_workflow(
                names.RESERVE,
                Reserve(order=_name(order), usd=usd, limit_usd=self._limits.per_day, run=_run()),
                start_workflow_operation=start,
                result_type=Reserved,
                rpc_timeout=ANSWERED_WITHIN,
            )
        except TemporalError as error:
            # Where it was counted all the same, the next try finds it counted.
            raise failed(
                FailureCode.UPSTREAM_UNAVAILABLE, detail="the day's spending cannot be asked"
            ) from error
        return reserved


def _price(order: TriggerGeneration) -> float:
    return usd_at_most(
        order.model,
        resolution=order.resolution,
        duration_s=order.duration_s,
        reference_videos=bool(order.videos),
    )


def _weighed(limit: str, at_most: float, usd: float) -> None:
    if at_most and usd > at_most:
        raise _refused(limit, at_most, usd)


def _refused(limit: str, at_most: float, usd: float) -> ApplicationError:
    return failed(FailureCode.SPEND_LIMIT, detail=f"{limit} is {at_most:.2f}, not {usd:.2f}")


def _name(order: TriggerGeneration) -> str:
    return f"{order.idempotency_key[:24]}-{order.order_number}"


def _run() -> str | None:
    # Its end, because a run's id may begin with the time.
    run_id = activity.info().workflow_run_id
    return None if run_id is None else run_id[-8:]
