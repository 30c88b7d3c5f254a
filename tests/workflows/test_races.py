"""What happens at the same moment: a late answer never undoes what was decided meanwhile."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from temporalio.client import Client, WorkflowFailureError

from likeness import names
from likeness.failures import FailureCode
from likeness.ids import video_workflow_id
from likeness.messages.conversation import OpenOutcome, Withdraw
from likeness.stages import AssetState, Hold, QueryPolicy, Stage, VideoState
from likeness.temporal import attributes
from likeness.temporal.onboardings import describe_onboarding
from tests.workflows.conftest import Journey
from tests.workflows.test_holds import VIDEO
from worker import work

pytestmark = pytest.mark.server

WORKFLOWS, PERSON_STEPS, UPSTREAM_STEPS = 0, 1, 2


@asynccontextmanager
async def working(journey: Journey, *queues: int) -> AsyncIterator[None]:
    """Run some of the worker's queues, on a connection of their own."""
    config = journey.client.config()
    client = await Client.connect(
        journey.client.service_client.config.target_host,
        namespace=journey.client.namespace,
        plugins=config["plugins"],
    )
    stopping = asyncio.Event()
    async with journey.hosted(client) as hosted:
        running = asyncio.create_task(work([hosted[queue] for queue in queues], stopping))
        try:
            yield
        finally:
            stopping.set()
            await running


class TestLateMint:
    async def test_it_does_not_undo_a_cancel(self, journey: Journey) -> None:
        journey.fault("create_session", "delay", delay_s=2)
        await journey.start("a")
        tapping = asyncio.create_task(journey.tap())
        await journey.until_counted("create_session")
        await journey.cancel()

        status = await journey.result()
        glance = await describe_onboarding(journey.client, "default", journey.onboarding)
        opened = await tapping

        assert Stage.CANCELED == status.stage == glance.stage
        assert (OpenOutcome.TRY_AGAIN, FailureCode.ALREADY_ENDED) == (opened.outcome, opened.code)
        assert opened.h5_link is None

    async def test_it_does_not_undo_the_deadline(self, journey: Journey) -> None:
        journey.fault("create_session", "delay", delay_s=3)
        await journey.start("a", deadline_s=2)
        tapping = asyncio.create_task(journey.tap())

        status = await journey.result()
        await tapping

        assert Stage.EXPIRED == status.stage

    async def test_it_does_not_undo_a_verification(self, journey: Journey) -> None:
        journey.change(review_seconds=6)
        await journey.start("a", link_reuse_s=0)
        first = await journey.tap()
        await journey.scan(first)
        journey.fault("create_session", "delay", delay_s=1.5)
        tapping = asyncio.create_task(journey.tap())
        await journey.until_counted("create_session", 2)
        await journey.come_back(1)
        await journey.until(lambda s: s.stage is Stage.IN_REVIEW)

        late = await tapping
        status = await journey.status()

        assert FailureCode.ALREADY_VERIFIED == late.code
        assert Stage.IN_REVIEW == status.stage

    async def test_it_does_not_undo_a_hold(self, journey: Journey) -> None:
        journey.change(review_seconds=0)
        await journey.start("refused", link_reuse_s=0)
        first = await journey.tap()
        await journey.scan(first)
        journey.fault("create_session", "delay", delay_s=4)
        tapping = asyncio.create_task(journey.tap())
        await journey.until_counted("create_session", 2)
        await journey.come_back(1)
        await journey.until(lambda s: s.hold is not None)

        await tapping
        status = await journey.status()

        assert Hold.NEEDS_ASSETS == status.hold


class TestTapsInLine:
    async def test_they_post_nothing_after_the_end(self, journey: Journey) -> None:
        journey.fault("create_session", "500", delay_s=2)
        await journey.start("a")
        first = asyncio.create_task(journey.tap())
        await journey.until_counted("create_session")
        second = asyncio.create_task(journey.tap())
        await asyncio.sleep(0.5)
        await journey.cancel()

        await asyncio.gather(first, second)

        assert 1 == journey.count("create_session")

    async def test_they_post_nothing_after_their_own_time(self, journey: Journey) -> None:
        journey.fault("create_session", "500", delay_s=3)
        await journey.start("a")
        first = asyncio.create_task(journey.tap())
        await journey.until_counted("create_session")

        late = await journey.tap(valid_s=1)
        await first

        assert FailureCode.TAP_TOO_OLD == late.code
        assert 1 == journey.count("create_session")


