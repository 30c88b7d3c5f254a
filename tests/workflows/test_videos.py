"""The paid video: what an operator decides of it, when it stalls, and who may hurry a look."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from likeness.failures import FailureCode
from likeness.messages.conversation import Resolution
from likeness.stages import Hold, VideoState
from tests.workflows.conftest import Journey
from tests.workflows.videos import SLOW_S, Video, refusal

pytestmark = pytest.mark.server


async def unconfirmed(journey: Journey) -> Video:
    """A video whose paid order was taken, without anybody here knowing it."""
    journey.fault("generate_video", "drop_after_effect")
    video = await Video.ordered(journey)
    await video.held()
    return video


class TestUnconfirmed:
    async def test_a_task_found_at_the_upstream_is_adopted(self, journey: Journey) -> None:
        video = await unconfirmed(journey)

        told = await video.resolve(Resolution.ADOPT, video.charged_task())
        status = await video.handle.result()

        assert (None, video.charged_task()) == (told.hold, told.task_id)
        assert VideoState.DONE == status.state
        assert [("resolve", "night", "seen")] == [
            (order.verb, order.actor, order.reason) for order in status.orders
        ]
        assert 1 == journey.count("video_charged")

    @pytest.mark.parametrize(("mode", "charges"), [("honoured", 1), ("ignored", 2)])
    async def test_sent_again_it_has_the_same_key_and_bytes(
        self, journey: Journey, mode: str, charges: int
    ) -> None:
        """Where the upstream ignores keys it is an operator's decision that pays twice."""
        journey.change(idempotency=mode)
        video = await unconfirmed(journey)

        await video.resolve(Resolution.RESUBMIT)
        status = await video.handle.result()

        assert VideoState.DONE == status.state
        assert 2 == len(video.orders())
        assert 1 == len(set(video.orders()))
        assert charges == journey.count("video_charged")

    async def test_a_burnt_key_comes_back_to_the_decision(self, journey: Journey) -> None:
        journey.change(idempotency="indeterminate")
        video = await unconfirmed(journey)

        await video.resolve(Resolution.RESUBMIT)
        status = await video.held()

        assert status.failure is not None
        assert FailureCode.GENERATION_UNCONFIRMED == status.failure.code
        assert "indeterminate" in (status.failure.detail or "")
        assert 1 == journey.count("video_charged")

    async def test_given_up_it_fails_with_the_reason_of_the_hold(self, journey: Journey) -> None:
        video = await unconfirmed(journey)

        await video.resolve(Resolution.GIVE_UP)
        status = await video.handle.result()

        assert (VideoState.FAILED, None) == (status.state, status.hold)
        assert status.failure is not None
        assert FailureCode.GENERATION_UNCONFIRMED == status.failure.code
        assert 1 == journey.count("generate_video")

    async def test_of_two_decisions_at_once_one_is_heeded(self, journey: Journey) -> None:
        video = await unconfirmed(journey)

        told = await asyncio.gather(
            refusal(video.resolve(Resolution.ADOPT, video.charged_task())),
            refusal(video.resolve(Resolution.RESUBMIT)),
        )
        status = await video.handle.result()

        assert {None, FailureCode.NOTHING_TO_RESOLVE} == set(told)
        assert 1 == len(status.orders)


class TestNothingHeld:
    @pytest.mark.parametrize("resolution", [Resolution.RESUBMIT, Resolution.GIVE_UP])
    async def test_there_is_nothing_to_resolve(
        self, journey: Journey, resolution: Resolution
    ) -> None:
        journey.change(video_seconds=3)
        video = await Video.ordered(journey)
        await video.until(lambda s: s.task_id is not None)

        assert FailureCode.NOTHING_TO_RESOLVE == await refusal(video.resolve(resolution))
        assert VideoState.DONE == (await video.handle.result()).state

    async def test_a_cancel_leaves_a_paid_video_to_be_brought_home(self, journey: Journey) -> None:
        journey.change(video_seconds=2)
        video = await Video.ordered(journey)
        await video.until(lambda s: s.task_id is not None)

        await video.cancel()
        status = await video.handle.result()

        assert VideoState.DONE == status.state
        assert ["cancel"] == [order.verb for order in status.orders]


async def too_dear(journey: Journey) -> Video:
    """A video that waits, without an effect, for a limit to be raised."""
    await journey.restart_worker(spend_per_video_usd=1)
    video = await Video.ordered(journey)
    await video.held_by(FailureCode.SPEND_LIMIT)
    return video


