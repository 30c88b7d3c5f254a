"""Reads event histories without a key: how many events there are, and when each step was done."""

from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

BEGUN = "begun"
ENDED = "ended"
TAPPED = "tapped"
OWN_MOMENTS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: BEGUN,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: TAPPED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: ENDED,
}


class Mark(NamedTuple):
    """When something was done, by its name in the history."""

    name: str
    at: datetime


async def events_of(client: Client, workflow_id: str) -> list[HistoryEvent]:
    """Return the events of a workflow's latest run; payloads stay sealed."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    return list(history.events)


def marks(events: list[HistoryEvent]) -> list[Mark]:
    """Return the moments that a reader of the history cares for, oldest first.

    ``begun`` and ``ended`` are the run's own; ``tapped`` is the Update of the person's tap; a
    signal and a finished activity or child carry the names they have in the history.
    """
    names: dict[int, str] = {}
    found = []
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled = event.activity_task_scheduled_event_attributes
            names[event.event_id] = scheduled.activity_type.name
        if name := _name(event, names):
            found.append(Mark(name, event.event_time.ToDatetime()))
    return found


def _name(event: HistoryEvent, activities: dict[int, str]) -> str | None:
    kind = event.event_type
    if kind == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
        return activities[event.activity_task_completed_event_attributes.scheduled_event_id]
    if kind == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
        return event.workflow_execution_signaled_event_attributes.signal_name
    if kind == EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED:
        return event.child_workflow_execution_completed_event_attributes.workflow_type.name
    return OWN_MOMENTS.get(kind)


def durations(found: list[Mark], stages: dict[str, str]) -> dict[str, float]:
    """Return seconds spent in each stage, given the name of the mark that ends it.

    A stage whose mark is missing is left out; where a mark occurs often, the last one counts.
    """
    last = {mark.name: mark.at for mark in found}
    ends = [(BEGUN, last[BEGUN])]
    ends += [(stage, last[name]) for stage, name in stages.items() if name in last]
    return {stage: (at - before).total_seconds() for (_, before), (stage, at) in pairwise(ends)}
