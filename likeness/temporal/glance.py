"""What ``describe`` tells of an onboarding: it works with no worker up, and after the end."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
)
from temporalio.service import RPCError, RPCStatusCode

from likeness import search
from likeness.failures import FailureCode, code_of
from likeness.ids import onboarding_of, onboarding_workflow_id, video_workflow_id
from likeness.messages.base import Message
from likeness.messages.onboarding import RunMemo
from likeness.stages import Hold, Stage, WaitingFor
from likeness.temporal import attributes
from likeness.temporal.codec import UndecodablePayloadError
from likeness.temporal.errors import NoSuchOnboardingError, TemporalAwayError

RPC_TIMEOUT = timedelta(seconds=5)

# What a server says to a start, and to a list.
_UNPREPARED = (
    "no mapping defined for search attribute",
    "is not a valid search attribute",
)

STAGE_OF_END: Mapping[WorkflowExecutionStatus, Stage] = {
    WorkflowExecutionStatus.FAILED: Stage.FAILED,
    WorkflowExecutionStatus.CANCELED: Stage.CANCELED,
    WorkflowExecutionStatus.TERMINATED: Stage.CANCELED,
    WorkflowExecutionStatus.TIMED_OUT: Stage.EXPIRED,
}
"""The end of a run that was ended from outside and never got to say so in its attributes."""


class OnboardingGlance(Message):
    """An onboarding as its search attributes and memo tell it; all times in UTC.

    ``run_id`` is of the latest run, for a Reset begins another. ``status`` is Temporal's own word
    for it, in lower case; ``events`` is the length of its
    history, ``video_events`` that of its video's, 0 where no video is under way. ``holding_video``
    is the workflow id of its video where the hold is the video's.
    """

    tenant: str
    onboarding_id: str
    workflow_id: str
    run_id: str = ""
    stage: Stage
    hold: Hold | None = None
    reason: FailureCode | None = None
    holding_video: str | None = None
    waiting_for: WaitingFor
    deadline: datetime | None = None
    memo: RunMemo | None = None
    closed: bool
    status: str
    events: int = 0
    video_events: int = 0
    started_at: datetime
    closed_at: datetime | None = None


async def describe_onboarding(
    client: Client, tenant: str, onboarding: str, *, rpc_timeout: timedelta = RPC_TIMEOUT
) -> OnboardingGlance:
    """Look at an onboarding; a hold of its video shows as its own.

    Raises:
        ValueError: Tenant or onboarding may not stand in an id.
        NoSuchOnboardingError: Nothing is known of it.
        TemporalAwayError: The server did not answer.
        UndecodablePayloadError: Its memo is under a key that the client lacks.

    """
    workflow_id = onboarding_workflow_id(tenant, onboarding)
    described = await described_run(client, workflow_id, rpc_timeout=rpc_timeout)
    glance = glance_at(described, await memo_of(described))
    if glance.stage is Stage.GENERATING and not glance.closed:
        return await _with_its_video(client, glance, rpc_timeout=rpc_timeout)
    return glance


async def onboarding_is_known(client: Client, tenant: str, onboarding: str) -> bool:
    """Tell whether there is one of that id; raises as ``describe_onboarding`` for all else."""
    try:
        await describe_onboarding(client, tenant, onboarding)
    except NoSuchOnboardingError:
        return False
    return True


async def described_run(
    client: Client, workflow_id: str, *, rpc_timeout: timedelta
) -> WorkflowExecutionDescription:
    """Describe the latest run of ``workflow_id``; raises as ``describe_onboarding``."""
    try:
        return await client.get_workflow_handle(workflow_id).describe(rpc_timeout=rpc_timeout)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise NoSuchOnboardingError(
                "There is no onboarding of that id here; it was never started, or its history is "
                "past the namespace's retention."
            ) from error
        raise temporal_away(error) from error


async def memo_of(run: WorkflowExecution) -> RunMemo | None:
    """Give the run's memo, None where it was started without one."""
    return await run.memo_value(search.MEMO, None, type_hint=RunMemo)


async def memo_or_none(run: WorkflowExecution) -> RunMemo | None:
    """Give the run's memo, None also where the client lacks the key that it is under."""
    try:
        return await memo_of(run)
    except UndecodablePayloadError:
        return None


