from dataclasses import dataclass

import pytest

from web.quotas import Quota, Quotas

TWO_A_MINUTE = Quota(2, 60.0)
THREE_AN_HOUR = Quota(3, 3600.0)


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quotas(clock: Clock) -> Quotas:
    return Quotas(3600.0, clock=clock)


class TestTaking:
    def test_ends_where_the_quota_does_and_says_when_it_goes_on(
        self, quotas: Quotas, clock: Clock
    ) -> None:
        waits = []
        for _ in range(3):
            waits.append(quotas.wait_s("a", TWO_A_MINUTE))
            clock.now += 10

        assert [0.0, 0.0, 40.0] == waits

    def test_goes_on_when_the_first_one_is_old_enough(self, quotas: Quotas, clock: Clock) -> None:
        for _ in range(2):
            quotas.wait_s("a", TWO_A_MINUTE)
        clock.now += 59
        before = quotas.wait_s("a", TWO_A_MINUTE)
        clock.now += 1

        assert (1.0, 0.0) == (before, quotas.wait_s("a", TWO_A_MINUTE))

    def test_is_counted_for_each_key_apart(self, quotas: Quotas) -> None:
        waits = [quotas.wait_s(key, TWO_A_MINUTE) > 0 for key in "aaabbb"]

        assert [False, False, True] * 2 == waits

    def test_is_held_by_the_strictest_of_several_quotas(self, quotas: Quotas, clock: Clock) -> None:
        taken = 0
        for _ in range(10):
            taken += 2 - sum(quotas.wait_s("a", TWO_A_MINUTE, THREE_AN_HOUR) > 0 for _ in range(2))
            clock.now += 61

        assert 3 == taken

    def test_takes_nothing_where_it_has_to_wait(self, quotas: Quotas, clock: Clock) -> None:
        for _ in range(50):
            quotas.wait_s("a", TWO_A_MINUTE)
        clock.now += 60

        assert [0.0, 0.0, 60.0] == [quotas.wait_s("a", TWO_A_MINUTE) for _ in range(3)]


class TestGivingBack:
    def test_lets_one_more_be_taken(self, quotas: Quotas) -> None:
        for _ in range(2):
            quotas.wait_s("a", TWO_A_MINUTE)
        quotas.give_back("a")

        assert [0.0, 60.0] == [quotas.wait_s("a", TWO_A_MINUTE) for _ in range(2)]

    def test_of_nothing_is_no_error(self, quotas: Quotas) -> None:
        quotas.give_back("a")

        assert 0 == len(quotas)


class TestMemory:
    def test_holds_nobody_whose_hour_has_passed(self, quotas: Quotas, clock: Clock) -> None:
        for number in range(1_000):
            quotas.wait_s(f"{number}", THREE_AN_HOUR)
        quotas.give_back("999")
        clock.now += 3600
        quotas.wait_s("late", THREE_AN_HOUR)

        assert 1 == len(quotas)

    def test_holds_nothing_of_a_busy_key_that_is_older(self, quotas: Quotas, clock: Clock) -> None:
        for _ in range(1_000):
            quotas.wait_s("a", THREE_AN_HOUR)
            clock.now += 1800

        assert [2] == [len(taken) for taken in quotas._taken.values()]

    def test_holds_no_more_keys_than_it_may_and_forgets_the_oldest(self, clock: Clock) -> None:
        quotas = Quotas(3600.0, clock=clock, most_keys=2)
        for key in ("old", "busy", "busy", "new"):
            quotas.wait_s(key, TWO_A_MINUTE)

        assert 2 == len(quotas)
        assert [True, False] == [quotas.wait_s(key, TWO_A_MINUTE) > 0 for key in ("busy", "old")]
