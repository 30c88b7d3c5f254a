"""Whether a step is still wanted, asked where its next heartbeat would tell it too late."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import activity
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client
from temporalio.service import RPCError

ANSWERED_WITHIN = timedelta(seconds=5)

IsWanted = Callable[[], Awaitable[bool]]


async def is_wanted(temporal: Client) -> bool:
    """Tell whether the server still waits for this very try of the step; no if it does not answer.

    A question costs neither an event nor an action.
    """
    step = activity.info()
    run = temporal.get_workflow_handle(step.workflow_id or "", run_id=step.workflow_run_id)
    try:
        described = await run.describe(rpc_timeout=ANSWERED_WITHIN)
    except RPCError:
        return False
    this_try = (
        step.activity_id,
        step.attempt,
        PendingActivityState.PENDING_ACTIVITY_STATE_STARTED,
    )
    return this_try in [
        (pending.activity_id, pending.attempt, pending.state)
        for pending in described.raw_description.pending_activities
    ]
