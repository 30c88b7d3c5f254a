"""The order of a run's commands: what a worker must repeat exactly when it replays a history."""

import hashlib

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

LESSON = """\
The commands of `{path}` have another order than in every committed history of it:
{difference}
A run that was started before this change and is parked now (people answer days later) would stop
at that point with a nondeterminism error. Keep the old order for such runs:

    if workflow.patched("say-what-changed"):
        ...  # the new order, for runs that come here first with this code
    else:
        ...  # the old order, word for word

then record the new order beside the old one with `make histories ONLY={path}`.
docs/decisions/0009-deploys.md says when the old branch may go. Where {version} was never released,
recording anew is all there is to do."""

_COMMANDS = {
    "ACTIVITY_TASK_SCHEDULED",
    "ACTIVITY_TASK_CANCEL_REQUESTED",
    "TIMER_STARTED",
    "TIMER_CANCELED",
    "MARKER_RECORDED",
    "START_CHILD_WORKFLOW_EXECUTION_INITIATED",
    "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
    "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
    "WORKFLOW_PROPERTIES_MODIFIED",
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
    "WORKFLOW_EXECUTION_UPDATE_COMPLETED",
    "WORKFLOW_EXECUTION_COMPLETED",
    "WORKFLOW_EXECUTION_CANCELED",
    "WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
}


def commands_of(history: WorkflowHistory) -> tuple[str, ...]:
    """Name the commands that the run's code gave, in their order."""
    return tuple(
        _named(event)
        for event in history.events
        if EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") in _COMMANDS
    )


def fingerprint(commands: tuple[str, ...]) -> str:
    """Give the first 16 hex digits of the SHA-256 of the commands' order."""
    return hashlib.sha256("\n".join(commands).encode()).hexdigest()[:16]


def difference(known: tuple[str, ...], now: tuple[str, ...]) -> str:
    """Say where two orders part."""
    same = next(
        (n for n, (old, new) in enumerate(zip(known, now, strict=False)) if old != new),
        min(len(known), len(now)),
    )
    was = known[same] if same < len(known) else "the end"
    comes = now[same] if same < len(now) else "the end"
    return f"after {same} equal commands comes {comes}, where {was} was."


def _named(event: HistoryEvent) -> str:
    name = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
    match name:
        case "ACTIVITY_TASK_SCHEDULED":
            return f"{name} {event.activity_task_scheduled_event_attributes.activity_type.name}"
        case "START_CHILD_WORKFLOW_EXECUTION_INITIATED":
            child = event.start_child_workflow_execution_initiated_event_attributes
            return f"{name} {child.workflow_type.name}"
        case "MARKER_RECORDED":
            return f"{name} {event.marker_recorded_event_attributes.marker_name}"
        case "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED":
            signal = event.signal_external_workflow_execution_initiated_event_attributes
            return f"{name} {signal.signal_name}"
        case _:
            return name
