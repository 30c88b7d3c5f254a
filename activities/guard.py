"""What no step foresaw: one failure of a known name instead of endless repetition."""

import asyncio
from typing import Any

from temporalio.exceptions import FailureError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from activities.outcomes import failed
from likeness.failures import FailureCode


class UnforeseenGuard(Interceptor):
    """Turns an exception that is none of ours into ``bug``, which parks the run for an operator."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  # the SDK's own name
        """Put the guard before every step of a worker."""
        return _Guarded(next)


class _Guarded(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401  # the SDK's own
        try:
            return await super().execute_activity(input)
        except (FailureError, asyncio.CancelledError):
            raise
        except Exception as error:
            # Its text may quote anything; the name of its class says where to look.
            raise failed(FailureCode.BUG, detail=type(error).__name__) from error
