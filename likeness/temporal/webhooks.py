"""What became of an onboarding's webhooks, and having them sent again.

The client needs the plugin of ``likeness.temporal.plugin``; nothing else of likeness must run, but
a worker must before anything is sent.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from likeness import names
from likeness.ids import notify_workflow_id, onboarding_workflow_id
from likeness.messages.conversation import DeliveryState, DeliveryStatus, OnboardingStatus
from likeness.messages.onboarding import WebhookUrl
from likeness.messages.telling import WebhookEvent
from likeness.temporal.errors import NoSuchOnboardingError
from likeness.temporal.glance import RPC_TIMEOUT, temporal_away
from likeness.temporal.sendings import Sender, Sending, sender_of
from likeness.temporal.statuses import onboarding_status

MAX_RUNS = 20
"""How many of the runs that tell an ended onboarding's events are read, the newest."""


@dataclass(frozen=True, kw_only=True)
class DeliveryLog:
    """All that is known of an onboarding's webhooks.

    ``sendings`` holds each event as it was sent last. ``unsent`` are lines of events that were
    never sent, because the receiver had answered 410 before; ``status`` is the run's own word on
    where the onboarding stands, where it was asked or is over.
    """

    own: Sender
    others: tuple[Sender, ...] = ()
    status: OnboardingStatus | None = None

    @property
    def sendings(self) -> tuple[Sending, ...]:
        """Give each event once, in the order in which they came about."""
        every = [sending for sender in (self.own, *self.others) for sending in sender.sendings]
        every.sort(key=lambda sending: sending.begun_at)
        latest = {sending.event.id: sending for sending in every}
        return tuple(sorted(latest.values(), key=lambda sending: sending.event.sequence))

    @property
    def unsent(self) -> tuple[DeliveryStatus, ...]:
        """Give what stands in the run's own log only."""
        sent = {sending.event.id for sending in self.sendings}
        own = self.status.deliveries if self.status else ()
        return tuple(line for line in own if line.event_id not in sent)

    @property
    def lines(self) -> tuple[DeliveryStatus, ...]:
        """Give the whole log, in the order in which the events came about."""
        lines = [*map(_line, self.sendings), *self.unsent]
        return tuple(sorted(lines, key=lambda line: line.sequence))

    @property
    def url(self) -> WebhookUrl:
        """Give where the webhooks go; there must have been one."""
        return self.own.sendings[-1].url

    def event(self, line: DeliveryStatus) -> WebhookEvent:
        """Give the event of a line; of one never sent only where the onboarding stands now."""
        for sending in self.sendings:
            if sending.event.id == line.event_id:
                return sending.event
        if self.status is None:
            raise ValueError("the line is of no event that was ever sent")
        like = self.own.sendings[-1].event
        return WebhookEvent(
            id=line.event_id,
            type=line.type,
            at=line.at,
            sequence=line.sequence,
            person=like.person,
            started_at=like.started_at,
            snapshot=self.status.model_copy(update={"deliveries": ()}).compact(),
        )


async def deliveries_of(
    client: Client,
    tenant: str,
    onboarding: str,
    *,
    asking: bool = True,
    also: Sequence[str] = (),
    rpc_timeout: timedelta = RPC_TIMEOUT,
) -> tuple[DeliveryStatus, ...]:
    """Give the delivery log: each event of the onboarding, and what became of it so far.

    Needs no worker. But a run that stopped sending, because the receiver had answered 410, alone
    knows what it would have told since: it is asked, unless the caller has seen that no worker
    answers and is not ``asking``. ``also`` names runs begun a moment ago, which the list of runs
    may not show yet.

    Raises:
        ValueError: Tenant or onboarding may not stand in an id.
        NoSuchOnboardingError: Nothing is known of it.
        TemporalAwayError: The server did not answer.
        UndecodablePayloadError: The history is under a key that the client lacks.

    """
    log = await delivery_log(
        client, tenant, onboarding, asking=asking, also=also, rpc_timeout=rpc_timeout
    )
    return log.lines


async def delivery_log(
    client: Client,
    tenant: str,
    onboarding: str,
    *,
    asking: bool = True,
    also: Sequence[str] = (),
    rpc_timeout: timedelta = RPC_TIMEOUT,
) -> DeliveryLog:
    """Read all that is known; as ``deliveries_of``."""
    workflow_id = onboarding_workflow_id(tenant, onboarding)
    own = await sender_of(client, workflow_id, rpc_timeout=rpc_timeout)
    if own is None:
        raise NoSuchOnboardingError("There is no onboarding of that id here.")
    if not own.sendings:
        return DeliveryLog(own=own)
    others = await _others(client, own, also, rpc_timeout=rpc_timeout)
    has_stopped = any(sending.state is DeliveryState.GONE for sending in own.sendings)
    status = own.end
    if asking and has_stopped and not own.closed:
        status = await onboarding_status(client, tenant, onboarding)
    return DeliveryLog(own=own, others=others, status=status)


async def _others(
    client: Client, own: Sender, also: Sequence[str], *, rpc_timeout: timedelta
) -> tuple[Sender, ...]:
    """Read the runs that took over, or had something redriven.

    The list of runs lags behind by moments; the one that took over stands in the history.
    """
    prefix = notify_workflow_id(own.workflow_id)
    query = f"WorkflowType = '{names.NOTIFY}' AND WorkflowId STARTS_WITH '{prefix}'"
    try:
        runs = [
            (run.id, run.run_id)
            async for run in client.list_workflows(query, limit=MAX_RUNS, rpc_timeout=rpc_timeout)
        ]
    except RPCError as error:
        raise temporal_away(error) from error
    listed = {workflow_id for workflow_id, _ in runs}
    unlisted = {heir for heir in own.heirs if heir not in listed} | set(also) - {own.workflow_id}
    found = await asyncio.gather(
        *(
            sender_of(client, workflow_id, run_id, rpc_timeout=rpc_timeout)
            for workflow_id, run_id in (*runs, *((one, None) for one in unlisted))
        )
    )
    # One that was listed, and named as well, is one.
    by_run = {sender.run_id: sender for sender in found if sender is not None}
    return tuple(by_run.values())


def _line(sending: Sending) -> DeliveryStatus:
    event = sending.event
    return DeliveryStatus(
        event_id=event.id,
        type=event.type,
        sequence=event.sequence,
        at=event.at,
        state=sending.state,
        attempts=sending.attempts,
        last_status=sending.last_status,
        why=sending.why,
        next_try_at=sending.next_try_at,
    )