class TestWithoutEffect:
    @pytest.mark.parametrize(
        "hurry",
        [lambda v: v.resolve(Resolution.RESUBMIT), Video.check_now],
        ids=["resubmit", "check_now"],
    )
    async def test_an_operator_need_not_wait_for_the_next_try(
        self, journey: Journey, hurry: Callable[[Video], Awaitable[object]]
    ) -> None:
        video = await too_dear(journey)
        await journey.restart_worker(spend_per_video_usd=10)

        await hurry(video)
        status = await video.handle.result()

        assert VideoState.DONE == status.state
        assert 0 == await video.events("TIMER_FIRED")
        assert 1 == journey.count("video_charged")

    async def test_one_without_balance_is_given_up_at_no_cost(self, journey: Journey) -> None:
        journey.change(balance_usd=0)
        video = await Video.ordered(journey)
        await video.held_by(FailureCode.UPSTREAM_BALANCE)

        await video.resolve(Resolution.GIVE_UP)
        status = await video.handle.result()

        assert VideoState.FAILED == status.state
        assert status.failure is not None
        assert FailureCode.UPSTREAM_BALANCE == status.failure.code
        assert 0 == journey.count("video_charged")

    async def test_it_has_no_task_to_adopt(self, journey: Journey) -> None:
        video = await too_dear(journey)

        refused = await refusal(video.resolve(Resolution.ADOPT, "task_of_another"))

        assert FailureCode.NOTHING_TO_RESOLVE == refused

    async def test_given_up_it_has_cost_nothing(self, journey: Journey) -> None:
        video = await too_dear(journey)

        await video.resolve(Resolution.GIVE_UP)
        status = await video.handle.result()

        assert VideoState.FAILED == status.state
        assert status.failure is not None
        assert FailureCode.SPEND_LIMIT == status.failure.code
        assert 0 == journey.count("video_charged")

    async def test_a_wish_to_try_now_undoes_no_decision_of_the_same_moment(
        self, journey: Journey
    ) -> None:
        await journey.restart_worker(spend_per_day_usd=1)
        video = await Video.ordered(journey)
        await video.held()
        await journey.stop_worker()

        giving_up = asyncio.create_task(video.resolve(Resolution.GIVE_UP))
        await asyncio.sleep(0.3)
        checking = asyncio.create_task(video.check_now())
        await asyncio.sleep(0.3)
        await journey.restart_worker(spend_per_day_usd=200)
        status = await video.handle.result()
        await asyncio.gather(giving_up, checking, return_exceptions=True)

        assert VideoState.FAILED == status.state
        assert 0 == journey.count("generate_video")

    async def test_a_cancel_ends_it_as_canceled(self, journey: Journey) -> None:
        video = await too_dear(journey)

        await video.cancel()
        status = await video.handle.result()

        assert VideoState.CANCELED == status.state
        assert 0 == journey.count("video_charged")


class TestWatchThatStandsStill:
    async def test_a_task_nobody_knows_any_more_is_adopted_anew(self, journey: Journey) -> None:
        journey.change(video_seconds=1)
        journey.fault("get_task", "404", task_kind="video", times=5)
        video = await Video.ordered(journey)
        held = await video.held()

        await video.resolve(Resolution.ADOPT, video.charged_task())
        status = await video.handle.result()

        assert held.failure is not None
        assert FailureCode.UPSTREAM_LOST_TASK == held.failure.code
        assert VideoState.DONE == status.state
        assert 1 == journey.count("video_charged")

    async def test_a_look_called_malformed_waits_and_is_repeated_without_a_second_order(
        self, journey: Journey
    ) -> None:
        journey.fault("get_task", "400", task_kind="video")
        video = await Video.ordered(journey)
        held = await video.held()

        await video.resolve(Resolution.RESUBMIT)
        status = await video.handle.result()

        assert Hold.NEEDS_OPERATOR == held.hold
        assert held.failure is not None
        assert FailureCode.UPSTREAM_REFUSED == held.failure.code
        assert VideoState.DONE == status.state
        assert 1 == journey.count("generate_video")


async def stalled(journey: Journey) -> Video:
    """A video that takes three seconds, of which more than one is thought to be too long."""
    journey.change(video_seconds=3, estimated_time=False)
    video = await Video.ordered(journey, stalled_after_s=1)
    await video.until(lambda s: s.stalled)
    return video


