"""What a run's history tells of the webhooks it sends; describe tells of tries still to come.

Both work with no worker up, and after the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypedDict, TypeVar

from pydantic import SecretStr, ValidationError
from temporalio.api.common.v1 import Payloads
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from likeness import names
from likeness.messages.base import Message
from likeness.messages.conversation import DeliveryState, OnboardingStatus
from likeness.messages.telling import (
    DeliverWebhook,
    NotifyInput,
    WebhookDelivered,
    WebhookEvent,
    WebhookMissed,
)
from likeness.steps import DELIVER_WEBHOOK
from likeness.temporal.glance import temporal_away

MessageT = TypeVar("MessageT", bound=Message)

MAX_EVENTS = 20_000
"""Of one history; the longest that a run of ours can have is far below."""

_ENDS = (
    "activity_task_completed_event_attributes",
    "activity_task_failed_event_attributes",
    "activity_task_timed_out_event_attributes",
    "activity_task_canceled_event_attributes",
)


@dataclass(frozen=True, kw_only=True)
class Sending:
    """One event as one run sends it, and what came of that; moments in unix seconds.

    What is pending without ``next_try_at`` is under way, or tried as soon as a worker takes it.
    """

    event: WebhookEvent
    url: SecretStr
    begun_at: float
    state: DeliveryState = DeliveryState.PENDING
    attempts: int | None = None
    last_status: int | None = None
    why: str | None = None
    next_try_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class Sender:
    """A run and what it sends. ``heirs`` are the ids of the runs it has handed its rest to.

    ``end`` is an onboarding's last status, where it is over and has one.
    """

    workflow_id: str
    run_id: str
    closed: bool
    sendings: tuple[Sending, ...]
    heirs: tuple[str, ...] = ()
    end: OnboardingStatus | None = None


async def sender_of(
    client: Client, workflow_id: str, run_id: str | None = None, *, rpc_timeout: timedelta
) -> Sender | None:
    """Read one run, the latest of its id where none is named; None where it is not known.

    Raises:
        TemporalAwayError: The server did not answer.
        UndecodablePayloadError: It is written under a key that the client lacks.

    """
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    try:
        # In this order: what ends in between is in the history, where nothing can be missing.
        run = await handle.describe(rpc_timeout=rpc_timeout)
        handle = client.get_workflow_handle(workflow_id, run_id=run.run_id)
        pages = handle.fetch_history_events(rpc_timeout=rpc_timeout)
        reading = _Reading()
        async for event in pages:
            reading.takes(event)
            if event.event_id >= MAX_EVENTS:
                break
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise temporal_away(error) from error
    return await _Deciphering(client, run).read(reading)


@dataclass
class _Reading:
    """The events of a history that have to do with webhooks, still encrypted."""

    first: HistoryEvent | None = None
    result: Payloads | None = None
    scheduled: dict[int, HistoryEvent] = field(default_factory=dict)
    tries: dict[int, int] = field(default_factory=dict)
    ends: dict[int, HistoryEvent] = field(default_factory=dict)
    heirs: list[str] = field(default_factory=list)

    def takes(self, event: HistoryEvent) -> None:
        self.first = self.first or event
        match event.WhichOneof("attributes"):
            case "activity_task_scheduled_event_attributes":
                begun = event.activity_task_scheduled_event_attributes
                if begun.activity_type.name == DELIVER_WEBHOOK.name:
                    self.scheduled[event.event_id] = event
            case "activity_task_started_event_attributes":
                tried = event.activity_task_started_event_attributes
                self.tries[tried.scheduled_event_id] = tried.attempt
            case str(kind) if kind in _ENDS:
                self.ends[getattr(event, kind).scheduled_event_id] = event
            case "start_child_workflow_execution_initiated_event_attributes":
                heir = event.start_child_workflow_execution_initiated_event_attributes
                if heir.workflow_type.name == names.NOTIFY:
                    self.heirs.append(heir.workflow_id)
            case "workflow_execution_completed_event_attributes":
                self.result = event.workflow_execution_completed_event_attributes.result


class _Deciphering:
    """Makes sendings of what was read of one run."""

    def __init__(self, client: Client, run: WorkflowExecutionDescription) -> None:
        self._converter = client.data_converter
        self._run = run
        self._closed = run.close_time is not None
        self._pending: Mapping[str, PendingActivityInfo] = {
            each.activity_id: each for each in run.raw_description.pending_activities
        }

    async def read(self, reading: _Reading) -> Sender:
        sendings = [await self._sending(reading, number) for number in reading.scheduled]
        kind = reading.first.workflow_execution_started_event_attributes if reading.first else None
        if kind is not None and kind.workflow_type.name == names.NOTIFY:
            sendings += await self._not_begun(kind.input, sendings)
        if any(sending.state is DeliveryState.GONE for sending in sendings):
            sendings = [_after_a_gone(sending) for sending in sendings]
        return Sender(
            workflow_id=self._run.id,
            run_id=self._run.run_id,
            closed=self._closed,
            sendings=tuple(sendings),
            heirs=tuple(dict.fromkeys(reading.heirs)),
            end=await self._end(reading.result),
        )

    async def _sending(self, reading: _Reading, number: int) -> Sending:
        event = reading.scheduled[number]
        begun = event.activity_task_scheduled_event_attributes
        order = await self._decoded(begun.input, DeliverWebhook)
        sending = Sending(
            event=order.event,
            url=order.url,
            begun_at=event.event_time.ToNanoseconds() / 1e9,
            attempts=reading.tries.get(number),
        )
        end = reading.ends.get(number)
        if end is not None:
            return await self._ended(sending, end)
        if self._closed:
            return replace(sending, state=DeliveryState.UNDELIVERED)
        return await self._waiting(sending, self._pending.get(begun.activity_id))

    async def _ended(self, sending: Sending, end: HistoryEvent) -> Sending:
        match end.WhichOneof("attributes"):
            case "activity_task_completed_event_attributes":
                result = end.activity_task_completed_event_attributes.result
                told = await self._decoded(result, WebhookDelivered)
                state = DeliveryState.GONE if told.gone else DeliveryState.DELIVERED
                return replace(sending, state=state, last_status=told.status)
            case "activity_task_failed_event_attributes":
                missed = await self._missed(end.activity_task_failed_event_attributes.failure)
                return replace(sending, state=DeliveryState.UNDELIVERED, **_known(missed))
            case _:
                return replace(sending, state=DeliveryState.UNDELIVERED)

    async def _waiting(self, sending: Sending, pending: PendingActivityInfo | None) -> Sending:
        if pending is None:
            return sending
        missed = await self._missed(pending.last_failure)
        waits = (
            pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
            and pending.HasField("next_attempt_schedule_time")
        )
        next_try_at = pending.next_attempt_schedule_time.ToNanoseconds() / 1e9 if waits else None
        return replace(
            sending,
            # The one that is under way, or comes next, is counted there already.
            attempts=pending.attempt - 1,
            next_try_at=next_try_at,
            **_known(missed),
        )

    async def _not_begun(self, given: Payloads, begun: Sequence[Sending]) -> list[Sending]:
        asked = await self._decoded(given, NotifyInput)
        known = {sending.event.id for sending in begun}
        state = DeliveryState.UNDELIVERED if self._closed else DeliveryState.PENDING
        return [
            Sending(
                event=event,
                url=asked.url,
                begun_at=self._run.start_time.timestamp(),
                state=state,
            )
            for event in asked.events
            if event.id not in known
        ]

    async def _missed(self, failure: Failure) -> WebhookMissed | None:
        """Read what the step said of its last try; nothing where it was lost with its worker."""
        error = await self._converter.decode_failure(failure)
        if not isinstance(error, ApplicationError) or len(error.details) < len(("why", "missed")):
            return None
        try:
            return WebhookMissed.model_validate(error.details[1])
        except ValidationError:
            # Of a release that tells it otherwise.
            return None

    async def _end(self, result: Payloads | None) -> OnboardingStatus | None:
        if result is None or self._run.workflow_type != names.ONBOARD_PERSON:
            return None
        return await self._decoded(result, OnboardingStatus)

    async def _decoded(self, payloads: Payloads, kind: type[MessageT]) -> MessageT:
        decoded: list[MessageT] = await self._converter.decode(payloads.payloads, [kind])
        return decoded[0]


class _Miss(TypedDict, total=False):
    last_status: int | None
    why: str | None


def _known(missed: WebhookMissed | None) -> _Miss:
    return {} if missed is None else {"last_status": missed.status, "why": missed.why}


def _after_a_gone(sending: Sending) -> Sending:
    """Say of what a run has stopped sending that the receiver wants no more."""
    if sending.state is DeliveryState.DELIVERED:
        return sending
    return replace(sending, state=DeliveryState.GONE, next_try_at=None)
