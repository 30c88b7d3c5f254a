"""Start, follow and cancel onboardings from any service that has a Temporal client.

The client needs the plugin of ``likeness.temporal.plugin``; nothing else of likeness must run.
"""

import time
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from likeness import names, search
from likeness.ids import onboarding_workflow_id
from likeness.messages.base import Message
from likeness.messages.onboarding import OnboardingInput, RunMemo
from likeness.stages import Stage, WaitingFor
from likeness.summaries import Summary
from likeness.temporal.attributes import search_attributes
from likeness.temporal.errors import DifferentRequestError
from likeness.temporal.glance import (
    RPC_TIMEOUT,
    OnboardingGlance,
    describe_onboarding,
    onboarding_is_known,
    temporal_away,
)
from likeness.temporal.listing import OnboardingsPage, Wanted, list_onboardings, page_of_onboardings
from likeness.temporal.orders import (
    accept_partial,
    cancel_onboarding,
    check_now,
    extend_deadline,
    release_device,
    replace_assets,
    reset_attempts,
    resolve,
    revoke_link,
)
from likeness.temporal.statuses import onboarding_status

__all__ = [
    "OnboardingGlance",
    "OnboardingsPage",
    "StartedOnboarding",
    "Wanted",
    "accept_partial",
    "cancel_onboarding",
    "check_now",
    "describe_onboarding",
    "extend_deadline",
    "list_onboardings",
    "onboarding_is_known",
    "onboarding_status",
    "page_of_onboardings",
    "release_device",
    "replace_assets",
    "reset_attempts",
    "resolve",
    "revoke_link",
    "start_onboarding",
]


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