class TestStalled:
    async def test_it_is_told_and_brought_home_after_all(self, journey: Journey) -> None:
        video = await stalled(journey)
        held = await video.status()

        status = await video.handle.result()

        assert Hold.NEEDS_OPERATOR == held.hold
        assert held.failure is not None
        assert FailureCode.GENERATION_STALLED == held.failure.code
        assert (VideoState.DONE, False, None) == (status.state, status.stalled, status.failure)
        assert 1 == journey.count("video_charged")

    @pytest.mark.parametrize(
        "order", [Video.cancel, lambda v: v.resolve(Resolution.GIVE_UP)], ids=["cancel", "give_up"]
    )
    async def test_only_an_operator_gives_it_up(
        self, journey: Journey, order: Callable[[Video], Awaitable[object]]
    ) -> None:
        video = await stalled(journey)

        await order(video)
        status = await video.handle.result()

        assert VideoState.FAILED == status.state
        assert status.failure is not None
        assert FailureCode.GENERATION_STALLED == status.failure.code
        assert video.charged_task() == status.task_id

    async def test_a_cancel_from_before_does_not(self, journey: Journey) -> None:
        journey.change(video_seconds=3, estimated_time=False)
        video = await Video.ordered(journey, stalled_after_s=1)
        await video.until(lambda s: s.task_id is not None)
        await video.handle.cancel()
        await video.until(lambda s: s.stalled)

        assert VideoState.DONE == (await video.handle.result()).state

    async def test_it_is_never_ordered_anew(self, journey: Journey) -> None:
        video = await stalled(journey)

        refused = await refusal(video.resolve(Resolution.RESUBMIT))

        assert FailureCode.NOTHING_TO_RESOLVE == refused

    async def test_trouble_with_a_look_goes_and_leaves_it_stalled(self, journey: Journey) -> None:
        video = await stalled(journey)
        journey.fault("get_task", "401_documented", task_kind="video")
        # The account stays refused until the hold has been seen.
        journey.fault("balance", "401_documented", times=None)
        await video.held_by(FailureCode.UPSTREAM_KEY_REFUSED)
        journey.world.faults.clear()

        await video.check_now()
        await video.held_by(FailureCode.GENERATION_STALLED)

        assert VideoState.DONE == (await video.handle.result()).state


async def rarely_watched(journey: Journey) -> Video:
    journey.change(estimated_time=False, video_seconds=1)
    video = await Video.ordered(journey, poll_interval_s=SLOW_S)
    await video.until(lambda s: s.task_id is not None)
    return video


class TestHurriedLooks:
    @pytest.mark.parametrize("hurry", [Video.hint, Video.check_now], ids=["hint", "check_now"])
    async def test_one_finds_what_is_finished(
        self, journey: Journey, hurry: Callable[[Video], Awaitable[object]]
    ) -> None:
        video = await rarely_watched(journey)
        await journey.until_counted("video_charged")
        await asyncio.sleep(1)

        await hurry(video)
        status = await video.handle.result()

        assert VideoState.DONE == status.state

    async def test_a_hint_is_not_believed(self, journey: Journey) -> None:
        journey.change(estimated_time=False, video_seconds=600)
        video = await Video.ordered(journey, poll_interval_s=SLOW_S)
        await video.until(lambda s: s.task_id is not None)

        await video.hint()
        await journey.until_counted("get_task")

        assert VideoState.GENERATING == (await video.status()).state

    async def test_hints_that_come_together_are_one_look(self, journey: Journey) -> None:
        journey.change(estimated_time=False, video_seconds=600)
        video = await Video.ordered(journey, poll_interval_s=SLOW_S)
        await video.until(lambda s: s.task_id is not None)

        await asyncio.gather(*(video.hint() for _ in range(30)))
        await journey.until_counted("get_task")
        await video.status()

        assert 1 == await video.events("ACTIVITY_TASK_CANCEL_REQUESTED")
        assert 1 == journey.count("get_task")

    async def test_no_more_than_twenty_are_heeded(self, journey: Journey) -> None:
        journey.change(estimated_time=False, video_seconds=600)
        video = await Video.ordered(journey, poll_interval_s=0.01)
        await video.until(lambda s: s.task_id is not None)

        for _ in range(30):
            await video.hint()
            await asyncio.sleep(0.05)
        await video.status()

        assert 20 == await video.events("ACTIVITY_TASK_CANCEL_REQUESTED")

    async def test_there_is_nothing_to_check_before_there_is_a_task(self, journey: Journey) -> None:
        video = await unconfirmed(journey)

        assert FailureCode.NOTHING_TO_CHECK == await refusal(video.check_now())
