"""Orders to a run under way, as Updates: what an operator asks of one onboarding.

The client needs the plugin of ``likeness.temporal.plugin``, and a worker must run.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from likeness import names
from likeness.failures import FailureCode, code_of
from likeness.ids import onboarding_workflow_id
from likeness.messages.base import Message
from likeness.messages.conversation import Cancel, OnboardingStatus, OperatorOrder
from likeness.temporal.errors import (
    OnboardingEndedError,
    RefusedError,
    WorkerAwayError,
)
from likeness.temporal.glance import describe_onboarding, temporal_away

__all__ = [
    "ORDER_TIMEOUT",
    "cancel_onboarding",
    "ordered",
    "release_device",
    "reset_attempts",
    "revoke_link",
]

ORDER_TIMEOUT = timedelta(seconds=10)

AnswerT = TypeVar("AnswerT", bound=Message)


async def cancel_onboarding(
    client: Client,
    tenant: str,
    onboarding: str,
    cancel: Cancel,
    *,
    rpc_timeout: timedelta = ORDER_TIMEOUT,
) -> None:
    """End an onboarding; saying it twice is the same as once.

    Raises:
        ValueError: Tenant or onboarding may not stand in an id.
        NoSuchOnboardingError: Nothing is known of it.
        OnboardingEndedError: It has ended already.
        RefusedError: The run refused, and why.
        WorkerAwayError: No worker answered in time; the order may still take effect.
        TemporalAwayError: The server did not answer.

    """
    # One id for ever: the server answers a repeated order with the first one's outcome.
    await _onboarding_ordered(
        client,
        tenant,
        onboarding,
        names.CANCEL,
        cancel,
        order_id=names.CANCEL,
        rpc_timeout=rpc_timeout,
    )


async def release_device(
    client: Client,
    tenant: str,
    onboarding: str,
    order: OperatorOrder,
    *,
    rpc_timeout: timedelta = ORDER_TIMEOUT,
) -> OnboardingStatus:
    """Let any device go on with the check; raises as ``cancel_onboarding``."""
    return await _onboarding_ordered(
        client, tenant, onboarding, names.RELEASE_DEVICE, order, rpc_timeout=rpc_timeout
    )


async def revoke_link(
    client: Client,
    tenant: str,
    onboarding: str,
    order: OperatorOrder,
    *,
    rpc_timeout: timedelta = ORDER_TIMEOUT,
) -> OnboardingStatus:
    """Make every invite link handed out so far worthless; ``link`` is the new one's number.

    Raises as ``cancel_onboarding``; repeating it after a ``WorkerAwayError`` does no harm.
    """
    return await _onboarding_ordered(
        client, tenant, onboarding, names.REVOKE_LINK, order, rpc_timeout=rpc_timeout
    )


async def reset_attempts(
    client: Client,
    tenant: str,
    onboarding: str,
    order: OperatorOrder,
    *,
    rpc_timeout: timedelta = ORDER_TIMEOUT,
) -> OnboardingStatus:
    """Grant as many attempts as in the beginning; raises as ``cancel_onboarding``."""
    return await _onboarding_ordered(
        client, tenant, onboarding, names.RESET_ATTEMPTS, order, rpc_timeout=rpc_timeout
    )


async def ordered(
    client: Client,
    workflow_id: str,
    update: str,
    order: Message,
    *,
    answer: type[AnswerT],
    when_gone: Callable[[], Awaitable[Exception]],
    order_id: str | None = None,
    rpc_timeout: timedelta = ORDER_TIMEOUT,
) -> AnswerT:
    """Give the answer of an Update; repeated under one ``order_id`` it is done once.

    Raises:
        RefusedError: The run refused, and why.
        WorkerAwayError: No worker answered in time; the order may still take effect.
        TemporalAwayError: The server did not answer.
        Exception: What ``when_gone`` gives (or raises) when no such run takes orders.

    """
    handle = client.get_workflow_handle(workflow_id)
    try:
        done: AnswerT = await handle.execute_update(
            update, order, id=order_id, result_type=answer, rpc_timeout=rpc_timeout
        )
    except WorkflowUpdateFailedError as error:
        raise _refused(error) from error
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise WorkerAwayError(
            f"The order was not carried out within {rpc_timeout.total_seconds():g} s: no worker "
            "runs, or it waits for a POST under way. It may still take effect; ask again."
        ) from error
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise temporal_away(error) from error
        raise await when_gone() from error
    return done


async def _onboarding_ordered(
    client: Client,
    tenant: str,
    onboarding: str,
    update: str,
    order: Message,
    *,
    order_id: str | None = None,
    rpc_timeout: timedelta,
) -> OnboardingStatus:
    async def gone() -> Exception:
        await describe_onboarding(client, tenant, onboarding, rpc_timeout=rpc_timeout)
        return OnboardingEndedError("The onboarding has ended and takes no orders.")

    return await ordered(
        client,
        onboarding_workflow_id(tenant, onboarding),
        update,
        order,
        answer=OnboardingStatus,
        when_gone=gone,
        order_id=order_id,
        rpc_timeout=rpc_timeout,
    )


def _refused(error: WorkflowUpdateFailedError) -> RefusedError:
    cause = error.cause
    if not isinstance(cause, ApplicationError):
        return RefusedError("The run refused.")
    known = cause.type in set(FailureCode)
    return RefusedError(cause.message, code=code_of(cause.type) if known else None)
