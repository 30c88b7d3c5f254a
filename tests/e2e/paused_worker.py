"""The worker as it is, which stands still before or after a step where a test asks for it.

PAUSES_FOLDER=... python -m tests.e2e.paused_worker
"""

import sys
from typing import Any
from unittest import mock

from temporalio import activity
from temporalio.client import Client
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

import worker
from likeness.temporal.keyring import KeyRing
from runtime.settings import TemporalSettings
from runtime.temporal import connect
from tests.e2e.pauses import Pauses, Side


class StopAtSteps(ClientInterceptor, Interceptor):
    """Given to a client, it stands before every step of every worker made with it."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  # the SDK's own name
        return _Stopping(next)


class _Stopping(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  # the SDK's own
        await _stand("before")
        result = await super().execute_activity(input)
        await _stand("after")
        return result


async def _stand(side: Side) -> None:
    step = activity.info()
    await Pauses.of_environment().at(step.activity_type, side, step.workflow_id or "").stand()


async def connected(settings: TemporalSettings, key_ring: KeyRing | None, *, wait: bool) -> Client:
    """Connect as ``runtime.temporal.connect`` does, with the stops."""
    client = await connect(settings, key_ring, wait=wait)
    config = client.config()
    config["interceptors"] = [*config["interceptors"], StopAtSteps()]
    return Client(**config)


if __name__ == "__main__":
    with mock.patch.object(worker, "connect", connected):
        sys.exit(worker.main())
