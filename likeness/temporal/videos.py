"""Look at one video's run, and give it orders: an onboarding's video, or one of a person.

The client needs the plugin of ``likeness.temporal.plugin``. Looking needs nothing else of likeness
to run, orders need a worker.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from likeness import names
from likeness.failures import FailureCode
from likeness.ids import video_of
from likeness.messages.base import Message
from likeness.messages.conversation import Cancel, CheckNow, Resolve, VideoStatus
from likeness.stages import Hold
from likeness.temporal.errors import NoSuchVideoError, OnboardingEndedError
from likeness.temporal.glance import RPC_TIMEOUT, hold_at, is_silence, temporal_away
from likeness.temporal.ordering import ORDER_TIMEOUT, order_id_of, ordered

OrderT = TypeVar("OrderT", bound=Cancel | CheckNow | Resolve)


class VideoGlance(Message):
    """A video as describe, history and its own run tell it; all times in UTC.

    ``owner`` is the workflow id of the onboarding or person it was made for. ``status`` is None
    where neither worker nor history tells; ``run`` is Temporal's own word, in lower case.
    """

    workflow_id: str
    owner: str
    number: int
    hold: Hold | None = None
    reason: FailureCode | None = None
    status: VideoStatus | None = None
    closed: bool
    run: str
    events: int = 0
    started_at: datetime
    closed_at: datetime | None = None


async def describe_video(
    client: Client,
    workflow_id: str,
    *,
    timeout: timedelta = RPC_TIMEOUT,  # noqa: ASYNC109 - handed to the server as the deadline
) -> VideoGlance:
    """Look at a video; its own run is waited for as long as ``timeout``.

    Raises:
        ValueError: It is no video's workflow id.
        NoSuchVideoError: Nothing is known of it.
        TemporalAwayError: The server did not answer.

    """
    owner, number = video_of(workflow_id)
    handle = client.get_workflow_handle(workflow_id, result_type=VideoStatus)
    try:
        run = await handle.describe(rpc_timeout=RPC_TIMEOUT)
        is_done = run.status is WorkflowExecutionStatus.COMPLETED
        status = await _told(handle, is_done=is_done, rpc_timeout=timeout)
    except RPCError as error:
        raise _no_such_video(error) from error
    closed = run.close_time is not None
    hold, reason = hold_at(run)
    return VideoGlance(
        workflow_id=workflow_id,
        owner=owner,
        number=number,
        hold=None if closed else hold,
        reason=reason,
        status=status,
        closed=closed,
        run="unknown" if run.status is None else run.status.name.lower(),
        events=run.history_length,
        started_at=run.start_time,
        closed_at=run.close_time,
    )


@dataclass(frozen=True)
class VideoVerb(Generic[OrderT]):
    """One verb that a video's run obeys; ``update`` is its name on the wire."""

    update: str

    async def __call__(
        self,
        client: Client,
        workflow_id: str,
        order: OrderT,
        *,
        rpc_timeout: timedelta = ORDER_TIMEOUT,
    ) -> VideoStatus:
        """Give the order and the status after it; see ``order_id_of`` for a repeat's safety.

        Raises:
            ValueError: It is no video's workflow id.
            NoSuchVideoError: Nothing is known of it.
            OnboardingEndedError: It has ended already.
            RefusedError: The run refused, and why.
            WorkerAwayError: No worker answered in time; the order may still take effect.
            TemporalAwayError: The server did not answer.

        """
        video_of(workflow_id)
        try:
            run = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=rpc_timeout)
        except RPCError as error:
            raise _no_such_video(error) from error
        if run.close_time is not None:
            raise _ended()
        return await ordered(
            client,
            workflow_id,
            self.update,
            order,
            answer=VideoStatus,
            when_gone=_gone,
            order_id=order_id_of(self.update, order, events=run.history_length),
            rpc_timeout=rpc_timeout,
        )


resolve_video = VideoVerb[Resolve](names.RESOLVE)
"""Decide what the video's run cannot know."""

check_video = VideoVerb[CheckNow](names.CHECK_NOW)
"""Ask the upstream about the video at once."""

cancel_video = VideoVerb[Cancel](names.CANCEL)
"""Leave what is not paid for yet; a video paid for and under way is brought home."""


async def _told(
    handle: WorkflowHandle[object, VideoStatus], *, is_done: bool, rpc_timeout: timedelta
) -> VideoStatus | None:
    """Ask the history of what has ended, which needs no worker, and the run of all else."""
    try:
        if is_done:
            return await handle.result(rpc_timeout=rpc_timeout)
        status: VideoStatus = await handle.query(
            names.STATUS, result_type=VideoStatus, rpc_timeout=rpc_timeout
        )
    except (WorkflowQueryFailedError, WorkflowFailureError):
        return None
    except RPCError as error:
        if is_silence(error):
            return None
        raise
    return status


async def _gone() -> Exception:
    return _ended()


def _ended() -> OnboardingEndedError:
    return OnboardingEndedError("The video's run has ended and takes no orders.")


def _no_such_video(error: RPCError) -> Exception:
    if error.status is not RPCStatusCode.NOT_FOUND:
        return temporal_away(error)
    return NoSuchVideoError(
        "There is no video of that id here; it was never ordered, or its history is past the "
        "namespace's retention."
    )
