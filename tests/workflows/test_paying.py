"""What leaves for the upstream's till: within the limits, in the same bytes, and never twice."""

import pytest

from likeness import names
from likeness.failures import FailureCode
from likeness.ids import spending_workflow_id
from likeness.messages.conversation import Resolution, VideoStatus
from likeness.messages.spending import SpendingInput
from likeness.stages import Hold, VideoState
from tests.workflows.conftest import Journey
from tests.workflows.videos import SLOW_S, Video

pytestmark = pytest.mark.server

PRICE_USD = 1.068


async def day_usd(journey: Journey) -> float:
    """What the account's videos of today may have cost."""
    handle = journey.client.get_workflow_handle(spending_workflow_id("default"))
    spending: SpendingInput = await handle.query(names.STATUS, result_type=SpendingInput)
    return sum(day.total_usd for day in spending.days.values())


class TestLimits:
    @pytest.mark.parametrize(
        "limit", ["SPEND_PER_VIDEO_USD", "SPEND_PER_ONBOARDING_USD", "SPEND_PER_DAY_USD"]
    )
    async def test_an_order_beyond_one_is_not_sent(self, journey: Journey, limit: str) -> None:
        await journey.restart_worker(**{limit.lower(): 1})
        video = await Video.ordered(journey)

        status = await video.held()

        assert Hold.NEEDS_OPERATOR == status.hold
        assert status.failure is not None
        assert FailureCode.SPEND_LIMIT == status.failure.code
        assert f"{limit} is 1.00, not 1.07" == status.failure.detail
        assert 0 == status.spent_usd
        assert 0 == journey.count("generate_video")

    async def test_once_a_limit_is_raised_the_order_is_sent(self, journey: Journey) -> None:
        await journey.restart_worker(spend_per_day_usd=1)
        video = await Video.ordered(journey)
        await video.held()

        await journey.restart_worker(spend_per_day_usd=2)
        await video.check_now()
        status = await video.handle.result()

        assert (VideoState.DONE, PRICE_USD) == (status.state, status.spent_usd)
        assert 1 == journey.count("video_charged")

    async def test_a_day_counts_the_videos_of_an_account(self, journey: Journey) -> None:
        await journey.restart_worker(spend_per_day_usd=2)
        first = await Video.ordered(journey)
        await first.handle.result()

        second = await Video.ordered(journey)
        status = await second.held()

        assert status.failure is not None
        assert "SPEND_PER_DAY_USD is 2.00, not 2.14" == status.failure.detail
        assert 1 == journey.count("video_charged")

    async def test_an_onboarding_counts_what_was_ordered_again(self, journey: Journey) -> None:
        journey.change(idempotency="ignored")
        await journey.restart_worker(spend_per_onboarding_usd=2)
        journey.fault("generate_video", "drop_after_effect")
        video = await Video.ordered(journey)
        await video.held()

        await video.resolve(Resolution.RESUBMIT)
        status = await video.held_by(FailureCode.SPEND_LIMIT)

        assert status.failure is not None
        assert "SPEND_PER_ONBOARDING_USD is 2.00, not 2.14" == status.failure.detail
        assert 1 == journey.count("video_charged")

    async def test_no_limit_counts_nothing(self, journey: Journey) -> None:
        await journey.restart_worker(
            spend_per_video_usd=0, spend_per_onboarding_usd=0, spend_per_day_usd=0
        )
        video = await Video.ordered(journey)
        await video.handle.result()

        runs = [run async for run in journey.client.list_workflows("WorkflowType = 'Spending'")]

        assert [] == runs


class TestDay:
    @pytest.mark.parametrize("kind", ["400", "402", "401_documented"])
    async def test_an_order_that_had_no_effect_is_taken_out_again(
        self, journey: Journey, kind: str
    ) -> None:
        journey.fault("generate_video", kind)
        # The account stays refused, so nothing is sent anew before the day is read.
        journey.fault("balance", "401_documented", times=None)
        video = await Video.ordered(journey)
        await video.until(lambda s: s.failure is not None)

        assert 0 == await day_usd(journey)

    async def test_an_order_that_may_be_paid_stays_in(self, journey: Journey) -> None:
        journey.fault("generate_video", "drop_after_effect")
        video = await Video.ordered(journey)
        status = await video.held()

        assert PRICE_USD == await day_usd(journey)
        assert PRICE_USD == status.spent_usd

    async def test_it_outlives_its_history(self, journey: Journey) -> None:
        video = await Video.ordered(journey)
        await video.handle.result()
        spending = journey.client.get_workflow_handle(spending_workflow_id("default"))
        first = (await spending.describe()).run_id

        await spending.signal(names.RENEW, {})
        before = await day_usd(journey)
        second = await Video.ordered(journey)
        await second.handle.result()

        assert first != (await spending.describe()).run_id
        assert (PRICE_USD, 2 * PRICE_USD) == (before, await day_usd(journey))


