"""Following one onboarding over broken connections, to its end."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import cast

import httpx
import pytest

from likeness.client import NoAnswerError, NotFoundError, StrangeAnswerError, UnavailableError
from likeness.failures import FailureCode
from likeness.stages import Hold, Stage
from tests.unit.client.pretended import Pretended, problem, shown, streaming, told

INVITED = shown(Stage.INVITED)
IN_REVIEW = shown(Stage.IN_REVIEW)
DONE = shown(Stage.COMPLETED)
BROKEN = httpx.ReadError("canary")


async def stages(likeness: Pretended) -> list[Stage]:
    return [each.stage async for each in likeness.client().onboardings.events("o-1")]


class TestEvents:
    async def test_each_snapshot_is_given_and_the_end_is_the_last(self) -> None:
        likeness = Pretended(
            streaming(
                told(3, INVITED),
                ": still here\n\n",
                "event: of_a_newer_likeness\ndata: {}\n\n",
                told(9, DONE),
                told(10, INVITED),
            )
        )

        assert [Stage.INVITED, Stage.COMPLETED] == await stages(likeness)

        (request,) = likeness.requests
        assert ["GET /v1/onboardings/o-1/events"] == likeness.asked()
        assert "text/event-stream" == request.headers["accept"]
        assert "last-event-id" not in request.headers

    async def test_a_broken_connection_goes_on_after_the_last_whole_event(self) -> None:
        half = told(8, IN_REVIEW)[:-20]
        likeness = Pretended(
            streaming("retry: 2000\n\n", told(3, INVITED), half, broken=BROKEN),
            httpx.ConnectError("canary"),
            problem(FailureCode.TEMPORAL_AWAY, 503, retry_after="5"),
            streaming(told(8, IN_REVIEW)),
            streaming(told(9, DONE)),
        )

        assert [Stage.INVITED, Stage.IN_REVIEW, Stage.COMPLETED] == await stages(likeness)
        assert [None, "3-abc", "3-abc", "3-abc", "8-abc"] == [
            request.headers.get("last-event-id") for request in likeness.requests
        ]

    async def test_one_that_was_over_before_it_was_made_again_has_nothing_more(self) -> None:
        likeness = Pretended(streaming(told(3, IN_REVIEW), broken=BROKEN), httpx.Response(204))

        assert [Stage.IN_REVIEW] == await stages(likeness)

    async def test_one_that_never_says_anything_is_given_up(self) -> None:
        likeness = Pretended(*[streaming() for _ in range(9)])

        with pytest.raises(NoAnswerError):
            await stages(likeness)

        assert 5 == len(likeness.requests)

    async def test_one_that_says_something_each_time_is_not(self) -> None:
        talking = [streaming(told(number, INVITED)) for number in range(20)]
        likeness = Pretended(*talking, streaming(told(20, DONE)))

        assert 21 == len(await stages(likeness))

    async def test_nor_is_one_that_lives_and_has_nothing_to_tell(self) -> None:
        resting = [streaming(": still here\n\n") for _ in range(20)]
        likeness = Pretended(*resting, streaming(told(20, DONE)))

        assert [Stage.COMPLETED] == await stages(likeness)

    async def test_an_onboarding_that_is_not_there_is_told_at_once(self) -> None:
        likeness = Pretended(problem(FailureCode.NO_SUCH_ONBOARDING, 404))

        with pytest.raises(NotFoundError):
            await stages(likeness)

        assert 1 == len(likeness.requests)

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(200, text="<html></html>", headers={"content-type": "text/html"}),
            httpx.Response(302, headers={"location": "https://elsewhere.example/"}),
            streaming("event: onboarding\ndata: {}\n\n"),
        ],
        ids=["page", "elsewhere", "shape"],
    )
    async def test_a_stream_of_something_else_is_told(self, answer: httpx.Response) -> None:
        likeness = Pretended(answer)

        with pytest.raises(StrangeAnswerError):
            await stages(likeness)

        assert 1 == len(likeness.requests)

    async def test_whoever_stops_listening_gives_the_connection_back(self) -> None:
        closed: list[bool] = []

        class Closing(httpx.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                while True:
                    yield told(1, INVITED).encode()

            async def aclose(self) -> None:
                closed.append(True)

        headers = {"content-type": "text/event-stream"}
        likeness = Pretended(httpx.Response(200, headers=headers, stream=Closing()))

        async with aclosing(likeness.client().onboardings.events("o-1")) as events:
            async for _ in events:
                break

        assert [True] == closed


class TestWaiting:
    @pytest.mark.parametrize(
        ("until", "seen"),
        [
            (None, Stage.COMPLETED),
            (Stage.IN_REVIEW, Stage.IN_REVIEW),
            (Stage.VERIFIED, Stage.IN_REVIEW),
            (Stage.READY, Stage.COMPLETED),
        ],
    )
    async def test_it_is_for_the_end_or_for_coming_as_far_as(
        self, until: Stage | None, seen: Stage
    ) -> None:
        likeness = Pretended(streaming(told(1, INVITED), told(5, IN_REVIEW), told(9, DONE)))

        assert seen == (await likeness.client().onboardings.wait("o-1", until=until)).stage

    async def test_a_run_that_was_ended_from_outside_ends_it_too(self) -> None:
        ended = told(5, IN_REVIEW).replace("event: onboarding", "event: ended")
        likeness = Pretended(streaming(ended))

        assert IN_REVIEW == await likeness.client().onboardings.wait("o-1")

    async def test_a_hold_ends_it(self) -> None:
        held = shown(Stage.IN_REVIEW, hold=Hold.NEEDS_ASSETS)
        likeness = Pretended(streaming(told(1, INVITED), told(5, held), told(9, DONE)))

        assert held == await likeness.client().onboardings.wait("o-1")

    async def test_a_likeness_that_stays_away_ends_it_with_its_problem(self) -> None:
        likeness = Pretended(*[problem(FailureCode.TEMPORAL_AWAY, 503) for _ in range(9)])

        with pytest.raises(UnavailableError):
            await likeness.client().onboardings.wait("o-1")

    async def test_for_no_stage_at_all_is_refused_with_those_that_there_are(self) -> None:
        likeness = Pretended().client()

        with pytest.raises(ValueError, match=r"one of the stages: invited, .*completed"):
            await likeness.onboardings.wait("o-1", until=cast("Stage", "complete"))
