"""Where the outcome is unknown or somebody must act, the run stands still and says so."""

import asyncio

import pytest
from pydantic import SecretStr

from likeness.failures import FailureCode
from likeness.messages.conversation import OnboardingStatus
from likeness.messages.onboarding import VideoRequest
from likeness.stages import AssetState, Hold, Stage, VideoState, WaitingFor
from likeness.temporal.onboardings import describe_onboarding, onboarding_status
from tests.workflows.conftest import Journey

pytestmark = pytest.mark.server

VIDEO = VideoRequest(prompt=SecretStr("Image 1 waves"))


class TestAssets:
    async def test_too_few_usable_ones_wait_for_the_caller(self, journey: Journey) -> None:
        await journey.start("a", "refused", "c")
        await journey.pass_the_scan()

        status = await journey.until(lambda s: s.hold is not None)
        glance = await describe_onboarding(journey.client, "default", journey.onboarding)

        assert (Hold.NEEDS_ASSETS, WaitingFor.CALLER) == (status.hold, status.waiting_for)
        assert status.failure is not None
        assert "2 usable, 3 needed" == status.failure.detail
        assert AssetState.REFUSED == status.assets[1].state
        assert (Hold.NEEDS_ASSETS, FailureCode.TOO_FEW_USABLE_ASSETS) == (
            glance.hold,
            glance.reason,
        )

    async def test_a_lost_answer_to_a_submission_is_never_sent_again(
        self, journey: Journey
    ) -> None:
        journey.fault("submit_assets", "drop_after_effect")
        await journey.start("a", "b")
        await journey.pass_the_scan()

        await journey.until(lambda s: s.hold is not None)
        status = await journey.until(
            lambda s: all(a.state is not AssetState.SUBMITTED for a in s.assets)
        )

        assert (Hold.NEEDS_DECISION, WaitingFor.OPERATOR) == (status.hold, status.waiting_for)
        assert {AssetState.UNKNOWN, AssetState.USABLE} == {a.state for a in status.assets}
        assert 2 == journey.count("submit_assets")
        assert 2 == journey.count("assets_submitted")

    async def test_a_request_called_malformed_refuses_its_asset_only(
        self, journey: Journey
    ) -> None:
        journey.fault("submit_assets", "400")
        await journey.start("a", "b", min_usable=1)
        await journey.pass_the_scan()

        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert {AssetState.REFUSED, AssetState.USABLE} == {a.state for a in status.assets}

    async def test_a_request_that_never_left_is_sent_again(self, journey: Journey) -> None:
        journey.fault("submit_assets", "429", retry_after_s=1)
        await journey.start("a")
        await journey.pass_the_scan()

        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("assets_submitted")

    async def test_an_empty_balance_holds_without_an_effect(self, journey: Journey) -> None:
        for route in ("submit_assets", "balance"):
            journey.fault(route, "402", times=None)
        await journey.start("a")
        await journey.pass_the_scan()

        status = await journey.until(lambda s: s.hold is not None)

        assert Hold.NEEDS_OPERATOR == status.hold
        assert status.failure is not None
        assert FailureCode.UPSTREAM_BALANCE == status.failure.code
        assert 0 == journey.count("assets_submitted")

    async def test_several_assets_in_one_request_are_told_apart_by_name(
        self, journey: Journey
    ) -> None:
        journey.change(item_names=True, item_reasons=True)
        await journey.start("a", "refused", "c", min_usable=2, assets_per_request=3)
        await journey.pass_the_scan()

        status = await journey.result()

        states = {asset.name: asset.state for asset in status.assets}
        assert {
            "asset-1": AssetState.USABLE,
            "asset-2": AssetState.REFUSED,
            "asset-3": AssetState.USABLE,
        } == states
        assert 1 == journey.count("submit_assets")

    async def test_a_name_is_never_guessed_by_position(self, journey: Journey) -> None:
        await journey.start("a", "refused", "c", min_usable=2, assets_per_request=3)
        await journey.pass_the_scan()

        status = await journey.result()

        assert [None, None, None] == [asset.name for asset in status.assets]
        assert 2 == sum(asset.state is AssetState.USABLE for asset in status.assets)