class TestChild:
    async def dead(self, journey: Journey) -> None:
        """Leave a terminated run where the video's would be."""
        handle = await journey.client.start_workflow(
            names.GENERATE_VIDEO,
            id=video_workflow_id(journey.handle.id),
            task_queue="nobody-polls",
        )
        await handle.terminate()

    async def test_an_adopted_one_that_is_dead_ends_as_failed(self, journey: Journey) -> None:
        await self.dead(journey)
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()

        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert status.video is not None
        assert VideoState.FAILED == status.video.state

    async def test_a_hold_is_gone_from_its_attributes_when_it_has_ended(
        self, journey: Journey
    ) -> None:
        journey.fault("generate_video", "drop_after_effect")
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await journey.until_counted("video_charged")
        await journey.until(lambda s: s.stage is Stage.GENERATING)
        await journey.cancel()
        await journey.video_result()

        described = await journey.client.get_workflow_handle(
            video_workflow_id(journey.handle.id)
        ).describe()

        assert described.typed_search_attributes.get(attributes.HOLD) is None
        assert Stage.FAILED == described.typed_search_attributes.get(attributes.STAGE)


class TestSameTask:
    async def test_a_story_told_to_its_end_wins_over_the_deadline(self, journey: Journey) -> None:
        """Both come while no workflow worker runs, and are seen in one task."""
        journey.change(review_seconds=1.5)
        await journey.stop_worker()
        async with working(journey, PERSON_STEPS, UPSTREAM_STEPS):
            async with working(journey, WORKFLOWS):
                await journey.start("a", deadline_s=5)
                await journey.pass_the_scan()
                await journey.until(lambda s: s.stage is Stage.IN_REVIEW)
            await asyncio.sleep(5.5)
            async with working(journey, WORKFLOWS):
                status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert [AssetState.USABLE] == [asset.state for asset in status.assets]

    async def test_temporals_cancel_beside_ours_drops_no_post(self, journey: Journey) -> None:
        journey.fault("submit_assets", "delay", delay_s=3)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until_counted("submit_assets")
        canceling = asyncio.create_task(journey.cancel())
        await asyncio.sleep(0.5)
        await journey.handle.cancel()

        with pytest.raises(WorkflowFailureError):
            await journey.result()
        told = await canceling

        assert Stage.CANCELED == told.stage
        assert AssetState.SUBMITTED == told.assets[0].state


class TestOlderAttempt:
    async def test_it_is_asked_about_no_more_once_the_person_is_verified(
        self, journey: Journey
    ) -> None:
        journey.change(review_seconds=60)
        await journey.start(
            "a",
            link_reuse_s=0,
            query_policy=QueryPolicy.POLL,
            token_ttl_s=60,
            poll_interval_s=0.3,
        )
        await journey.tap()
        second = await journey.tap()
        await journey.scan(second)
        await journey.until(lambda s: s.stage is Stage.IN_REVIEW)
        journey.fault("query_group", "402", times=None)
        await asyncio.sleep(2)

        status = await journey.status()

        assert status.hold is None


class TestDrain:
    async def test_a_worker_told_to_stop_takes_no_new_step_on_any_queue(
        self, journey: Journey
    ) -> None:
        journey.fault("submit_assets", "delay", delay_s=5)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until_counted("submit_assets")
        stopping = asyncio.create_task(journey.stop_worker())
        await asyncio.sleep(1)
        journey.onboarding = f"o-{secrets.token_hex(4)}"
        await journey.start("b")
        tapping = asyncio.create_task(journey.tap())

        await stopping
        tapping.cancel()

        assert 1 == journey.count("create_session")
        assert 1 == journey.count("assets_submitted")


class TestUntakenSubmission:
    async def test_nothing_is_sent_of_a_person_who_has_withdrawn(self, journey: Journey) -> None:
        await journey.stop_worker()
        async with working(journey, WORKFLOWS, PERSON_STEPS):
            await journey.start("a")
            await journey.pass_the_scan()
            await journey.until(lambda s: s.stage is Stage.SUBMITTING_ASSETS)
            await journey.handle.signal(names.WITHDRAW, Withdraw())
            status = await journey.result()
        await journey.start_worker()

        assert Stage.DECLINED == status.stage
        assert 0 == journey.count("submit_assets")
