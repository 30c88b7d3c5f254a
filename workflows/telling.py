"""What an onboarding tells its caller's webhook: each rest, hold and end, once."""

from collections.abc import Callable

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

from likeness import names
from likeness.ids import notify_workflow_id
from likeness.messages.conversation import DeliveryState, DeliveryStatus, OnboardingStatus
from likeness.messages.onboarding import OnboardingRequest, WebhookUrl
from likeness.messages.telling import NotifyInput, WebhookEvent
from likeness.stages import WaitingFor
from likeness.summaries import Summary
from likeness.temporal.attributes import search_attributes
from workflows.delivering import Deliveries

KEPT = 50
"""How many lines of its log a run shows; all of them stand in its history."""

MOST_TOLD = 500
"""An event costs six in the history, so a run tells no more of them; its end it always tells."""

MOST_HANDED_OVER_BYTES = 1_000_000
"""The server takes no input of more than two million."""


class Telling:
    """Tells by deliveries in the background; where nobody asked for a webhook it does nothing.

    The run waits for a receiver in one place only: when it has ended, for one try.
    """

    def __init__(
        self,
        request: OnboardingRequest,
        *,
        status: Callable[[], OnboardingStatus],
        on_change: Callable[[], None],
    ) -> None:
        self.request = request
        self._status = status
        self._told: tuple[object, ...] = ()
        self._sequence = 0
        self._last: WebhookEvent | None = None
        self._deliveries = (
            None
            if request.webhook_url is None
            else Deliveries(request.tenant, request.webhook_url, on_change=on_change)
        )

    @property
    def log(self) -> tuple[DeliveryStatus, ...]:
        """Give what became of the latest events."""
        return () if self._deliveries is None else self._deliveries.log[-KEPT:]

    def tells(self) -> None:
        """Tell where the run rests, unless that is what was told last."""
        if self._deliveries is None:
            return
        snapshot = self._status()
        failure = snapshot.failure
        now = (snapshot.stage, snapshot.hold, failure.code if failure else None)
        is_end = snapshot.stage.is_end
        if now == self._told or (self._sequence >= MOST_TOLD and not is_end):
            return
        self._told = now
        self._last = self._event(snapshot)
        self._deliveries.begins(self._last, once=is_end)

    async def is_over(self) -> None:
        """Wait for the end's one try; what the receiver has not got then, another run tells."""
        if self._deliveries is None or self._last is None or self.request.webhook_url is None:
            return
        await self._deliveries.is_over(self._last.id)
        owed = self._deliveries.owed
        if taken := _that_fit(owed):
            await self._hand_over(self.request.webhook_url, taken)
        for event in owed[: len(owed) - len(taken)]:
            self._deliveries.leaves(event.id, DeliveryState.UNDELIVERED)
        for event in taken:
            self._deliveries.leaves(event.id, DeliveryState.HANDED_OVER)

    def _event(self, snapshot: OnboardingStatus) -> WebhookEvent:
        self._sequence += 1
        word = "held" if snapshot.hold else snapshot.stage
        return WebhookEvent(
            # Of the run's own making: the same in a replay, another one after a reset.
            id=f"msg_{workflow.uuid4().hex}",
            type=f"onboarding.{word}",
            at=workflow.time(),
            sequence=self._sequence,
            person=self.request.person,
            started_at=workflow.info().workflow_start_time.timestamp(),
            snapshot=snapshot.model_copy(update={"deliveries": ()}).compact(),
        )

    async def _hand_over(self, url: WebhookUrl, owed: tuple[WebhookEvent, ...]) -> None:
        """Start the run that goes on; one of an earlier life may still be at it."""
        run_id = workflow.info().workflow_id
        asked = NotifyInput(tenant=self.request.tenant, url=url, events=owed)
        try:
            await self._notify(notify_workflow_id(run_id), asked)
        except WorkflowAlreadyStartedError:
            await self._notify(notify_workflow_id(run_id, f"/{workflow.uuid4().hex[:8]}"), asked)

    @staticmethod
    async def _notify(workflow_id: str, asked: NotifyInput) -> None:
        await workflow.start_child_workflow(
            names.NOTIFY,
            asked,
            id=workflow_id,
            task_queue=workflow.info().task_queue,
            parent_close_policy=ParentClosePolicy.ABANDON,
            cancellation_type=ChildWorkflowCancellationType.ABANDON,
            search_attributes=search_attributes(asked.events[-1].snapshot.stage, WaitingFor.NOBODY),
            static_summary=Summary.NOTIFY,
        )


def _that_fit(events: tuple[WebhookEvent, ...]) -> tuple[WebhookEvent, ...]:
    """Give the latest of them that fit into one input."""
    fit: list[WebhookEvent] = []
    left = MOST_HANDED_OVER_BYTES
    for event in reversed(events):
        left -= len(event.model_dump_json().encode())
        if left < 0:
            break
        fit.insert(0, event)
    return tuple(fit)
