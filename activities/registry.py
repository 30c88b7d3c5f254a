"""Telling the registry of verified people, which is a run of its own for each person."""

import asyncio
import time

from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.outcomes import failed
from likeness import names, search
from likeness.failures import FailureCode
from likeness.ids import person_workflow_id
from likeness.messages.person import (
    PersonInput,
    PersonMemo,
    PersonState,
    RegistryTold,
    TellRegistry,
)
from likeness.stages import Stage, WaitingFor
from likeness.steps import TELL_REGISTRY
from likeness.summaries import Summary
from likeness.temporal.attributes import search_attributes
from likeness.temporal.glance import heed_our_own_cancel

TOLD_WITHIN_S = 10.0
PAUSE_S = 0.2


class RegistrySteps:
    """``tell_registry``, on the queue of the workflows, and the same as a part of other steps."""

    def __init__(self, temporal: Client, *, task_queue: str) -> None:
        self._temporal = temporal
        self._task_queue = task_queue

    @activity.defn(name=TELL_REGISTRY.name)
    async def tell_registry(self, order: TellRegistry) -> RegistryTold:
        """Signal the person's run, and start it where there is none; news told twice is told once.

        Somebody erased may be onboarded anew, but a consent from before the erasure is void.
        """
        workflow_id = person_workflow_id(order.state.tenant, order.state.person)
        state, reuse = order.state, WorkflowIDReusePolicy.ALLOW_DUPLICATE
        latest = await self._latest(workflow_id)
        match latest:
            case WorkflowExecutionDescription(status=WorkflowExecutionStatus.RUNNING):
                # Closed in the next moment it must not be begun anew: this step is then repeated.
                reuse = WorkflowIDReusePolicy.REJECT_DUPLICATE
            case WorkflowExecutionDescription(status=WorkflowExecutionStatus.COMPLETED):
                before = await self._erased(workflow_id, latest.run_id)
                receipt = order.news.receipt
                if receipt is None or receipt.consent_at <= (before.erased_at or 0):
                    return RegistryTold(void=True)
                # The numbers of videos go on, because they stand in workflow ids.
                state = state.model_copy(update={"videos": before.videos})
        await self._temporal.start_workflow(
            names.PERSON,
            PersonInput(state=state),
            id=workflow_id,
            task_queue=self._task_queue,
            id_reuse_policy=reuse,
            memo={search.MEMO: PersonMemo(since=time.time())},
            search_attributes=search_attributes(Stage.VERIFIED, WaitingFor.NOBODY),
            static_summary=Summary.PERSON,
            start_signal=names.ONBOARDING_CHANGED,
            start_signal_args=[order.news],
        )
        return RegistryTold()

    async def told(self, order: TellRegistry) -> RegistryTold:
        """Tell it as the first part of another step, for ten seconds if need be.

        Raises:
            ApplicationError: not retryable, ``temporal_away``.

        """
        give_up_at = time.monotonic() + TOLD_WITHIN_S
        while True:
            try:
                return await self.tell_registry(order)
            except (RPCError, WorkflowAlreadyStartedError) as error:
                heed_our_own_cancel(error)
                if time.monotonic() > give_up_at:
                    raise failed(FailureCode.TEMPORAL_AWAY) from error
            await asyncio.sleep(PAUSE_S)

    async def _latest(self, workflow_id: str) -> WorkflowExecutionDescription | None:
        try:
            return await self._temporal.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None

    async def _erased(self, workflow_id: str, run_id: str) -> PersonState:
        # Of that run: whoever is onboarded anew at this moment has another one, which has no end.
        handle = self._temporal.get_workflow_handle(
            workflow_id, run_id=run_id, result_type=PersonState
        )
        before: PersonState = await handle.result(follow_runs=False)
        return before
