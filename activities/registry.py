"""Telling the registry of verified people, which is a run of its own for each person."""

from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy

from likeness import names
from likeness.ids import person_workflow_id
from likeness.messages.person import PersonInput, RegistryTold, TellRegistry
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

        Somebody erased may be onboarded anew, so a closed run is no obstacle.
        """
        await self._temporal.start_workflow(
            names.PERSON,
            PersonInput(state=order.state),
            id=person_workflow_id(order.state.tenant, order.state.person),
            task_queue=self._task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            search_attributes=search_attributes(Stage.VERIFIED, WaitingFor.NOBODY),
            static_summary=Summary.PERSON,
            start_signal=names.ONBOARDING_CHANGED,
            start_signal_args=[order.news],
        )
        return RegistryTold()
