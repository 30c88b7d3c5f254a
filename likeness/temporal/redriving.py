"""Having webhooks sent again: one event, all since one, or whatever was not delivered."""

import hashlib
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from itertools import accumulate
from typing import NoReturn

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from likeness import names
from likeness.failures import FailureCode
from likeness.ids import notify_workflow_id
from likeness.messages.base import Message
from likeness.messages.conversation import DeliveryState, DeliveryStatus
from likeness.messages.telling import NotifyInput, WebhookEvent
from likeness.stages import WaitingFor
from likeness.summaries import Summary
from likeness.temporal.attributes import search_attributes
from likeness.temporal.errors import RefusedError
from likeness.temporal.glance import RPC_TIMEOUT, temporal_away
from likeness.temporal.sendings import Sender, sender_of
from likeness.temporal.webhooks import DeliveryLog, delivery_log

AT_IT_S = 60.0
"""A run whose next try is no farther off need not be replaced by one that tries at once."""

MOST_BYTES = 1_000_000
"""The server takes no input of more than two million."""


_REPLACED = "its events are redriven by another run"


class Redriven(Message):
    """``events`` are sent by the run ``workflow_id``; not ``is_new`` when it was at it already.

    ``left`` are more than one run can take: redrive once more when it is done.
    """

    events: int
    workflow_id: str
    is_new: bool
    left: int = 0


async def redrive(
    client: Client,
    tenant: str,
    onboarding: str,
    *,
    task_queue: str,
    event_id: str | None = None,
    since_sequence: int | None = None,
    actor: str | None = None,
    reason: str | None = None,
    rpc_timeout: timedelta = RPC_TIMEOUT,
) -> Redriven:
    """Send events again: one, those since a sequence, or else all that the receiver has not got.

    ``event_id`` is its id, or its sequence in digits. An event keeps its id, so a receiver that has
    it already can tell. Said again while a run is at it, it is the same order; a run that waits for
    a later try makes way. No worker is needed to order it.

    Raises:
        ValueError: Tenant or onboarding may not stand in an id.
        NoSuchOnboardingError: Nothing is known of it.
        RefusedError: ``nothing_to_redrive``.
        TemporalAwayError: The server did not answer; said again it is done once.
        UndecodablePayloadError: The history is under a key that the client lacks.

    """
    log = await delivery_log(client, tenant, onboarding, rpc_timeout=rpc_timeout)
    chosen = _chosen(log.lines, event_id, since_sequence)
    events = _that_fit([log.event(line) for line in chosen])
    left = len(chosen) - len(events)
    ids = frozenset(event.id for event in events)
    for sender in (log.own, *log.others):
        if _is_at(sender, ids):
            return Redriven(
                events=len(events), workflow_id=sender.workflow_id, is_new=False, left=left
            )
    order = NotifyInput(tenant=tenant, url=log.url, events=events, actor=actor, reason=reason)
    starting = _Starting(client, log, order, task_queue, rpc_timeout)
    try:
        is_new = await starting.started()
        await starting.replaces(ids)
    except RPCError as error:
        raise temporal_away(error) from error
    return Redriven(events=len(events), workflow_id=starting.workflow_id, is_new=is_new, left=left)


class _Starting:
    """Starts the run that sends them."""

    def __init__(
        self,
        client: Client,
        log: DeliveryLog,
        order: NotifyInput,
        task_queue: str,
        rpc_timeout: timedelta,
    ) -> None:
        self._client = client
        self._log = log
        self._order = order.compact()
        self._task_queue = task_queue
        self._rpc_timeout = rpc_timeout
        # Of what is sent, so that orders given at once by several people are one run.
        content = "\n".join(event.id for event in order.events)
        digest = hashlib.sha256(content.encode()).hexdigest()[:16]
        self.workflow_id = notify_workflow_id(log.own.workflow_id, f"/{digest}")

    async def started(self) -> bool:
        """Start it, or find it under way; tell whether it is new."""
        try:
            await self._start(WorkflowIDConflictPolicy.FAIL)
        except WorkflowAlreadyStartedError:
            found = await sender_of(self._client, self.workflow_id, rpc_timeout=self._rpc_timeout)
            if found is not None and _is_at(found, {event.id for event in self._order.events}):
                return False
            await self._start(WorkflowIDConflictPolicy.TERMINATE_EXISTING)
        return True

    async def replaces(self, ids: frozenset[str]) -> None:
        """End the runs that wait with nothing but what this one sends."""
        for sender in self._log.others:
            if sender.closed or sender.workflow_id == self.workflow_id:
                continue
            waiting = {
                sending.event.id
                for sending in sender.sendings
                if sending.state is DeliveryState.PENDING
            }
            if waiting and waiting <= ids:
                await self._end(sender)

    async def _start(self, policy: WorkflowIDConflictPolicy) -> None:
        await self._client.start_workflow(
            names.NOTIFY,
            self._order,
            id=self.workflow_id,
            task_queue=self._task_queue,
            id_conflict_policy=policy,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            search_attributes=search_attributes(
                self._order.events[-1].snapshot.stage, WaitingFor.CALLER
            ),
            static_summary=Summary.NOTIFY,
            rpc_timeout=self._rpc_timeout,
        )

    async def _end(self, sender: Sender) -> None:
        run = self._client.get_workflow_handle(sender.workflow_id, run_id=sender.run_id)
        try:
            await run.terminate(reason=_REPLACED, rpc_timeout=self._rpc_timeout)
        except RPCError as error:
            # It may have ended meanwhile.
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise


def _chosen(
    lines: Sequence[DeliveryStatus], event_id: str | None, since_sequence: int | None
) -> list[DeliveryStatus]:
    if not lines:
        _none("The onboarding has told no webhook of anything.")
    if event_id is not None:
        named = [line for line in lines if event_id in (line.event_id, str(line.sequence))]
        return named or _none("There is no such event in the onboarding's delivery log.")
    if since_sequence is not None:
        later = [line for line in lines if line.sequence >= since_sequence]
        return later or _none("There is no event of that sequence in the delivery log, nor later.")
    return [line for line in lines if line.state is not DeliveryState.DELIVERED] or _none(
        "Every event has been delivered; name one, or a sequence to begin at, to send it again."
    )


def _none(sentence: str) -> NoReturn:
    raise RefusedError(sentence, code=FailureCode.NOTHING_TO_REDRIVE)


def _that_fit(events: Sequence[WebhookEvent]) -> tuple[WebhookEvent, ...]:
    """Give the first of them that fit into one input."""
    sizes = accumulate(len(event.model_dump_json()) for event in events)
    fit = sum(size <= MOST_BYTES for size in sizes)
    return tuple(events[: max(1, fit)])


def _is_at(sender: Sender, ids: AbstractSet[str]) -> bool:
    """Tell whether a run tries all of ``ids`` now or in a moment."""
    soon = time.time() + AT_IT_S
    tried = {
        sending.event.id
        for sending in sender.sendings
        if sending.state is DeliveryState.PENDING
        and (sending.next_try_at is None or sending.next_try_at < soon)
    }
    return not sender.closed and tried >= ids
