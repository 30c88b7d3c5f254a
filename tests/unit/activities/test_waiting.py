"""How a step waits: only where waiting helps, never beyond its budget, and cheaply."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.waiting import asked_to_wait_s, beating, poll_pause_s, rest, until_sent, waited_s
from apimart import (
    ApimartError,
    BadRequest,
    Forbidden,
    InProgress,
    NotSent,
    OutcomeUnknown,
    PaymentRequired,
    RateLimited,
    Unauthorized,
)
from likeness.failures import FailureCode
from tests.unit.activities.virtual_time import VirtualClock

MINUTE_S = 60.0


class Post:
    """Fails as told and works after that; notes when it was tried."""

    def __init__(self, clock: VirtualClock, *failures: ApimartError) -> None:
        self.tried_at: list[float] = []
        self._clock = clock
        self._failures = list(failures)

    async def __call__(self) -> str:
        self.tried_at.append(self._clock.rounded_s)
        if self._failures:
            raise self._failures.pop(0)
        return "done"


class TestUntilSent:
    def test_a_request_that_never_left_is_repeated(self, clock: VirtualClock) -> None:
        post = Post(clock, NotSent(), NotSent())

        assert "done" == clock.run(until_sent(post, within_s=5))
        assert [0, 0.2, 0.6] == post.tried_at

    def test_pauses_double_up_to_five_seconds_and_end_with_the_budget(
        self, clock: VirtualClock
    ) -> None:
        post = Post(clock, *(NotSent() for _ in range(100)))

        with pytest.raises(NotSent):
            clock.run(until_sent(post, within_s=30))

        assert [0, 0.2, 0.6, 1.4, 3.0, 6.2, 11.2, 16.2, 21.2, 26.2] == post.tried_at

    def test_the_wait_the_upstream_asks_for_is_kept(self, clock: VirtualClock) -> None:
        post = Post(clock, RateLimited(retry_after_s=7))

        assert "done" == clock.run(until_sent(post, within_s=30))
        assert [0, 7] == post.tried_at

    def test_a_wait_beyond_the_budget_is_not_begun(self, clock: VirtualClock) -> None:
        post = Post(clock, RateLimited(retry_after_s=31))

        with pytest.raises(RateLimited):
            clock.run(until_sent(post, within_s=30))

        assert [0] == post.tried_at
        assert 0 == clock.elapsed_s

    @pytest.mark.parametrize(
        "failure",
        [
            OutcomeUnknown(),
            InProgress(retry_after_s=1),
            BadRequest(),
            Unauthorized(),
            PaymentRequired(),
            Forbidden(),
        ],
        ids=lambda failure: type(failure).__name__,
    )
    def test_nothing_else_is_ever_sent_twice(
        self, clock: VirtualClock, failure: ApimartError
    ) -> None:
        post = Post(clock, failure)

        with pytest.raises(type(failure)):
            clock.run(until_sent(post, within_s=30))

        assert [0] == post.tried_at


class TestBeating:
    def beats_of(
        self, clock: VirtualClock, environment: ActivityEnvironment, *, lasting_s: float
    ) -> list[tuple[float, Any]]:
        beats: list[tuple[float, Any]] = []
        environment.on_heartbeat = lambda *words: beats.append((clock.rounded_s, words))

        async def step() -> None:
            async with beating(lambda: f"at {clock.rounded_s:g}"):
                await asyncio.sleep(lasting_s)
            await asyncio.sleep(100)

        clock.run(environment.run(step))
        return beats

    def test_a_quick_step_beats_not_once(
        self, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        assert [] == self.beats_of(clock, environment, lasting_s=7.9)

    def test_a_slow_step_beats_every_two_seconds_and_stops_with_it(
        self, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        expected = [(8.0, ("at 8",)), (10.0, ("at 10",)), (12.0, ("at 12",))]

        assert expected == self.beats_of(clock, environment, lasting_s=13)

    def test_no_word_is_a_beat_without_details(
        self, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        said: list[Any] = []
        environment.on_heartbeat = lambda *words: said.append(words)

        async def step() -> None:
            async with beating(lambda: None, after_s=1):
                await asyncio.sleep(1.5)

        clock.run(environment.run(step))

        assert [()] == said

    def test_it_stops_with_a_step_that_fails(
        self, clock: VirtualClock, environment: ActivityEnvironment, beats: list[Any]
    ) -> None:
        async def step() -> None:
            with pytest.raises(LookupError):
                async with beating(lambda: "still here"):
                    raise LookupError
            await asyncio.sleep(100)

        clock.run(environment.run(step))

        assert [] == beats


class TestRest:
    def test_it_lasts_as_long_as_asked(
        self, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        clock.run(environment.run(rest, 42))

        assert 42 == clock.rounded_s

    @pytest.mark.parametrize("seconds", [0, -1])
    def test_nothing_to_wait_for_is_no_wait(
        self, clock: VirtualClock, environment: ActivityEnvironment, seconds: float
    ) -> None:
        clock.run(environment.run(rest, seconds))

        assert 0 == clock.elapsed_s

    def test_a_worker_that_leaves_ends_it_at_once_and_hands_the_step_on(
        self, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        async def step() -> None:
            asyncio.get_running_loop().call_later(3, environment.worker_shutdown)
            await rest(60)

        with pytest.raises(ApplicationError) as left:
            clock.run(environment.run(step))

        assert 3 == clock.rounded_s
        assert FailureCode.WORKER_LEAVING == left.value.type
        assert not left.value.non_retryable
        assert left.value.next_retry_delay is not None
        assert left.value.next_retry_delay.total_seconds() <= 1

    def test_a_worker_already_leaving_does_not_rest_at_all(
        self, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        environment.worker_shutdown()

        with pytest.raises(ApplicationError):
            clock.run(environment.run(rest, 60))

        assert 0 == clock.elapsed_s


class TestPollPause:
    @pytest.mark.parametrize(("waited", "pause_s"), [(0, 30), (12, 18), (29.5, 0.5)])
    def test_the_first_poll_waits_for_the_tasks_own_estimate(
        self, waited: float, pause_s: float
    ) -> None:
        assert pause_s == poll_pause_s(5, waited=waited, estimated_s=30)

    @pytest.mark.parametrize("estimated_s", [0, 30])
    def test_a_task_past_its_estimate_is_asked_at_the_interval(self, estimated_s: float) -> None:
        assert 5 == poll_pause_s(5, waited=30, estimated_s=estimated_s)

    def test_a_long_task_is_asked_less_and_less_often(self) -> None:
        assert 20 == poll_pause_s(5, waited=200, estimated_s=0)
        assert 20 == poll_pause_s(5, waited=400, estimated_s=None)

    def test_one_without_an_estimate_is_looked_at_early_and_then_at_a_steady_pace(self) -> None:
        looks, waited = [], 0.0
        while waited < 70:
            waited += poll_pause_s(5, waited=waited, estimated_s=None)
            looks.append(waited)

        assert [5, 15, 45, 56, 67, 78] == looks

    def test_a_worker_that_takes_a_watch_up_joins_its_looks(self) -> None:
        assert 15 == poll_pause_s(5, waited=30, estimated_s=None)

    def test_a_worker_whose_clock_is_behind_waits_no_longer_than_a_minute(self) -> None:
        assert 5 == poll_pause_s(5, waited=-30, estimated_s=None)
        assert poll_pause_s(5, waited=-30, estimated_s=50) <= MINUTE_S

    @given(
        interval_s=st.floats(0.1, 50),
        waited=st.floats(0, 10_000_000),
        estimated_s=st.none() | st.floats(0, 100_000),
    )
    def test_it_is_never_longer_than_a_minute(
        self, interval_s: float, waited: float, estimated_s: float | None
    ) -> None:
        pause_s = poll_pause_s(interval_s, waited=waited, estimated_s=estimated_s)

        assert 0 < pause_s <= MINUTE_S

    @given(interval_s=st.floats(0.1, 50), waited=st.floats(0, 10_000_000))
    def test_without_an_estimate_it_is_never_shorter_than_the_interval(
        self, interval_s: float, waited: float
    ) -> None:
        assert poll_pause_s(interval_s, waited=waited, estimated_s=None) >= min(interval_s, 30)

    def test_a_task_of_a_day_costs_few_calls(self) -> None:
        waited, calls = 0.0, 0
        while waited < 24 * 3600:
            waited += poll_pause_s(5, waited=waited, estimated_s=None)
            calls += 1

        assert calls < 24 * 3600 / 20


class TestHowLong:
    def test_the_wait_counts_from_the_steps_scheduling(
        self, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        async def step() -> float:
            await asyncio.sleep(90)
            return waited_s()

        assert 90 == round(clock.run(environment.run(step)), 3)

    def test_an_upstream_that_names_no_wait_asks_for_none(self) -> None:
        assert 0 == asked_to_wait_s(RateLimited())
        assert 9 == asked_to_wait_s(RateLimited(retry_after_s=9))
