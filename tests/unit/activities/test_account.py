"""One question about the account answers everybody who waits, and none comes too soon."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.account import AccountProbe, AccountSteps
from apimart import (
    ApimartError,
    Balance,
    Forbidden,
    PaymentRequired,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from likeness.failures import FailureCode
from likeness.messages.steps import AccountReady, AwaitAccount
from tests.unit.activities.virtual_time import VirtualClock

EVERY_S = 300.0
FULL, EMPTY = Balance(remain_usd=5), Balance(remain_usd=0)
REFUSED = AwaitAccount(account="default", code="upstream_balance")


class Account:
    """Answers in turn, the last answer again and again; notes when it was asked."""

    def __init__(self, clock: VirtualClock, *answers: Balance | ApimartError) -> None:
        self.asked_at: list[float] = []
        self.takes_s = 0.0
        self._clock = clock
        self._answers = list(answers)

    async def balance(self) -> Balance:
        self.asked_at.append(self._clock.rounded_s)
        await asyncio.sleep(self.takes_s)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, ApimartError):
            raise answer
        return answer


class Waiting:
    """The step, as often as wanted, on one probe."""

    def __init__(self, clock: VirtualClock, environment: ActivityEnvironment) -> None:
        self.clock = clock
        self.environment = environment

    def all(self, account: Account, *at: float, order: AwaitAccount = REFUSED) -> list[float]:
        """Begin to wait at each of the times; tell when each was let go."""
        step = AccountSteps(AccountProbe(account.balance, every_s=EVERY_S)).await_account

        async def one(begins_at: float) -> float:
            await asyncio.sleep(begins_at)
            await self.environment.run(step, order)
            return self.clock.rounded_s

        return self._run(lambda: asyncio.gather(*(one(begins_at) for begins_at in at)))

    def _run(self, waiting: Callable[[], Awaitable[list[float]]]) -> list[float]:
        async def all_of_them() -> list[float]:
            return await waiting()

        return self.clock.run(all_of_them())


@pytest.fixture
def waiting(clock: VirtualClock, environment: ActivityEnvironment) -> Waiting:
    return Waiting(clock, environment)


class TestProbe:
    def test_the_first_who_waits_asks_at_once(self, clock: VirtualClock, waiting: Waiting) -> None:
        account = Account(clock, FULL)

        assert [0] == waiting.all(account, 0)
        assert [0] == account.asked_at

    def test_a_hundred_who_wait_cost_one_call(self, clock: VirtualClock, waiting: Waiting) -> None:
        account = Account(clock, FULL)
        account.takes_s = 2

        assert [2.0] * 100 == waiting.all(account, *[0] * 100)
        assert [0] == account.asked_at

    def test_nobody_is_asked_more_often_than_allowed_however_many_wait(
        self, clock: VirtualClock, waiting: Waiting
    ) -> None:
        account = Account(clock, EMPTY, EMPTY, EMPTY, FULL)

        released = waiting.all(account, *range(0, 800, 8))

        assert [0, 300, 600, 900] == account.asked_at
        assert [900.0] * 100 == released

    def test_who_was_refused_after_a_good_answer_waits_for_the_next_one(
        self, clock: VirtualClock, waiting: Waiting
    ) -> None:
        account = Account(clock, FULL)

        assert [0, 300] == waiting.all(account, 0, 10)

    def test_a_quiet_time_counts(self, clock: VirtualClock, waiting: Waiting) -> None:
        account = Account(clock, FULL)

        assert [0, 1000] == waiting.all(account, 0, 1000)
        assert [0, 1000] == account.asked_at

    @pytest.mark.parametrize(
        "failure",
        [
            Unauthorized(),
            PaymentRequired(),
            Forbidden(),
            Unavailable(),
            RateLimited(retry_after_s=1),
        ],
        ids=lambda failure: type(failure).__name__,
    )
    def test_an_account_that_gives_no_balance_is_not_good_and_is_asked_again(
        self, clock: VirtualClock, waiting: Waiting, failure: ApimartError
    ) -> None:
        account = Account(clock, failure, failure, FULL)

        assert [600] == waiting.all(account, 0)
        assert [0, 300, 600] == account.asked_at

    def test_a_negative_balance_is_not_good(self, clock: VirtualClock, waiting: Waiting) -> None:
        account = Account(clock, Balance(remain_usd=-0.01), FULL)

        assert [300] == waiting.all(account, 0)

    def test_an_account_without_limit_is_good(self, clock: VirtualClock, waiting: Waiting) -> None:
        assert [0] == waiting.all(Account(clock, Balance(unlimited=True)), 0)

    def test_one_that_was_not_enough_has_to_rise(
        self, clock: VirtualClock, waiting: Waiting
    ) -> None:
        account = Account(clock, Balance(remain_usd=0.4), Balance(remain_usd=0.5))
        order = REFUSED.model_copy(update={"more_than_usd": 0.4})

        assert [300] == waiting.all(account, 0, order=order)


class TestAwaitAccount:
    def test_it_tells_what_is_left(
        self, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        probe = AccountProbe(Account(clock, FULL).balance, every_s=EVERY_S)

        async def step() -> AccountReady:
            return await environment.run(AccountSteps(probe).await_account, REFUSED)

        assert AccountReady(remain_usd=5) == clock.run(step())

    def test_one_who_leaves_with_the_worker_hands_the_turn_on(
        self, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        account = Account(clock, EMPTY, FULL)
        steps = AccountSteps(AccountProbe(account.balance, every_s=EVERY_S))
        other = ActivityEnvironment()

        async def leave() -> None:
            await asyncio.sleep(100)
            environment.worker_shutdown()

        async def both() -> list[AccountReady | BaseException]:
            first, second, _ = await asyncio.gather(
                environment.run(steps.await_account, REFUSED),
                other.run(steps.await_account, REFUSED),
                leave(),
                return_exceptions=True,
            )
            return [first, second]

        left, stayed = clock.run(both())

        assert isinstance(left, ApplicationError)
        assert FailureCode.WORKER_LEAVING == left.type
        assert not left.non_retryable
        assert AccountReady(remain_usd=5) == stayed
        assert [0, 300] == account.asked_at

    def test_a_long_wait_beats_in_time(
        self, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        beats: list[float] = []
        environment.on_heartbeat = lambda *_: beats.append(clock.rounded_s)

        Waiting(clock, environment).all(Account(clock, EMPTY, FULL), 0)

        assert 45 == beats[0]
        assert 298 < beats[-1]
