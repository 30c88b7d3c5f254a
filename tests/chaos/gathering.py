"""Reads what Temporal keeps of a run, as anybody with access could, and replays it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

from likeness import names
from likeness.messages.conversation import OpenSession
from likeness.temporal.keyring import KeyRing
from likeness.temporal.plugin import likeness_plugin
from tests.chaos.evidence import History, Told
from worker import WORKFLOWS

OUR_FAULT = {
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
}


@dataclass
class Kept:
    """All that the server keeps of some runs; ``raw`` is every byte of it, undecoded."""

    histories: list[History] = field(default_factory=list)
    raw: bytes = b""


async def kept(client: Client, workflow_ids: Iterable[str], keys: KeyRing) -> Kept:
    """Read and replay the runs that exist among ``workflow_ids``."""
    found = Kept()
    replayer = Replayer(
        workflows=WORKFLOWS,
        plugins=[likeness_plugin(keys, namespace=client.namespace)],
    )
    for workflow_id in workflow_ids:
        try:
            description = await _described(client, workflow_id)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            continue
        events = list((await client.get_workflow_handle(workflow_id).fetch_history()).events)
        found.raw += description + b"".join(event.SerializeToString() for event in events)
        status = (await client.get_workflow_handle(workflow_id).describe()).status
        found.histories.append(
            History(
                workflow_id=workflow_id,
                events=len(events),
                # A whole event is a little more than its largest payload.
                largest_payload=max(event.ByteSize() for event in events),
                told=await _told(client, events),
                is_open=status is WorkflowExecutionStatus.RUNNING,
                ended_as="unknown" if status is None else status.name.lower(),
                broken_tasks=sum(_is_broken(event) for event in events),
                replay_error=await _replay_error(replayer, workflow_id, events),
            )
        )
    return found


async def _described(client: Client, workflow_id: str) -> bytes:
    answer = await client.workflow_service.describe_workflow_execution(
        DescribeWorkflowExecutionRequest(
            namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
        )
    )
    return answer.SerializeToString()


async def _told(client: Client, events: Sequence[HistoryEvent]) -> tuple[Told, ...]:
    told = []
    for event in events:
        at = event.event_time.ToMicroseconds() / 1_000_000
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            name = event.workflow_execution_signaled_event_attributes.signal_name
            told.append(Told(name=f"signal:{name}", at=at))
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            accepted = event.workflow_execution_update_accepted_event_attributes
            request = accepted.accepted_request.input
            told.append(
                Told(
                    name=request.name,
                    at=at,
                    has_consent=await _has_consent(client, request.args.payloads)
                    if request.name == names.OPEN_SESSION
                    else None,
                )
            )
    return tuple(told)


async def _has_consent(client: Client, payloads: Sequence[Payload]) -> bool:
    [tap] = await client.data_converter.decode(payloads, [OpenSession])
    return isinstance(tap, OpenSession) and tap.consent is not None


def _is_broken(event: HistoryEvent) -> bool:
    failed = event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    return failed and event.workflow_task_failed_event_attributes.cause in OUR_FAULT


async def _replay_error(
    replayer: Replayer, workflow_id: str, events: Sequence[HistoryEvent]
) -> str | None:
    history = WorkflowHistory(workflow_id, events)
    failure = (
        await replayer.replay_workflow(history, raise_on_replay_failure=False)
    ).replay_failure
    return None if failure is None else f"{type(failure).__name__}: {failure}"[:300]
