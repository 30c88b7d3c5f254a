"""The same story as most samples would tell it: `python -m benchmarks.peers.naive`.

One activity a request, and timers in workflow code between the polls. Defaults everywhere.
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

QUEUE = "naive"
READY = "naive peer listens"
A_MINUTE = timedelta(minutes=1)


class Steps:
    """One request each."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    @activity.defn
    async def create_session(self, person: str) -> str:
        """Have a session made; give its task."""
        return await self._upstream.create_session(person)

    @activity.defn
    async def get_session(self, task_id: str) -> dict[str, str] | None:
        """Give link and token; None while they are not there."""
        return await self._upstream.session(task_id)

    @activity.defn
    async def query_group(self, byted_token: str) -> str | None:
        """Give the group of whoever passed; None before."""
        return await self._upstream.group(byted_token)

    @activity.defn
    async def submit_assets(self, group_id: str, url: str) -> str:
        """Hand in one asset; give the task of its review."""
        return await self._upstream.submit(group_id, url)

    @activity.defn
    async def get_review(self, task_id: str) -> bool | None:
        """Tell whether the asset is usable; None while it is under review."""
        return await self._upstream.review(task_id)


@workflow.defn
class Onboard:
    """Tap, check, review."""

    def __init__(self) -> None:
        self.tapped = False
        self.came_back = False
        self.h5_link: str | None = None

    @workflow.run
    async def run(self, person: str, url: str, poll_s: float) -> bool:
        """Lead one person to a usable asset."""
        await workflow.wait_condition(lambda: self.tapped)
        task_id = await workflow.execute_activity_method(
            Steps.create_session, person, start_to_close_timeout=A_MINUTE
        )
        while True:
            session = await workflow.execute_activity_method(
                Steps.get_session, task_id, start_to_close_timeout=A_MINUTE
            )
            if session:
                break
            await workflow.sleep(poll_s)
        self.h5_link = session["h5_link"]
        await workflow.wait_condition(lambda: self.came_back)
        while True:
            group_id = await workflow.execute_activity_method(
                Steps.query_group, session["byted_token"], start_to_close_timeout=A_MINUTE
            )
            if group_id:
                break
            await workflow.sleep(poll_s)
        review = await workflow.execute_activity_method(
            Steps.submit_assets, args=[group_id, url], start_to_close_timeout=A_MINUTE
        )
        while True:
            await workflow.sleep(poll_s)
            usable = await workflow.execute_activity_method(
                Steps.get_review, review, start_to_close_timeout=A_MINUTE
            )
            if usable is not None:
                return usable

    @workflow.update
    async def tap(self, _person: str) -> str:
        """Begin the check; give the link once it is there."""
        self.tapped = True
        await workflow.wait_condition(lambda: self.h5_link is not None)
        return self.h5_link or ""

    @workflow.signal
    def callback(self) -> None:
        """Hear that the browser is back."""
        self.came_back = True


async def main() -> None:
    """Serve the queue until SIGTERM."""
    client = await Client.connect(
        os.environ["TEMPORAL_ADDRESS"], namespace=os.environ["TEMPORAL_NAMESPACE"]
    )
    async with Upstream(os.environ["UPSTREAM_URL"]) as upstream:
        steps = Steps(upstream)
        worker = Worker(
            client,
            task_queue=QUEUE,
            workflows=[Onboard],
            activities=[
                steps.create_session,
                steps.get_session,
                steps.query_group,
                steps.submit_assets,
                steps.get_review,
            ],
        )
        async with worker:
            sys.stdout.write(f"{READY}\n")
            await until_stopped()


if __name__ == "__main__":
    asyncio.run(main())
