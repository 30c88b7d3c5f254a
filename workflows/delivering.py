"""The deliveries of a run: events told side by side, and what became of each."""

import asyncio
from collections.abc import Callable

from pydantic import ValidationError
from temporalio import workflow

from likeness.failures import FailureCode
from likeness.ids import webhook_queue
from likeness.messages.conversation import DeliveryState, DeliveryStatus
from likeness.messages.onboarding import WebhookUrl
from likeness.messages.telling import (
    DeliverWebhook,
    WebhookDelivered,
    WebhookEvent,
    WebhookMissed,
)
from likeness.steps import DELIVER_WEBHOOK
from likeness.summaries import Summary
from workflows.performing import StepFailedError, delivering, delivering_once, perform

_OWED = (DeliveryState.PENDING, DeliveryState.UNDELIVERED)


class Deliveries:
    """Delivers to one receiver by a step each, until it answers that it wants no more.

    What waits between two tries is Temporal's and costs no event. ``on_change`` is told whenever
    something became of an event.
    """

    def __init__(self, tenant: str, url: WebhookUrl, *, on_change: Callable[[], None]) -> None:
        self._tenant = tenant
        self._url = url
        self._on_change = on_change
        self._log: dict[str, DeliveryStatus] = {}
        self._owed: dict[str, WebhookEvent] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._is_gone = False

    @property
    def log(self) -> tuple[DeliveryStatus, ...]:
        """Give every event, in the order in which they came about."""
        return tuple(self._log.values())

    @property
    def owed(self) -> tuple[WebhookEvent, ...]:
        """Give the events that the receiver has not got and may still want."""
        return tuple(self._owed.values())

    @property
    def reason(self) -> FailureCode | None:
        """Tell why the receiver has not got all that is decided."""
        states = {line.state for line in self._log.values()}
        if DeliveryState.GONE in states:
            return FailureCode.WEBHOOK_GONE
        undelivered = DeliveryState.UNDELIVERED in states
        return FailureCode.WEBHOOK_UNDELIVERED if undelivered else None

    def begins(self, event: WebhookEvent, *, once: bool = False) -> None:
        """Deliver in the background; ``once`` without another try."""
        self._log[event.id] = DeliveryStatus(
            event_id=event.id, type=event.type, sequence=event.sequence, at=event.at
        )
        if self._is_gone:
            self._now(event.id, DeliveryState.GONE)
            return
        self._owed[event.id] = event
        self._under_way[event.id] = asyncio.create_task(self._deliver(event, once=once))
        self._on_change()

    async def is_over(self, event_id: str | None = None) -> None:
        """Wait until something became of that event, or of all."""
        await workflow.wait_condition(
            lambda: not self._under_way if event_id is None else event_id not in self._under_way
        )

    def leaves(self, event_id: str, state: DeliveryState) -> None:
        """Note what becomes of it without this run, unless it has arrived after all."""
        if event_id in self._owed:
            self._now(event_id, state)

    async def _deliver(self, event: WebhookEvent, *, once: bool) -> None:
        try:
            delivered = await perform(
                DELIVER_WEBHOOK,
                DeliverWebhook(tenant=self._tenant, url=self._url, event=event, once=once),
                on=webhook_queue(workflow.info().task_queue),
                patience=delivering_once() if once else delivering(),
                summary=Summary.DELIVER_WEBHOOK,
            )
        except StepFailedError as failed:
            self._missed(event, failed)
        else:
            self._reached(event, delivered)

    def _reached(self, event: WebhookEvent, delivered: WebhookDelivered) -> None:
        state = DeliveryState.GONE if delivered.gone else DeliveryState.DELIVERED
        self._now(event.id, state, attempts=delivered.attempts, last_status=delivered.status)
        if delivered.gone:
            self._stops()

    def _missed(self, event: WebhookEvent, failed: StepFailedError) -> None:
        missed = _as_missed(failed.heartbeat)
        self._now(
            event.id,
            DeliveryState.UNDELIVERED,
            attempts=missed and missed.attempts,
            last_status=missed and missed.status,
        )

    def _stops(self) -> None:
        """Send nothing more, not even what was under way."""
        self._is_gone = True
        for task in self._under_way.values():
            task.cancel()
        for event_id in tuple(self._owed):
            self._now(event_id, DeliveryState.GONE)

    def _now(self, event_id: str, state: DeliveryState, **known: object) -> None:
        self._under_way.pop(event_id, None)
        if state not in _OWED:
            self._owed.pop(event_id, None)
        self._log[event_id] = self._log[event_id].model_copy(update={"state": state, **known})
        self._on_change()


def _as_missed(word: object) -> WebhookMissed | None:
    """Read what the step said of its last try; another release may have said it otherwise."""
    try:
        return WebhookMissed.model_validate(word)
    except ValidationError:
        return None
