"""How an onboarding ended, read from its history: it needs no worker."""

from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from likeness.failures import FailureCode, code_of
from likeness.messages.conversation import Failure, OnboardingStatus
from likeness.stages import Stage
from likeness.temporal.glance import RPC_TIMEOUT, OnboardingGlance, temporal_away

_CODE_OF_END = {Stage.CANCELED: FailureCode.CANCELED, Stage.EXPIRED: FailureCode.DEADLINE_PASSED}


def failure_at(glance: OnboardingGlance) -> Failure | None:
    """Tell why an onboarding holds or has ended, as far as a glance shows it."""
    if glance.reason is not None:
        return Failure.of(glance.reason)
    if glance.closed and glance.status != "completed" and glance.stage in _CODE_OF_END:
        # An end from outside: by the Temporal UI or CLI, or by Temporal's own time-outs.
        return Failure.of(_CODE_OF_END[glance.stage], detail=f"Temporal says {glance.status}")
    return None


async def end_of(client: Client, glance: OnboardingGlance) -> OnboardingStatus | Failure | None:
    """Give the last status of a closed run, or why there is none.

    Raises:
        TemporalAwayError: The server did not answer.

    """
    handle = client.get_workflow_handle(glance.workflow_id, result_type=OnboardingStatus)
    try:
        result: OnboardingStatus = await handle.result(rpc_timeout=RPC_TIMEOUT)
    except WorkflowFailureError as error:
        cause = error.cause
        if not isinstance(cause, ApplicationError):
            return None
        return Failure.of(code_of(cause.type), detail=cause.message)
    except RPCError as error:
        raise temporal_away(error) from error
    return result
