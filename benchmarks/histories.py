"""What runs cost in history: events, bytes and billable actions of every run of a contender."""

import asyncio
from collections.abc import Sequence

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle

from benchmarks.contender import Costs, RunCost

# https://docs.temporal.io/cloud/actions: a child counts twice, queries and heartbeats are not in
# the history, and search attributes given at the start are free.
BILLED = {
    "WORKFLOW_EXECUTION_STARTED": 1,
    "TIMER_STARTED": 1,
    "WORKFLOW_EXECUTION_SIGNALED": 1,
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED": 1,
    "ACTIVITY_TASK_SCHEDULED": 1,
    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES": 1,
    "START_CHILD_WORKFLOW_EXECUTION_INITIATED": 2,
    "MARKER_RECORDED": 1,
}
UNDER_WAY = frozenset({"WORKFLOW_TASK_SCHEDULED", "WORKFLOW_TASK_STARTED"})
"""A history that ends so is about to grow."""

AT_ONCE = 16
LOOK_AGAIN_S = 0.3
SETTLED_WITHIN_S = 20.0


def actions(history: Sequence[HistoryEvent]) -> int:
    """Count the billable actions of one run's history, heartbeats not included."""
    kinds = [kind_of(event) for event in history]
    started = history[0].workflow_execution_started_event_attributes
    billed = sum(BILLED.get(kind, 0) for kind in kinds if kind != "MARKER_RECORDED")
    if started.HasField("parent_workflow_execution"):
        # Counted in the run that has started it, as its intent and its start.
        billed -= BILLED["WORKFLOW_EXECUTION_STARTED"]
    elif kinds[1:2] == ["WORKFLOW_EXECUTION_SIGNALED"]:
        # A signal with a start is one action, whether the run was there or not.
        billed -= BILLED["WORKFLOW_EXECUTION_SIGNALED"]
    return billed + _tasks_with_local_activities(history)


def kind_of(event: HistoryEvent) -> str:
    """Name an event without ``EVENT_TYPE_``."""
    return EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")


def _tasks_with_local_activities(history: Sequence[HistoryEvent]) -> int:
    """Count the workflow tasks whose local activities left markers: one action for each."""
    return len(
        {
            event.marker_recorded_event_attributes.workflow_task_completed_event_id
            for event in history
            if event.HasField("marker_recorded_event_attributes")
        }
    )


async def costs_of_queue(client: Client, task_queue: str, *, runs: int = 0) -> Costs:
    """Read the history of every run whose workflow tasks go to a queue, once none grows any more.

    Args:
        client: Needs no key: nothing is decoded.
        task_queue: The queue; runs of every type are counted.
        runs: How many runs there must be at least; the list of runs lags behind by moments.

    Raises:
        TimeoutError: Some run still had work to do after 20 s, or runs were missing in the list.

    """
    async with asyncio.timeout(SETTLED_WITHIN_S):
        known, before = await _listed(client, task_queue), None
        while known != before or len(known) < runs:
            await asyncio.sleep(LOOK_AGAIN_S)
            known, before = await _listed(client, task_queue), known
        gate = asyncio.Semaphore(AT_ONCE)
        costs = await asyncio.gather(*(_cost(client, *run, gate=gate) for run in sorted(known)))
    return Costs(runs=tuple(costs))


async def _listed(client: Client, task_queue: str) -> set[tuple[str, str, str]]:
    query = f"TaskQueue = '{task_queue}'"
    return {
        (run.workflow_type, run.id, run.run_id)
        async for run in client.list_workflows(query, page_size=500)
    }


async def _cost(
    client: Client, workflow_type: str, workflow_id: str, run_id: str, *, gate: asyncio.Semaphore
) -> RunCost:
    handle: WorkflowHandle[object, object] = client.get_workflow_handle(workflow_id, run_id=run_id)
    async with gate:
        while True:
            history = [event async for event in handle.fetch_history_events()]
            if kind_of(history[-1]) not in UNDER_WAY:
                break
            await asyncio.sleep(LOOK_AGAIN_S)
        described = await handle.describe()
    return RunCost(
        workflow_type=workflow_type,
        events=len(history),
        bytes=described.raw_description.workflow_execution_info.history_size_bytes,
        actions=actions(history),
    )
