"""Start, follow and cancel onboardings from any service that has a Temporal client.

The client needs the plugin of ``likeness.temporal.plugin``; nothing else of likeness must run.
"""

import time
from datetime import timedelta

from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from likeness import names, search
from likeness.failures import FailureCode
from likeness.ids import onboarding_workflow_id
from likeness.messages.base import Message
from likeness.messages.conversation import Failure, OnboardingStatus
from likeness.messages.onboarding import OnboardingInput, RunMemo
from likeness.stages import Stage, WaitingFor
from likeness.summaries import Summary
from likeness.temporal.attributes import search_attributes
from likeness.temporal.errors import (
    DifferentRequestError,
    NoSuchOnboardingError,
)
from likeness.temporal.glance import (
    RPC_TIMEOUT,
    OnboardingGlance,
    describe_onboarding,
    hold_of_video,
    is_silence,
    list_onboardings,
    temporal_away,
    waiting_for,
)
from likeness.temporal.orders import (
    cancel_onboarding,
    release_device,
    reset_attempts,
    revoke_link,
)

__all__ = [
    "OnboardingGlance",
    "StartedOnboarding",
    "cancel_onboarding",
    "describe_onboarding",
    "list_onboardings",
    "onboarding_status",
    "release_device",
    "reset_attempts",
    "revoke_link",
    "start_onboarding",
]

STATUS_TIMEOUT = timedelta(seconds=1.5)


class StartedOnboarding(Message):
    """The onboarding that now exists; ``link`` is the number its invite link must carry."""

    onboarding_id: str
    workflow_id: str
    tenant: str
    person: str
    link: int
    stage: Stage
    is_new: bool


async def start_onboarding(
    client: Client,
    order: OnboardingInput,
    *,
    task_queue: str,
    rpc_timeout: timedelta = RPC_TIMEOUT,
) -> StartedOnboarding:
    """Start an onboarding, or find the one that the same request started before.

    Repeating it is always safe: the id names one run for as long as its history is kept.

    Raises:
        DifferentRequestError: The id is taken by another request.
        TemporalAwayError: The server did not answer; the run may exist, so ask again.

    """
    request = order.request
    workflow_id = onboarding_workflow_id(request.tenant, request.onboarding)
    memo = RunMemo.of(request)
    try:
        # FAIL tells for certain whether the run is ours; USE_EXISTING would give another request's
        # run without a word. A start that the SDK repeats has one request id and is not refused.
        await client.start_workflow(
            names.ONBOARD_PERSON,
            pinned(order),
            id=workflow_id,
            task_queue=task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            memo={search.MEMO: memo},
            search_attributes=search_attributes(
                Stage.INVITED,
                WaitingFor.PERSON,
                deadline=time.time() + order.policy.deadline_s,
            ),
            static_summary=Summary.ONBOARDING,
            rpc_timeout=rpc_timeout,
        )
    except WorkflowAlreadyStartedError:
        return await _existing(client, order, rpc_timeout=rpc_timeout)
    except RPCError as error:
        raise temporal_away(error) from error
    return StartedOnboarding(
        onboarding_id=request.onboarding,
        workflow_id=workflow_id,
        tenant=request.tenant,
        person=request.person,
        link=memo.link,
        stage=Stage.INVITED,
        is_new=True,
    )


async def onboarding_status(
    client: Client,
    tenant: str,
    onboarding: str,
    *,
    timeout: timedelta = STATUS_TIMEOUT,  # noqa: ASYNC109 - handed to the server as the deadline
) -> OnboardingStatus | None:
    """Ask the run itself for its details; None when no worker answers in time.

    Raises:
        ValueError: Tenant or onboarding may not stand in an id.
        NoSuchOnboardingError: Nothing is known of it.
        TemporalAwayError: The server refused the call.

    """
    workflow_id = onboarding_workflow_id(tenant, onboarding)
    handle = client.get_workflow_handle(workflow_id)
    try:
        status: OnboardingStatus = await handle.query(
            names.STATUS, result_type=OnboardingStatus, rpc_timeout=timeout
        )
    except WorkflowQueryFailedError:
        # The run has not begun to tell: its first task failed, or its input never fitted.
        return None
    except RPCError as error:
        _raise_unless_silent(error)
        return None
    if status.stage is not Stage.GENERATING:
        return status
    hold, reason = await hold_of_video(client, workflow_id, rpc_timeout=timeout)
    if hold is None:
        return status
    failure = Failure.of(reason or FailureCode.BUG)
    return status.model_copy(
        update={"hold": hold, "waiting_for": waiting_for(hold), "failure": failure}
    )


def pinned(order: OnboardingInput) -> OnboardingInput:
    """Give ``order`` with every default written out.

    Payloads leave out what was never set, and a default is the reader's: without this a later
    release that changes one would change the runs that are under way.
    """
    return OnboardingInput.model_validate(order.model_dump()).compact()


async def _existing(
    client: Client, order: OnboardingInput, *, rpc_timeout: timedelta
) -> StartedOnboarding:
    request = order.request
    glance = await describe_onboarding(
        client, request.tenant, request.onboarding, rpc_timeout=rpc_timeout
    )
    if glance.memo is None or glance.memo.request != request.fingerprint():
        raise DifferentRequestError(
            f"The id {request.onboarding} is taken by an onboarding that was asked for "
            "differently; repeat that request exactly, or choose another id."
        )
    return StartedOnboarding(
        onboarding_id=request.onboarding,
        workflow_id=glance.workflow_id,
        tenant=request.tenant,
        person=glance.memo.person,
        link=glance.memo.link,
        stage=glance.stage,
        is_new=False,
    )


def _raise_unless_silent(error: RPCError) -> None:
    if error.status is RPCStatusCode.NOT_FOUND:
        raise NoSuchOnboardingError("There is no onboarding of that id here.") from error
    if not is_silence(error):
        raise temporal_away(error) from error
