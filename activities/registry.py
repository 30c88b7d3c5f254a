"""Telling the registry of verified people, which is a run of its own for each person."""

import time

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from likeness import names, search
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


class RegistrySteps:
    """``tell_registry``, on the queue of the workflows: it is run as a local activity."""

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
        match await self._status(workflow_id):
            case WorkflowExecutionStatus.RUNNING:
                # Closed in the next moment it must not be begun anew: this step is then repeated.
                reuse = WorkflowIDReusePolicy.REJECT_DUPLICATE
            case WorkflowExecutionStatus.COMPLETED:
                before = await self._erased(workflow_id)
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

    async def _status(self, workflow_id: str) -> WorkflowExecutionStatus | None:
        try:
            return (await self._temporal.get_workflow_handle(workflow_id).describe()).status
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None

    async def _erased(self, workflow_id: str) -> PersonState:
        handle = self._temporal.get_workflow_handle(workflow_id, result_type=PersonState)
        before: PersonState = await handle.result()
        return before
