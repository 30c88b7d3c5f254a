"""The pace of one process, by a clock that only moves when somebody sleeps."""

import asyncio

import pytest

from apimart import Lane, RateLimited, RateLimiter


class Clock:
    """Time for tests: sleepers wake in order, each at its exact moment."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, woken))
        await woken

    async def run_until(self, moment: float) -> None:
        while True:
            await _settle()
            due = [sleeper for sleeper in self._sleepers if sleeper[0] <= moment]
            if not due:
                self.now = moment
                return
            sleeper = min(due, key=lambda each: each[0])
            self._sleepers.remove(sleeper)
            self.now = max(self.now, sleeper[0])
            if not sleeper[1].done():
                sleeper[1].set_result(None)


async def _settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def served(
    limiter: RateLimiter, clock: Clock, seconds: float, **crowd: int
) -> dict[str, int]:
    """How many of each lane's crowd get their turn within so many seconds."""
    counts = dict.fromkeys(crowd, 0)

    async def wait(lane: str) -> None:
        await limiter.acquire(Lane(lane), max_wait_s=1e6)
        counts[lane] += 1

    tasks = [asyncio.create_task(wait(lane)) for lane, size in crowd.items() for _ in range(size)]
    await clock.run_until(clock.now + seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return counts


@pytest.fixture
def clock() -> Clock:
    return Clock()


def limiter_at(requests_per_second: float, clock: Clock) -> RateLimiter:
    return RateLimiter(requests_per_second, clock=clock, sleep=clock.sleep)


class TestShares:
    async def test_pollers_alone_get_two_thirds(self, clock: Clock) -> None:
        counts = await served(limiter_at(3, clock), clock, 10, upstream=100)

        assert counts == {"upstream": 2 + 20}

    async def test_persons_alone_get_everything(self, clock: Clock) -> None:
        counts = await served(limiter_at(3, clock), clock, 10, person=100)

        assert counts == {"person": 3 + 30}

    async def test_a_crowd_of_pollers_never_takes_the_persons_third(self, clock: Clock) -> None:
        counts = await served(limiter_at(3, clock), clock, 10, upstream=100, person=100)

        assert counts == {"upstream": 2 + 20, "person": 1 + 10}

    async def test_a_crowd_of_persons_leaves_waiting_pollers_theirs(self, clock: Clock) -> None:
        counts = await served(limiter_at(3, clock), clock, 10, person=100, upstream=100)

        # What lay unused when the first came is theirs; of what comes later, only the third.
        assert counts == {"person": 3 + 10, "upstream": 20}

    async def test_a_person_does_not_stand_behind_waiting_pollers(self, clock: Clock) -> None:
        limiter = limiter_at(1, clock)
        pollers = [
            asyncio.create_task(limiter.acquire(Lane.UPSTREAM, max_wait_s=1e6)) for _ in range(50)
        ]
        await clock.run_until(clock.now + 1)

        tap = asyncio.create_task(limiter.acquire(Lane.PERSON, max_wait_s=8))
        await clock.run_until(clock.now)

        assert tap.done()
        for poller in pollers:
            poller.cancel()
        await asyncio.gather(*pollers, return_exceptions=True)


class TestQueue:
    async def test_a_line_too_long_is_refused_with_the_wait(self, clock: Clock) -> None:
        limiter = limiter_at(3, clock)
        waiting = [
            asyncio.create_task(limiter.acquire(Lane.UPSTREAM, max_wait_s=60)) for _ in range(22)
        ]
        await clock.run_until(clock.now)

        with pytest.raises(RateLimited) as caught:
            await limiter.acquire(Lane.UPSTREAM, max_wait_s=10)

        assert (caught.value.code, caught.value.retry_after_s) == ("local_queue", 10.5)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def test_who_leaves_the_line_takes_no_turn_along(self, clock: Clock) -> None:
        limiter = limiter_at(3, clock)
        await served(limiter, clock, 0, upstream=20)

        assert await served(limiter, clock, 1, upstream=20) == {"upstream": 2}


class TestPace:
    async def test_a_refusal_halves_it(self, clock: Clock) -> None:
        limiter = limiter_at(8, clock)

        limiter.slow_down()

        assert limiter.requests_per_second == 4

    async def test_refusals_of_one_moment_count_once(self, clock: Clock) -> None:
        limiter = limiter_at(8, clock)

        for _ in range(5):
            limiter.slow_down()

        assert limiter.requests_per_second == 4

    async def test_it_never_stands_still(self, clock: Clock) -> None:
        limiter = limiter_at(16, clock)

        for _ in range(100):
            limiter.slow_down()
            clock.now += 1

        assert limiter.requests_per_second >= 1

    async def test_it_comes_back_evenly(self, clock: Clock) -> None:
        limiter = limiter_at(8, clock)
        limiter.slow_down()

        clock.now += 30

        assert limiter.requests_per_second == 6
        clock.now += 30
        assert limiter.requests_per_second == 8

    async def test_those_already_waiting_slow_down_too(self, clock: Clock) -> None:
        limiter = limiter_at(16, clock)
        for _ in range(100):
            limiter.slow_down()
            clock.now += 1
        before = limiter.requests_per_second
        await served(limiter, clock, 0, upstream=20)

        counts = await served(limiter, clock, 3, upstream=100)

        assert before <= 1.5
        assert counts["upstream"] <= 5

    @pytest.mark.parametrize("pace", [0, -1, float("nan"), float("inf")])
    def test_it_must_be_a_number_above_zero(self, pace: float) -> None:
        with pytest.raises(ValueError, match="above 0"):
            RateLimiter(pace)