def hold_at(run: WorkflowExecution) -> tuple[Hold | None, FailureCode | None]:
    """Read hold and reason of any run of ours from its search attributes."""
    shown = run.typed_search_attributes
    return _hold(shown.get(attributes.HOLD)), _reason(shown.get(attributes.REASON))


def waiting_for(hold: Hold) -> WaitingFor:
    """Tell who ends a hold."""
    return WaitingFor.CALLER if hold is Hold.NEEDS_ASSETS else WaitingFor.OPERATOR


def glance_at(run: WorkflowExecution, memo: RunMemo | None) -> OnboardingGlance:
    """Read a run's search attributes; an end from outside overrules what they say."""
    tenant, onboarding = onboarding_of(run.id)
    shown = run.typed_search_attributes
    closed = run.close_time is not None
    stage = _stage(shown.get(attributes.STAGE))
    if run.status is not None and not stage.is_end:
        stage = STAGE_OF_END.get(run.status, stage)
    waits = WaitingFor(shown.get(attributes.WAITING_FOR) or WaitingFor.PERSON)
    return OnboardingGlance(
        tenant=tenant,
        onboarding_id=onboarding,
        workflow_id=run.id,
        run_id=run.run_id,
        stage=stage,
        hold=None if closed else _hold(shown.get(attributes.HOLD)),
        reason=_reason(shown.get(attributes.REASON)),
        waiting_for=WaitingFor.NOBODY if closed else waits,
        deadline=shown.get(attributes.DEADLINE),
        memo=memo,
        closed=closed,
        status="unknown" if run.status is None else run.status.name.lower(),
        events=run.history_length,
        started_at=run.start_time,
        closed_at=run.close_time,
    )


def is_silence(error: RPCError) -> bool:
    """Tell whether a query found nobody to answer it, which is no fault of the server.

    The SDK says CANCELLED for its own time-out; the server says FAILED_PRECONDITION when it knows
    that nobody polls the queue, RESOURCE_EXHAUSTED when queries of others wait there.

    Raises:
        asyncio.CancelledError: As ``heed_our_own_cancel``.

    """
    heed_our_own_cancel(error)
    return error.status in {
        RPCStatusCode.CANCELLED,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.RESOURCE_EXHAUSTED,
    }


def heed_our_own_cancel(error: Exception) -> None:
    """Stop where a Ctrl-C fell into a call: the SDK tells of it as of any call that failed.

    Every failed call comes by here before it becomes an error of ours.

    Raises:
        asyncio.CancelledError: It was us who were cancelled, and not the server that gave up.

    """
    try:
        task = asyncio.current_task()
    except RuntimeError:
        # Nothing runs here that could have been cancelled.
        return
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error


def is_unprepared(error: RPCError) -> bool:
    """Tell whether the namespace lacks our search attributes, which no waiting cures."""
    return error.status is RPCStatusCode.INVALID_ARGUMENT and any(
        words in error.message for words in _UNPREPARED
    )


def temporal_away(error: RPCError) -> TemporalAwayError:
    """Give the sentence for a call that the server did not answer or refused.

    Raises:
        asyncio.CancelledError: As ``heed_our_own_cancel``.

    """
    heed_our_own_cancel(error)
    if is_unprepared(error):
        return TemporalAwayError(
            "The namespace lacks the search attributes of likeness; "
            "deploy/temporal/setup-namespace.sh makes them, as `make up` does for its own."
        )
    return TemporalAwayError(
        f"The Temporal server did not do what was asked ({error.status.name.lower()}); "
        "see that it runs and that address, namespace and credentials are right."
    )


async def _with_its_video(
    client: Client, glance: OnboardingGlance, *, rpc_timeout: timedelta
) -> OnboardingGlance:
    video_id = video_workflow_id(glance.workflow_id)
    try:
        video = await described_run(client, video_id, rpc_timeout=rpc_timeout)
    except NoSuchOnboardingError:
        return glance
    update: dict[str, object] = {"video_events": video.history_length}
    hold, reason = hold_at(video)
    if hold is not None and video.close_time is None:
        update |= {
            "hold": hold,
            "reason": reason,
            "holding_video": video_id,
            "waiting_for": waiting_for(hold),
        }
    return glance.model_copy(update=update)


def _stage(word: str | None) -> Stage:
    return Stage(word) if word else Stage.INVITED


def _hold(word: str | None) -> Hold | None:
    return Hold(word) if word else None


def _reason(word: str | None) -> FailureCode | None:
    return code_of(word) if word else None
