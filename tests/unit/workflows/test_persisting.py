"""When a step that had no effect is performed again: pauses, and the account's own word."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from likeness.failures import FailureCode
from likeness.messages.steps import AccountReady
from workflows import persisting
from workflows.performing import StepFailedError
from workflows.persisting import OF_THE_ACCOUNT, TryNow, perform_until_taken

AWAY, EMPTY = FailureCode.UPSTREAM_UNAVAILABLE, FailureCode.UPSTREAM_BALANCE
ACCOUNT_IS_GOOD = "account is good"


class Performance:
    """Fails as told, then works."""

    def __init__(self, *codes: FailureCode) -> None:
        self.times = 0
        self._codes = list(codes)

    async def __call__(self) -> str:
        self.times += 1
        if self._codes:
            raise StepFailedError("submit_assets", self._codes.pop(0))
        return "done"


class Trying:
    """`perform_until_taken` with rests that are noted and cost no time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rests: list[float | str] = []
        self.awaited: list[dict[str, Any]] = []
        self.troubles: list[FailureCode] = []
        self.try_now = TryNow()
        self.given_up = False
        self.on_rest: Callable[[], None] = lambda: None
        self.remain_usd: float | None = None
        monkeypatch.setattr("temporalio.workflow.wait_condition", self._pause)
        monkeypatch.setattr(persisting, "account_is_good", self._account)

    async def _pause(self, is_over: Callable[[], bool], *, timeout: float, **_: Any) -> None:  # noqa: ASYNC109 - the SDK's own name
        self.rests.append(timeout)
        self.on_rest()
        if not is_over():
            raise TimeoutError

    async def _account(self, *named: Any, **how: Any) -> AccountReady:
        self.rests.append(ACCOUNT_IS_GOOD)
        self.awaited.append({"named": named, **how})
        self.on_rest()
        return AccountReady(remain_usd=self.remain_usd)

    async def the(self, performance: Callable[[], Awaitable[str]]) -> str:
        return await perform_until_taken(
            performance,
            repeatable=lambda failed: failed.had_no_effect,
            trouble=lambda failure: self.troubles.append(failure.code),
            given_up=lambda: self.given_up,
            account="second",
            try_now=self.try_now,
        )


@pytest.fixture
def trying(monkeypatch: pytest.MonkeyPatch) -> Trying:
    return Trying(monkeypatch)


class TestUntilTaken:
    async def test_one_that_works_is_performed_once_and_troubles_nobody(
        self, trying: Trying
    ) -> None:
        performance = Performance()

        assert "done" == await trying.the(performance)
        assert 1 == performance.times
        assert [] == trying.troubles

    async def test_each_failure_without_effect_is_told_and_tried_again(
        self, trying: Trying
    ) -> None:
        performance = Performance(AWAY, EMPTY)

        assert "done" == await trying.the(performance)
        assert [AWAY, EMPTY] == trying.troubles

    async def test_pauses_grow_from_half_a_minute_to_an_hour(self, trying: Trying) -> None:
        await trying.the(Performance(*[AWAY] * 9))

        assert [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] == trying.rests

    async def test_two_weeks_of_trouble_stay_below_a_hundred_and_twenty_tries(
        self, trying: Trying
    ) -> None:
        await trying.the(Performance(*[AWAY] * 120))

        assert [3600, 7200, 14400, 14400] == trying.rests[29:33]
        assert 14 * 24 * 3600 <= sum(float(rest) for rest in trying.rests)

    @pytest.mark.parametrize(
        "code",
        [
            FailureCode.SUBMISSION_UNCONFIRMED,
            FailureCode.GENERATION_UNCONFIRMED,
            FailureCode.BUG,
            FailureCode.UPSTREAM_REFUSED,
        ],
    )
    async def test_one_that_may_have_had_an_effect_is_never_performed_again(
        self, trying: Trying, code: FailureCode
    ) -> None:
        performance = Performance(code)

        with pytest.raises(StepFailedError) as failed:
            await trying.the(performance)

        assert code is failed.value.code
        assert 1 == performance.times
        assert [] == trying.rests


class TestAccount:
    @pytest.mark.parametrize("code", sorted(OF_THE_ACCOUNT))
    async def test_what_the_account_was_refused_for_waits_for_it_and_not_for_a_time(
        self, trying: Trying, code: FailureCode
    ) -> None:
        assert "done" == await trying.the(Performance(code))
        assert [ACCOUNT_IS_GOOD] == trying.rests
        assert ("second", code) == trying.awaited[0]["named"]

    async def test_one_refused_though_the_account_is_good_also_pauses_ever_longer(
        self, trying: Trying
    ) -> None:
        await trying.the(Performance(*[FailureCode.UPSTREAM_FORBIDDEN] * 12))

        pauses = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]
        assert pauses == trying.rests[1::2]
        assert [ACCOUNT_IS_GOOD] * 12 == trying.rests[0::2]

    async def test_a_balance_that_was_not_enough_has_to_rise(self, trying: Trying) -> None:
        trying.remain_usd = 0.4

        await trying.the(Performance(EMPTY, EMPTY))

        assert [None, AccountReady(remain_usd=0.4)] == [it["too_little"] for it in trying.awaited]

    async def test_another_refusal_says_nothing_against_the_balance(self, trying: Trying) -> None:
        trying.remain_usd = 0.4

        await trying.the(Performance(EMPTY, FailureCode.UPSTREAM_FORBIDDEN))

        assert [None, None] == [it["too_little"] for it in trying.awaited]


class TestGivingUp:
    @pytest.mark.parametrize("code", [AWAY, EMPTY])
    async def test_it_ends_a_rest_with_the_last_failure(
        self, trying: Trying, code: FailureCode
    ) -> None:
        def give_up() -> None:
            trying.given_up = len(trying.rests) == 2

        trying.on_rest = give_up
        performance = Performance(*[code] * 9)

        with pytest.raises(StepFailedError):
            await trying.the(performance)

        assert 2 == performance.times


class TestTryNow:
    async def test_it_ends_the_pause_and_leaves_the_account_unasked(self, trying: Trying) -> None:
        trying.on_rest = trying.try_now.ask
        performance = Performance(*[FailureCode.UPSTREAM_FORBIDDEN] * 2)

        assert "done" == await trying.the(performance)
        assert [ACCOUNT_IS_GOOD, 30] == trying.rests

    async def test_a_wish_from_before_the_failure_ends_no_rest(self, trying: Trying) -> None:
        trying.try_now.ask()

        assert "done" == await trying.the(Performance(EMPTY, EMPTY))
        assert [ACCOUNT_IS_GOOD, 30, ACCOUNT_IS_GOOD] == trying.rests
