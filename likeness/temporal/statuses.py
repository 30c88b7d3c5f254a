"""What a run itself tells when it is asked, which needs a worker."""

from datetime import timedelta

from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from likeness import names
from likeness.failures import FailureCode
from likeness.ids import onboarding_workflow_id, video_workflow_id
from likeness.messages.conversation import Failure, OnboardingStatus
from likeness.stages import Stage
from likeness.temporal.errors import NoSuchOnboardingError, NoSuchVideoError
from likeness.temporal.glance import is_silence, temporal_away, waiting_for
from likeness.temporal.videos import describe_video

STATUS_TIMEOUT = timedelta(seconds=1.5)


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
    return await _with_its_video(client, status, video_workflow_id(workflow_id), timeout=timeout)


async def _with_its_video(
    client: Client,
    status: OnboardingStatus,
    video_id: str,
    *,
    timeout: timedelta,  # noqa: ASYNC109 - handed to the server as the deadline
) -> OnboardingStatus:
    """Fill in what the video's own run knows better; its hold shows as the onboarding's."""
    try:
        glance = await describe_video(client, video_id, timeout=timeout)
    except NoSuchVideoError:
        return status
    if glance.status is not None:
        status = status.model_copy(update={"video": glance.status})
    if glance.hold is None:
        return status
    told = glance.status.failure if glance.status else None
    failure = told or Failure.of(glance.reason or FailureCode.BUG)
    update = {"hold": glance.hold, "waiting_for": waiting_for(glance.hold), "failure": failure}
    return status.model_copy(update=update)


def _raise_unless_silent(error: RPCError) -> None:
    if error.status is RPCStatusCode.NOT_FOUND:
        raise NoSuchOnboardingError("There is no onboarding of that id here.") from error
    if not is_silence(error):
        raise temporal_away(error) from error
