"""What is tried again, how often, after how long, and what is not."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from likeness.client import (
    ConflictError,
    NoAnswerError,
    Patience,
    TooManyRequestsError,
    UnavailableError,
)
from likeness.failures import FailureCode
from tests.unit.client.pretended import ASSETS, CREATED, Pretended, problem, shown

LOST = httpx.ReadError("canary")
NOBODY = httpx.ConnectError("canary")


def away(**headers: str) -> httpx.Response:
    return problem(FailureCode.TEMPORAL_AWAY, 503, **headers)


def busy(**headers: str) -> httpx.Response:
    return problem(FailureCode.TOO_MANY_REQUESTS, 429, **headers)


class TestSafeToRepeat:
    async def test_a_question_is_asked_again_until_it_is_answered(self) -> None:
        likeness = Pretended(NOBODY, LOST, away(), httpx.Response(502), shown())

        assert shown() == await likeness.client().onboardings.get("o-1")
        assert ["GET /v1/onboardings/o-1"] * 5 == likeness.asked()

    async def test_it_is_given_up_after_so_many_tries(self) -> None:
        likeness = Pretended(*[away() for _ in range(9)])

        with pytest.raises(UnavailableError) as told:
            await likeness.client(tries=3).onboardings.get("o-1")

        assert FailureCode.TEMPORAL_AWAY == told.value.problem.code
        assert (3, 2) == (len(likeness.requests), len(likeness.waits))

    async def test_a_creation_keeps_its_key_over_every_repeat(self) -> None:
        likeness = Pretended(LOST, away(), CREATED)

        assert CREATED == await likeness.client().onboardings.create(person="m", assets=ASSETS)

        keys = {request.headers["idempotency-key"] for request in likeness.requests}
        assert (1, 3) == (len(keys), len(likeness.requests))
        assert 1 == len({request.content for request in likeness.requests})

    async def test_an_order_that_done_twice_is_done_once_is_given_again(self) -> None:
        likeness = Pretended(LOST, shown())

        assert shown() == await likeness.client().onboardings.check_now("o-1")


class TestNotSafeToRepeat:
    async def test_an_order_that_may_be_done_is_not_given_again(self) -> None:
        likeness = Pretended(LOST)

        with pytest.raises(NoAnswerError) as told:
            await likeness.client().onboardings.extend_deadline("o-1", 3600)

        assert told.value.maybe_done
        assert 1 == len(likeness.requests)

    async def test_nor_is_one_that_no_worker_has_answered_yet(self) -> None:
        likeness = Pretended(problem(FailureCode.WORKER_AWAY, 503, retry_after="5"))

        with pytest.raises(UnavailableError) as told:
            await likeness.client().onboardings.extend_deadline("o-1", 3600)

        assert 5 == told.value.retry_after_s
        assert 1 == len(likeness.requests)

    async def test_one_that_nobody_can_have_heard_is(self) -> None:
        likeness = Pretended(NOBODY, busy(), shown())

        assert shown() == await likeness.client().onboardings.extend_deadline("o-1", 3600)

    async def test_nobody_there_at_all_leaves_nothing_in_doubt(self) -> None:
        likeness = Pretended(NOBODY, NOBODY)

        with pytest.raises(NoAnswerError) as told:
            await likeness.client(tries=2).onboardings.extend_deadline("o-1", 3600)

        assert not told.value.maybe_done

    async def test_a_refusal_is_no_reason_to_ask_again(self) -> None:
        likeness = Pretended(problem(FailureCode.DIFFERENT_REQUEST, 409))

        with pytest.raises(ConflictError):
            await likeness.client().onboardings.create(person="m", assets=ASSETS)

        assert 1 == len(likeness.requests)

    async def test_nor_is_a_bug(self) -> None:
        likeness = Pretended(problem(FailureCode.BUG, 500))

        with pytest.raises(UnavailableError):
            await likeness.client().onboardings.get("o-1")

        assert 1 == len(likeness.requests)


class TestWaits:
    async def test_they_double_up_to_the_longest_less_half_by_chance(self) -> None:
        likeness = Pretended(*[away() for _ in range(6)])
        client = likeness.client(tries=6, first_wait_s=1, longest_wait_s=4)

        with pytest.raises(UnavailableError):
            await client.onboardings.get("o-1")

        longest = [1, 2, 4, 4, 4]
        assert len(longest) == len(likeness.waits)
        assert all(
            most / 2 <= wait <= most for wait, most in zip(likeness.waits, longest, strict=True)
        )

    async def test_what_is_asked_for_is_kept(self) -> None:
        likeness = Pretended(busy(retry_after="7"), shown())

        await likeness.client(first_wait_s=0.25).onboardings.get("o-1")

        (wait,) = likeness.waits
        assert 7 <= wait <= 7.25

    async def test_also_as_a_date(self) -> None:
        at = datetime.now(UTC) + timedelta(seconds=30)
        likeness = Pretended(busy(retry_after=format_datetime(at, usegmt=True)), shown())

        await likeness.client(first_wait_s=0).onboardings.get("o-1")

        (wait,) = likeness.waits
        assert 0 < wait <= 30

    async def test_more_than_the_longest_is_left_to_the_caller(self) -> None:
        likeness = Pretended(busy(retry_after="3600"))

        with pytest.raises(TooManyRequestsError) as told:
            await likeness.client().onboardings.get("o-1")

        assert 3600 == told.value.retry_after_s
        assert [] == likeness.waits

    @pytest.mark.parametrize("word", ["soon", "nan", "inf", "", "-5"])
    async def test_nonsense_is_as_good_as_nothing(self, word: str) -> None:
        likeness = Pretended(busy(retry_after=word), shown())

        await likeness.client(first_wait_s=1).onboardings.get("o-1")

        (wait,) = likeness.waits
        assert 0 <= wait <= 1

    @pytest.mark.parametrize("wrong", [{"tries": 0}, {"first_wait_s": -1}, {"longest_wait_s": -1}])
    def test_a_patience_that_makes_no_sense_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="tried once at least"):
            Patience(**wrong)
