"""Telling the registry of verified people, which is a run of its own for each person."""

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from likeness import names
from likeness.ids import person_workflow_id
from likeness.messages.person import PersonInput, PersonState, RegistryTold, TellRegistry
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
        await self._temporal.start_workflow(
            names.PERSON,
            PersonInput(state=await self._since_erasure(workflow_id, order.state)),
            id=workflow_id,
            task_queue=self._task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            search_attributes=search_attributes(Stage.VERIFIED, WaitingFor.NOBODY),
            static_summary=Summary.PERSON,
            start_signal=names.ONBOARDING_CHANGED,
            start_signal_args=[order.news],
        )
        return RegistryTold()

    async def _since_erasure(self, workflow_id: str, state: PersonState) -> PersonState:
        """Give the state to begin with: the numbers of videos go on, an erasure withdraws."""
        handle = self._temporal.get_workflow_handle(workflow_id, result_type=PersonState)
        try:
            described = await handle.describe()
            if described.status is not WorkflowExecutionStatus.COMPLETED:
                return state
            before: PersonState = await handle.result()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return state
        return state.model_copy(update={"videos": before.videos, "withdrawn_at": before.erased_at})
