"""Every end is a result with a reason, and waits for what is under way."""

import asyncio

import pytest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import CancelledError

from likeness import names
from likeness.failures import FailureCode
from likeness.messages.conversation import Decline, OnboardingStatus
from likeness.stages import AssetState, Hold, Stage, VideoState, WaitingFor
from likeness.temporal.onboardings import describe_onboarding
from tests.workflows.conftest import Journey
from tests.workflows.test_holds import VIDEO

pytestmark = pytest.mark.server


class TestCancel:
    async def test_it_ends_a_run_that_waits_for_the_person(self, journey: Journey) -> None:
        await journey.start("a")

        told = await journey.cancel()
        status = await journey.result()
        glance = await describe_onboarding(journey.client, "default", journey.onboarding)

        assert Stage.CANCELED == told.stage == status.stage == glance.stage
        assert WaitingFor.NOBODY == glance.waiting_for
        assert status.failure is not None
        assert FailureCode.CANCELED == status.failure.code

    async def test_it_ends_a_hold(self, journey: Journey) -> None:
        await journey.start("refused")
        await journey.pass_the_scan()
        await journey.until(lambda s: s.hold is Hold.NEEDS_ASSETS)

        await journey.cancel()
        status = await journey.result()

        assert Stage.CANCELED == status.stage
        assert status.failure is not None
        assert "while held by too_few_usable_assets" == status.failure.detail

    async def test_it_waits_for_a_submission_under_way_and_records_it(
        self, journey: Journey
    ) -> None:
        journey.fault("submit_assets", "delay", delay_s=1.5)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until_counted("submit_assets")

        status = await journey.cancel()

        assert Stage.CANCELED == status.stage
        assert AssetState.SUBMITTED == status.assets[0].state
        assert 1 == journey.count("assets_submitted")

    async def test_a_paid_video_is_brought_home_all_the_same(self, journey: Journey) -> None:
        journey.change(video_seconds=3)
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await journey.until_counted("video_charged")
        await journey.until(lambda s: s.stage is Stage.GENERATING)

        await journey.cancel()
        status = await journey.video_result()

        assert VideoState.DONE == status.state

    async def test_a_second_one_is_refused(self, journey: Journey) -> None:
        journey.fault("submit_assets", "delay", delay_s=2)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until_counted("submit_assets")
        first = asyncio.create_task(journey.cancel())
        await asyncio.sleep(0.5)

        with pytest.raises(WorkflowUpdateFailedError):
            await journey.cancel()

        assert Stage.CANCELED == (await first).stage

    async def test_temporals_own_cancel_shows_as_canceled(self, journey: Journey) -> None:
        await journey.start("a")
        await journey.status()
        await journey.handle.cancel()

        with pytest.raises(WorkflowFailureError) as ended:
            await journey.result()
        glance = await describe_onboarding(journey.client, "default", journey.onboarding)

        assert isinstance(ended.value.cause, CancelledError)
        assert Stage.CANCELED == glance.stage


class TestDecline:
    async def test_a_no_is_an_answer(self, journey: Journey) -> None:
        await journey.start("a")
        await journey.handle.execute_update(names.DECLINE, Decline(), result_type=OnboardingStatus)

        status = await journey.result()

        assert Stage.DECLINED == status.stage
        assert 0 == journey.count("create_session")


class TestDeadline:
    async def test_a_run_nobody_answers_expires(self, journey: Journey) -> None:
        await journey.start("a", deadline_s=1)

        status = await journey.result()

        assert Stage.EXPIRED == status.stage
        assert status.failure is not None
        assert FailureCode.DEADLINE_PASSED == status.failure.code

    async def test_it_ends_a_hold(self, journey: Journey) -> None:
        await journey.start("refused", deadline_s=4)
        await journey.pass_the_scan()

        status = await journey.result()

        assert Stage.EXPIRED == status.stage
        assert status.failure is not None
        assert "while held by too_few_usable_assets" == status.failure.detail

    async def test_a_ready_avatar_outlives_it(self, journey: Journey) -> None:
        journey.fault("generate_video", "drop_after_effect")
        await journey.start("a", video=VIDEO, deadline_s=5)
        await journey.pass_the_scan()

        status = await journey.result()
        video = await journey.video_result()

        assert Stage.COMPLETED == status.stage
        assert VideoState.FAILED == video.state

    async def test_a_whole_run_starts_two_timers(self, journey: Journey) -> None:
        """The run's deadline, and the next look at the one attempt."""
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.result()

        events = await journey.events()

        assert 2 == events.count("TIMER_STARTED")
