"""Looking for the group: few looks, each counted, never one more than allowed."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from pydantic import JsonValue, SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.sessions import SessionSteps
from likeness.failures import FailureCode
from likeness.messages.steps import GroupLooked, LooksSent, LookVerdict, QueryGroup
from tests.unit.activities.conftest import everything_said
from tests.unit.activities.pretended import (
    ANSWER_LOST,
    NOT_CONNECTED,
    Answer,
    Upstream,
    refusal,
    wait,
)
from tests.unit.activities.virtual_time import EPOCH, VirtualClock

QUESTION = QueryGroup(
    byted_token=SecretStr("canary-token"),
    project_name="studio",
    post_timeout_s=15,
    delays_s=(2, 7, 25),
)
NOT_YET: JsonValue = {"code": 200, "data": {}}
VERIFIED: JsonValue = {"code": 200, "data": {"GroupId": "group-1"}}
DEAD = refusal(400, "token_expired")


class Looking:
    """Runs the step in virtual time against an upstream in memory."""

    def __init__(self, clock: VirtualClock, environment: ActivityEnvironment) -> None:
        self.clock = clock
        self.environment = environment

    def upstream(self, *answers: Answer) -> Upstream:
        return Upstream(*answers, now=lambda: self.clock.elapsed_s)

    def against(self, upstream: Upstream, **changed: Any) -> GroupLooked:
        steps = SessionSteps(
            upstream.client(),
            project_name="another",
            callback_url=lambda _: "",
            unlisted_host=lambda _: None,
        )
        question = QUESTION.model_copy(update=changed)
        return self.clock.run(self.environment.run(steps.query_group, question))

    def fails(self, upstream: Upstream, **changed: Any) -> ApplicationError:
        with pytest.raises(ApplicationError) as failure:
            self.against(upstream, **changed)
        assert "canary" not in everything_said(failure.value)
        return failure.value


@pytest.fixture
def look(clock: VirtualClock, environment: ActivityEnvironment) -> Looking:
    return Looking(clock, environment)


class TestDelays:
    def test_they_count_from_the_start_of_the_step(self, look: Looking) -> None:
        upstream = look.upstream(NOT_YET)

        looked = look.against(upstream)

        assert [2, 7, 25] == upstream.asked_at
        assert GroupLooked(verdict=LookVerdict.PENDING, looks=3) == looked

    def test_a_slow_answer_does_not_push_the_next_look_away(self, look: Looking) -> None:
        async def slowly() -> httpx.Response:
            await asyncio.sleep(3)
            return httpx.Response(200, json=NOT_YET)

        upstream = look.upstream(slowly, NOT_YET)

        look.against(upstream)

        assert [2, 7, 25] == upstream.asked_at

    def test_only_the_token_and_project_it_was_given_are_sent(self, look: Looking) -> None:
        upstream = look.upstream(VERIFIED)

        look.against(upstream)

        assert {"byted_token": "canary-token", "project_name": "studio"} == json.loads(
            upstream.requests[0].content
        )

    def test_the_group_ends_it_at_once(self, look: Looking) -> None:
        upstream = look.upstream(NOT_YET, VERIFIED)

        looked = look.against(upstream)

        assert GroupLooked(verdict=LookVerdict.VERIFIED, looks=2, group_id="group-1") == looked
        assert [2, 7] == upstream.asked_at

    def test_a_dead_token_ends_it_at_once(self, look: Looking) -> None:
        upstream = look.upstream(DEAD)

        assert GroupLooked(verdict=LookVerdict.DEAD, looks=1) == look.against(upstream)
        assert [2] == upstream.asked_at


class TestCounting:
    def test_a_lost_answer_is_asked_for_once_more_and_both_count(self, look: Looking) -> None:
        upstream = look.upstream(ANSWER_LOST, VERIFIED)

        looked = look.against(upstream)

        assert (LookVerdict.VERIFIED, 2) == (looked.verdict, looked.looks)
        assert [2, 2] == upstream.asked_at

    def test_a_look_is_resent_at_most_once(self, look: Looking) -> None:
        upstream = look.upstream(ANSWER_LOST, ANSWER_LOST, VERIFIED)

        looked = look.against(upstream)

        assert [2, 2, 7] == upstream.asked_at
        assert 3 == looked.looks

    @pytest.mark.parametrize("max_looks", [1, 2, 3, 4, 5])
    def test_no_more_are_sent_than_allowed_resends_included(
        self, look: Looking, max_looks: int
    ) -> None:
        upstream = look.upstream(ANSWER_LOST)

        looked = look.against(upstream, max_looks=max_looks)

        assert max_looks == looked.looks == len(upstream.requests)

    def test_none_allowed_sends_none(self, look: Looking) -> None:
        upstream = look.upstream(VERIFIED)

        assert 0 == look.against(upstream, max_looks=0).looks
        assert [] == upstream.requests

    def test_it_does_not_wait_for_looks_that_are_not_allowed(
        self, look: Looking, clock: VirtualClock
    ) -> None:
        look.against(look.upstream(NOT_YET), max_looks=2)

        assert 7 == clock.rounded_s

    @pytest.mark.parametrize(
        "unsent", [NOT_CONNECTED, wait(60), refusal(503, "idempotency_unavailable")]
    )
    def test_a_question_that_never_arrived_burns_no_look(
        self, look: Looking, unsent: Answer
    ) -> None:
        looked = look.against(look.upstream(unsent))

        assert GroupLooked(verdict=LookVerdict.PENDING, looks=0) == looked

    def test_one_that_did_not_leave_is_tried_again_within_the_same_look(
        self, look: Looking
    ) -> None:
        looked = look.against(look.upstream(NOT_CONNECTED, NOT_CONNECTED, VERIFIED))

        assert GroupLooked(verdict=LookVerdict.VERIFIED, looks=1, group_id="group-1") == looked


class TestHeartbeat:
    def test_it_tells_how_many_looks_left_and_how_many_delays_are_over(
        self, look: Looking, beats: list[Any]
    ) -> None:
        look.against(look.upstream(NOT_YET))

        assert LooksSent(looks=1, delays_done=1) == beats[0]
        assert LooksSent(looks=2, delays_done=2) == beats[-1]

    def test_it_counts_the_resend(self, look: Looking, beats: list[Any]) -> None:
        look.against(look.upstream(ANSWER_LOST, NOT_YET))

        assert LooksSent(looks=2, delays_done=1) == beats[0]

    def test_a_single_quick_look_costs_none(self, look: Looking, beats: list[Any]) -> None:
        look.against(look.upstream(NOT_YET), delays_s=(0,))

        assert [] == beats


class TestOperator:
    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (refusal(401, "authentication_error"), FailureCode.UPSTREAM_KEY_REFUSED),
            (refusal(402, "payment_required"), FailureCode.UPSTREAM_BALANCE),
            (refusal(403, "permission_error"), FailureCode.UPSTREAM_FORBIDDEN),
            (refusal(500, "build_request_failed"), FailureCode.UPSTREAM_REFUSED),
        ],
    )
    def test_what_only_an_operator_can_mend_ends_it(
        self, look: Looking, answer: Answer, code: FailureCode
    ) -> None:
        upstream = look.upstream(answer)

        failure = look.fails(upstream)

        assert code == failure.type
        assert failure.non_retryable
        assert 1 == len(upstream.requests)


class TestPolling:
    def test_it_asks_every_few_seconds_until_the_token_ends(self, look: Looking) -> None:
        upstream = look.upstream(NOT_YET)

        looked = look.against(upstream, every_s=5, until=EPOCH + 22)

        assert [0, 5, 10, 15, 20] == upstream.asked_at
        assert GroupLooked(verdict=LookVerdict.PENDING, looks=5) == looked

    def test_it_knows_no_limit_of_looks(self, look: Looking) -> None:
        looked = look.against(look.upstream(NOT_YET), every_s=5, until=EPOCH + 100, max_looks=6)

        assert looked.looks > 6

    def test_the_group_ends_it(self, look: Looking) -> None:
        upstream = look.upstream(NOT_YET, NOT_YET, VERIFIED)

        looked = look.against(upstream, every_s=5, until=EPOCH + 1800)

        assert GroupLooked(verdict=LookVerdict.VERIFIED, looks=3, group_id="group-1") == looked

    def test_a_dead_token_ends_it(self, look: Looking) -> None:
        looked = look.against(look.upstream(NOT_YET, DEAD), every_s=5, until=EPOCH + 1800)

        assert LookVerdict.DEAD == looked.verdict

    @pytest.mark.parametrize("hiccup", [ANSWER_LOST, NOT_CONNECTED, wait(60)])
    def test_no_answer_is_no_end(self, look: Looking, hiccup: Answer) -> None:
        upstream = look.upstream(hiccup, hiccup, NOT_YET, VERIFIED)

        looked = look.against(upstream, every_s=5, until=EPOCH + 1800)

        assert LookVerdict.VERIFIED == looked.verdict

    def test_it_beats_between_two_questions(self, look: Looking, beats: list[Any]) -> None:
        look.against(look.upstream(NOT_YET), every_s=60, until=EPOCH + 130)

        assert len(beats) >= 60

    def test_a_worker_that_leaves_hands_it_on(
        self, look: Looking, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        async def last() -> httpx.Response:
            asyncio.get_running_loop().call_later(1, environment.worker_shutdown)
            return httpx.Response(200, json=NOT_YET)

        failure = look.fails(look.upstream(last), every_s=5, until=EPOCH + 1800)

        assert FailureCode.WORKER_LEAVING == failure.type
        assert not failure.non_retryable
        assert 1 == clock.rounded_s
