"""The floor: the bare SDK with the fewest steps that lead there, `python -m benchmarks.peers.bare`.

No codec, no consent, no deadline, no registry, no second look, no failure handled: what a tap, a
callback and five calls cost at the least. A review is polled for inside one activity.
"""

import asyncio
import os
import sys
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

from benchmarks.peers.serving import until_stopped

with workflow.unsafe.imports_passed_through():
    from benchmarks.peers.upstream import Upstream

QUEUE = "bare"
READY = "bare peer listens"
LINK_POLL_S = 0.2
UP_TO = timedelta(minutes=30)
AT_ONCE = 1000
"""Each review holds a slot while it lasts, and there are a hundred unless told."""


class Steps:
    """Each makes the upstream call of the step that bears its name."""

    def __init__(self, upstream: Upstream, poll_s: float) -> None:
        self._upstream = upstream
        self._poll_s = poll_s

    @activity.defn
    async def create_session(self, person: str) -> dict[str, str]:
        """Have a session made; wait for link and token."""
        task_id = await self._upstream.create_session(person)
        while (session := await self._upstream.session(task_id)) is None:  # noqa: ASYNC110 - tasks tell nobody
            await asyncio.sleep(LINK_POLL_S)
        return session

    @activity.defn
    async def query_group(self, byted_token: str) -> str:
        """Look once."""
        return await self._upstream.group(byted_token) or ""

    @activity.defn
    async def submit_assets(self, group_id: str, url: str) -> str:
        """Hand in one asset."""
        return await self._upstream.submit(group_id, url)

    @activity.defn
    async def poll_review(self, task_id: str) -> bool:
        """Wait for the review."""
        while (usable := await self._upstream.review(task_id)) is None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(self._poll_s)
        return usable


@workflow.defn
class Onboard:
    """Tap, check, review."""

    def __init__(self) -> None:
        self.came_back = False
        self.byted_token = ""

    @workflow.run
    async def run(self, _person: str, url: str) -> bool:
        """Lead one person there."""
        await workflow.wait_condition(lambda: self.came_back)
        group_id = await workflow.execute_activity_method(
            Steps.query_group, self.byted_token, start_to_close_timeout=UP_TO
        )
        task_id = await workflow.execute_activity_method(
            Steps.submit_assets, args=[group_id, url], start_to_close_timeout=UP_TO
        )
        return await workflow.execute_activity_method(
            Steps.poll_review, task_id, start_to_close_timeout=UP_TO
        )

    @workflow.update
    async def tap(self, person: str) -> str:
        """Give the link."""
        session = await workflow.execute_activity_method(
            Steps.create_session, person, start_to_close_timeout=UP_TO
        )
        self.byted_token = session["byted_token"]
        return session["h5_link"]

    @workflow.signal
    def callback(self) -> None:
        """Go on."""
        self.came_back = True


async def main() -> None:
    """Serve the queue until SIGTERM."""
    client = await Client.connect(
        os.environ["TEMPORAL_ADDRESS"], namespace=os.environ["TEMPORAL_NAMESPACE"]
    )
    async with Upstream(os.environ["UPSTREAM_URL"]) as upstream:
        steps = Steps(upstream, float(os.environ["POLL_INTERVAL_S"]))
        worker = Worker(
            client,
            task_queue=QUEUE,
            workflows=[Onboard],
            activities=[
                steps.create_session,
                steps.query_group,
                steps.submit_assets,
                steps.poll_review,
            ],
            max_concurrent_activities=AT_ONCE,
        )
        async with worker:
            sys.stdout.write(f"{READY}\n")
            await until_stopped()


if __name__ == "__main__":
    asyncio.run(main())
