"""What may come of a call to Temporal, as the few cases that a page knows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from likeness.failures import FailureCode, code_of
from likeness.temporal.codec import UndecodablePayloadError
from likeness.temporal.errors import NoSuchOnboardingError, NoSuchPersonError, TemporalAwayError

CONNECTED_WITHIN_S = 0.5
"""A person looking at a blank page is told sooner than a tap or a callback gives up."""

DESCRIBE_WITHIN_S = 3.0
SIGNAL_WITHIN_S = 2.0
QUERY_WITHIN_S = 1.0
"""A page is whole without a query's answer, so a worker that is away costs it no longer."""

UPDATE_WITHIN_S = 8.0


class RunGoneError(Exception):
    """The run has ended, or its history is deleted; it takes no messages any more."""


class UpdateUnderWayError(Exception):
    """The run has not answered yet; it can be asked for its answer under the same name."""


class TapLostError(Exception):
    """The server knows nothing of this tap: it came while it was away, or it was restarted."""


class RefusedByRunError(Exception):
    """The run refused; ``code`` says why."""

    def __init__(self, code: FailureCode) -> None:
        super().__init__(str(code))
        self.code = code


@asynccontextmanager
async def answered(within_s: float) -> AsyncIterator[None]:
    """Turn what the client raises into ``RunGoneError`` or ``TemporalAwayError``."""
    try:
        async with asyncio.timeout(within_s):
            yield
    except (NoSuchOnboardingError, NoSuchPersonError):
        raise RunGoneError from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise RunGoneError from None
        raise TemporalAwayError(f"The Temporal server said {error.status.name.lower()}.") from error
    except TimeoutError as error:
        raise TemporalAwayError("The Temporal server did not answer in time.") from error
    except UndecodablePayloadError as error:
        # Another key than the run was started with: ours to mend, and nothing a person can help.
        raise TemporalAwayError("The run is encrypted under a key that is not here.") from error


@asynccontextmanager
async def update_answered() -> AsyncIterator[None]:
    """Turn what an Update raises into ``RefusedByRunError`` or ``UpdateUnderWayError``."""
    try:
        yield
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        code = code_of(cause.type) if isinstance(cause, ApplicationError) else FailureCode.BUG
        raise RefusedByRunError(code) from None
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        # The SDK raises this also when the timeout around it cancels the call.
        raise UpdateUnderWayError from None
