"""How an order is given as an Update: once, in time, and with a sentence for every refusal."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar

from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from likeness.failures import FailureCode, code_of
from likeness.messages.base import Message
from likeness.temporal.errors import RefusedError, WorkerAwayError
from likeness.temporal.glance import heed_our_own_cancel, temporal_away

ORDER_TIMEOUT = timedelta(seconds=10)

AnswerT = TypeVar("AnswerT", bound=Message)


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
    async with _explained(when_gone, rpc_timeout):
        done: AnswerT = await handle.execute_update(
            update, order, id=order_id, result_type=answer, rpc_timeout=rpc_timeout
        )
    return done


async def begun(
    client: Client,
    workflow_id: str,
    update: str,
    order: Message,
    *,
    answer: type[AnswerT],
    when_gone: Callable[[], Awaitable[Exception]],
    order_id: str,
    within: timedelta,
) -> AnswerT | None:
    """Give an order that may take long; None when it is taken for certain but not done ``within``.

    Repeated under its ``order_id`` it is the same order, and answers once it is done. Raises as
    ``ordered``; ``WorkerAwayError`` says that no worker has taken it.
    """
    handle = client.get_workflow_handle(workflow_id)
    async with _explained(when_gone, ORDER_TIMEOUT):
        taken = await handle.start_update(
            update,
            order,
            id=order_id,
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
            result_type=answer,
            rpc_timeout=ORDER_TIMEOUT,
        )
        try:
            done: AnswerT = await taken.result(rpc_timeout=within)
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            heed_our_own_cancel(error)
            return None
    return done


@asynccontextmanager
async def _explained(
    when_gone: Callable[[], Awaitable[Exception]], rpc_timeout: timedelta
) -> AsyncIterator[None]:
    """Turn what the SDK raises for an Update into errors of ours."""
    try:
        yield
    except WorkflowUpdateFailedError as error:
        raise _refused(error) from error
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        heed_our_own_cancel(error)
        raise WorkerAwayError(
            f"The order was not carried out within {rpc_timeout.total_seconds():g} s: no worker "
            "runs, or it waits for a POST under way. It may still take effect; ask again."
        ) from error
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise temporal_away(error) from error
        raise await when_gone() from error


def order_id_of(update: str, order: Message, *, events: int, salt: str = "") -> str:
    """Give the id under which an impatient repeat of an order is the same order.

    It is made of the verb, of what is ordered, and of how many events the run had: a run that
    holds writes none until it obeys. So the same command typed twice, or by two people at once, is
    carried out once, also where no worker runs yet; after it was obeyed the same words are a new
    order, which the run's validator weighs against where it stands then. Who orders and why make
    no difference. The id stands in clear: ``salt``, which is encrypted where an order holds
    addresses, keeps anybody without the key from trying out what was ordered.
    """
    content = order.model_dump_json(exclude={"actor", "reason"}, exclude_none=True)
    digest = hashlib.sha256(f"{salt}\n{content}".encode()).hexdigest()[:16]
    return f"{update}-{events}-{digest}"


def _refused(error: WorkflowUpdateFailedError) -> RefusedError:
    cause = error.cause
    if not isinstance(cause, ApplicationError):
        return RefusedError("The run refused.")
    known = cause.type in set(FailureCode)
    return RefusedError(cause.message, code=code_of(cause.type) if known else None)