class TestReset:
    """Back to before its order a run knows nothing of it, but the day's sum does."""

    async def test_an_order_that_was_sent_before_waits_for_a_decision(
        self, journey: Journey
    ) -> None:
        journey.change(idempotency="ignored")
        video = await Video.ordered(journey, poll_interval_s=SLOW_S)
        await video.until(lambda s: s.task_id is not None)

        await journey.reset_before("ACTIVITY_TASK_SCHEDULED", workflow_id=video.handle.id)
        status = await video.held()
        await video.resolve(Resolution.ADOPT, video.charged_task())
        after = await video.until(lambda s: s.task_id is not None)

        assert status.failure is not None
        assert (Hold.NEEDS_DECISION, FailureCode.GENERATION_UNCONFIRMED) == (
            status.hold,
            status.failure.code,
        )
        assert "this order was sent before the run was reset" == status.failure.detail
        assert (video.charged_task(), PRICE_USD) == (after.task_id, after.spent_usd)
        assert 1 == journey.count("generate_video")
        assert PRICE_USD == await day_usd(journey)

    async def test_where_keys_are_proven_the_same_key_finds_it(self, journey: Journey) -> None:
        await journey.restart_worker(upstream_idempotency_proven=True)
        video = await Video.ordered(journey, poll_interval_s=SLOW_S)
        await video.until(lambda s: s.task_id is not None)

        await journey.reset_before("ACTIVITY_TASK_SCHEDULED", workflow_id=video.handle.id)
        await journey.until_counted("generate_video", 2)
        await video.until(lambda s: s.task_id is not None)

        assert 1 == len(set(video.orders()))
        assert 1 == journey.count("video_charged")
        assert PRICE_USD == await day_usd(journey)

    async def test_what_had_no_effect_before_is_sent_now(self, journey: Journey) -> None:
        journey.fault("generate_video", "401_documented")
        # The account stays refused, so nothing is sent anew before the reset.
        journey.fault("balance", "401_documented", times=None)
        video = await Video.ordered(journey)
        await video.held()

        await journey.reset_before("ACTIVITY_TASK_SCHEDULED", workflow_id=video.handle.id)
        status = await journey.client.get_workflow_handle(
            video.handle.id, result_type=VideoStatus
        ).result()

        assert (VideoState.DONE, PRICE_USD) == (status.state, status.spent_usd)
        assert 1 == journey.count("video_charged")


UNKNOWN = ["drop_after_effect", "500_after_effect", "502_html_after_effect", "truncated_json"]


class TestProvenKeys:
    @pytest.mark.parametrize("kind", UNKNOWN)
    async def test_a_lost_answer_is_asked_for_again_under_the_same_key(
        self, journey: Journey, kind: str
    ) -> None:
        await journey.restart_worker(upstream_idempotency_proven=True)
        journey.fault("generate_video", kind)
        video = await Video.ordered(journey)

        status = await video.handle.result()

        assert (VideoState.DONE, PRICE_USD) == (status.state, status.spent_usd)
        assert 2 == len(video.orders())
        assert 1 == len(set(video.orders()))
        assert 1 == journey.count("video_charged")

    async def test_three_times_are_enough(self, journey: Journey) -> None:
        await journey.restart_worker(upstream_idempotency_proven=True)
        journey.fault("generate_video", "drop_after_effect", times=9)
        video = await Video.ordered(journey)

        status = await video.held()

        assert (Hold.NEEDS_DECISION, PRICE_USD) == (status.hold, status.spent_usd)
        assert 3 == len(video.orders())
        assert 1 == len(set(video.orders()))
        assert 1 == journey.count("video_charged")

    async def test_a_burnt_key_is_not_asked_twice(self, journey: Journey) -> None:
        await journey.restart_worker(upstream_idempotency_proven=True)
        journey.change(idempotency="indeterminate")
        journey.fault("generate_video", "drop_after_effect")
        video = await Video.ordered(journey)

        status = await video.held()

        assert Hold.NEEDS_DECISION == status.hold
        assert 2 == len(video.orders())
        assert 1 == journey.count("video_charged")

    @pytest.mark.parametrize("kind", UNKNOWN)
    @pytest.mark.parametrize("mode", ["honoured", "ignored"])
    async def test_unproven_nothing_is_sent_again(
        self, journey: Journey, kind: str, mode: str
    ) -> None:
        journey.change(idempotency=mode)
        journey.fault("generate_video", kind)
        video = await Video.ordered(journey)

        status = await video.held()

        assert Hold.NEEDS_DECISION == status.hold
        assert 1 == journey.count("generate_video")
        assert 1 == journey.count("video_charged")

    async def test_a_refusal_of_the_second_try_says_nothing_of_the_first(
        self, journey: Journey
    ) -> None:
        await journey.restart_worker(upstream_idempotency_proven=True)
        journey.fault("generate_video", "drop_after_effect")
        journey.fault("generate_video", "400")
        video = await Video.ordered(journey)

        status = await video.held()

        assert status.failure is not None
        assert FailureCode.GENERATION_UNCONFIRMED == status.failure.code
        assert 1 == journey.count("video_charged")
        assert PRICE_USD == await day_usd(journey)


class TestBytes:
    async def test_they_do_not_follow_the_settings(self, journey: Journey) -> None:
        """The webhook's address stands in them, which other keys and addresses would change."""
        await journey.restart_worker(upstream_webhook=True, public_base_url="https://one.example")
        journey.fault("generate_video", "drop_after_effect")
        video = await Video.ordered(journey)
        await video.held()

        journey.new_link_keys()
        await journey.restart_worker(upstream_webhook=False, public_base_url="https://two.example")
        await video.resolve(Resolution.RESUBMIT)
        await video.handle.result()

        assert 2 == len(video.orders())
        assert 1 == len(set(video.orders()))
        assert 1 == journey.count("video_charged")
        assert 1 == len(journey.world.vault.secrets["webhook_urls"])
