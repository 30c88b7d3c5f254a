"""The bare SDK's way from a signal to a call: one workflow, one signal, one activity, one request.

    python -m benchmarks.figures.signalled TEMPORAL_ADDRESS NAMESPACE UPSTREAM_URL

Its activities have a queue of their own, as ours have.
"""

import asyncio
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    import httpx

QUEUE = "bare-signalled"
STEPS_QUEUE = "bare-signalled-steps"
READY = "bare_worker_ready"


@workflow.defn
class Signalled:
    """Waits for one signal, then has one step done."""

    def __init__(self) -> None:
        self._is_told = False

    @workflow.run
    async def run(self, token: str) -> None:
        """Wait, then ask."""
        await workflow.wait_condition(lambda: self._is_told)
        await workflow.execute_activity(
            "ask", token, task_queue=STEPS_QUEUE, start_to_close_timeout=timedelta(seconds=20)
        )

    @workflow.signal
    def told(self) -> None:
        """Take the hint."""
        self._is_told = True


class Asking:
    """The step: the same request that a look of ours is."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    @activity.defn
    async def ask(self, token: str) -> None:
        """Post once; whatever is answered will do."""
        await self._http.post("/v1/seedance2/real-avatar", json={"byted_token": token})


async def main(address: str, namespace: str, upstream_url: str) -> None:
    """Work until killed."""
    client = await Client.connect(address, namespace=namespace)
    headers = {"Authorization": "Bearer sk-bare"}
    async with (
        httpx.AsyncClient(base_url=upstream_url, trust_env=False, headers=headers) as http,
        Worker(client, task_queue=QUEUE, workflows=[Signalled]),
        Worker(client, task_queue=STEPS_QUEUE, activities=[Asking(http).ask]),
    ):
        print(READY, flush=True)  # noqa: T201 - the line by which it is known to be ready
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