class TestVideo:
    async def test_a_lost_answer_to_the_paid_order_is_never_sent_again(
        self, journey: Journey
    ) -> None:
        journey.fault("generate_video", "drop_after_effect")
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await journey.until(lambda s: s.stage is Stage.GENERATING)

        status = await self.held(journey)

        assert (Hold.NEEDS_DECISION, WaitingFor.OPERATOR) == (status.hold, status.waiting_for)
        assert status.failure is not None
        assert FailureCode.GENERATION_UNCONFIRMED == status.failure.code
        assert 1 == journey.count("generate_video")
        assert 1 == journey.count("video_charged")

    @staticmethod
    async def held(journey: Journey) -> OnboardingStatus:
        """Wait for the hold of the child to show as the onboarding's."""
        while True:
            status = await onboarding_status(journey.client, "default", journey.onboarding)
            if status is not None and status.hold is not None:
                return status
            await asyncio.sleep(0.1)

    async def test_a_cancel_gives_an_unconfirmed_one_up(self, journey: Journey) -> None:
        journey.fault("generate_video", "drop_after_effect")
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await self.held(journey)

        ended = await journey.cancel()
        child = await journey.video_result()

        assert Stage.CANCELED == ended.stage
        assert VideoState.FAILED == child.state
        assert child.failure is not None
        assert FailureCode.GENERATION_UNCONFIRMED == child.failure.code

    async def test_a_failed_one_leaves_the_onboarding_completed(self, journey: Journey) -> None:
        journey.change(video="failed")
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()

        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert status.video is not None
        assert VideoState.FAILED == status.video.state
        assert status.video.failure is not None
        assert FailureCode.GENERATION_FAILED == status.video.failure.code
        assert 0 == status.video.cost_usd

    async def test_a_refused_one_costs_nothing(self, journey: Journey) -> None:
        journey.fault("generate_video", "400")
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()

        status = await journey.result()

        assert status.video is not None
        assert status.video.failure is not None
        assert FailureCode.GENERATION_REFUSED == status.video.failure.code
        assert 0 == journey.count("video_charged")

    async def test_a_dead_address_is_told_as_expired(self, journey: Journey) -> None:
        journey.change(video_ttl_s=0)
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()

        status = await journey.result()

        assert status.video is not None
        assert status.video.failure is not None
        assert FailureCode.VIDEO_EXPIRED == status.video.failure.code

    async def test_a_reset_parent_adopts_the_video_it_has_already_ordered(
        self, journey: Journey
    ) -> None:
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await journey.result()

        await journey.reset_before("START_CHILD_WORKFLOW_EXECUTION_INITIATED")
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert status.video is not None
        assert VideoState.DONE == status.video.state
        assert 1 == journey.count("video_charged")


class TestUpstreamTrouble:
    @pytest.mark.parametrize("kind", ["500", "502_html", "429", "503_text_wait", "truncated_json"])
    async def test_polls_outlast_it(self, journey: Journey, kind: str) -> None:
        journey.fault("get_task", kind, task_kind="review", times=2, retry_after_s=1)
        await journey.start("a")
        await journey.pass_the_scan()

        status = await journey.result()

        assert Stage.COMPLETED == status.stage

    async def test_a_hold_of_the_watch_is_over_as_soon_as_it_goes_on(
        self, journey: Journey
    ) -> None:
        journey.change(review="stuck")
        journey.fault("get_task", "402", task_kind="review")
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until_counted("balance")

        status = await journey.until(lambda s: s.hold is None)

        assert (Stage.IN_REVIEW, WaitingFor.UPSTREAM) == (status.stage, status.waiting_for)
