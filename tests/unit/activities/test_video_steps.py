"""Ordering the paid video and watching it: nothing paid twice, nothing let slip."""

import asyncio
import json
from itertools import pairwise
from typing import Any

import httpx
import pytest
from pydantic import JsonValue, SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.spending import SpendLimits
from likeness.failures import FailureCode
from likeness.messages.conversation import VideoStatus
from likeness.messages.steps import (
    AwaitVideo,
    GenerationFinished,
    GenerationTriggered,
    PollGeneration,
    TriggerGeneration,
)
from likeness.stages import VideoState
from simulator.scenario import IdempotencyMode, VideoOutcome
from tests.unit.activities.conftest import Simulated, everything_said
from tests.unit.activities.pretended import (
    ANSWER_LOST,
    NOT_CONNECTED,
    Answer,
    Upstream,
    refusal,
    task,
)
from tests.unit.activities.video_orders import ORDER, PLAIN, steps
from tests.unit.activities.virtual_time import VirtualClock
from workflows.performing import BEAT_S

PROVEN = ORDER.model_copy(update={"resend_proven": True})


class Ordering:
    """Runs the steps in virtual time against an upstream in memory."""

    def __init__(self, clock: VirtualClock, environment: ActivityEnvironment) -> None:
        self.clock = clock
        self.environment = environment

    def upstream(self, *answers: Answer) -> Upstream:
        return Upstream(*answers, now=lambda: self.clock.elapsed_s)

    def trigger(self, upstream: Upstream, order: TriggerGeneration = ORDER) -> GenerationTriggered:
        step = steps(upstream.client()).trigger_generation
        return self.clock.run(self.environment.run(step, order))

    def fails(self, upstream: Upstream, order: TriggerGeneration = ORDER) -> ApplicationError:
        with pytest.raises(ApplicationError) as failure:
            self.trigger(upstream, order)
        assert "canary" not in everything_said(failure.value)
        assert failure.value.non_retryable
        return failure.value

    def poll(self, upstream: Upstream) -> GenerationFinished:
        step = steps(upstream.client()).poll_generation
        watch = PollGeneration(task_id="task_1", poll_interval_s=5)
        return self.clock.run(self.environment.run(step, watch))


@pytest.fixture
def ordering(clock: VirtualClock, environment: ActivityEnvironment) -> Ordering:
    return Ordering(clock, environment)


class TestOrder:
    def test_everything_that_costs_money_is_said(self, ordering: Ordering) -> None:
        upstream = ordering.upstream(task("submitted", estimated_time=90))

        triggered = ordering.trigger(upstream)

        assert (
            GenerationTriggered(task_id="task_1", estimated_time_s=90, price_usd=2.6018)
            == triggered
        )
        assert {
            "model": "doubao-seedance-2.0-face",
            "prompt": "canary prompt, Image 1 waves",
            "duration": 5,
            "resolution": "720p",
            "size": "9:16",
            "generate_audio": False,
            "image_with_roles": [
                {"url": "asset://a", "role": "reference_image"},
                {"url": "asset://b", "role": "reference_image"},
            ],
            "video_urls": ["asset://c"],
            "seed": 7,
        } == json.loads(upstream.requests[0].content)

    def test_key_and_bytes_are_the_same_at_every_call(self, ordering: Ordering) -> None:
        upstream = ordering.upstream(task("submitted"))

        ordering.trigger(upstream)
        ordering.trigger(upstream, TriggerGeneration.model_validate_json(ORDER.model_dump_json()))
        first, second = upstream.requests

        assert "k" * 64 == first.headers["Idempotency-Key"]
        assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
        assert first.content == second.content
        assert (
            first.headers["X-APIMart-Response-Version"]
            == second.headers["X-APIMart-Response-Version"]
        )

    async def test_a_repeated_order_is_charged_once_where_the_key_is_honoured(
        self, simulated: Simulated, environment: ActivityEnvironment
    ) -> None:
        trigger = steps(simulated.client).trigger_generation

        first = await environment.run(trigger, PLAIN)
        second = await environment.run(trigger, PLAIN)

        assert first.task_id == second.task_id
        assert 2 == simulated.count("generate_video")
        assert 1 == simulated.count("video_charged")

    def test_what_never_left_is_sent_again_under_the_same_key(self, ordering: Ordering) -> None:
        upstream = ordering.upstream(
            NOT_CONNECTED, refusal(503, "idempotency_unavailable"), task("submitted")
        )

        ordering.trigger(upstream)

        assert 3 == len(upstream.requests)
        assert 1 == len({request.headers["Idempotency-Key"] for request in upstream.requests})
        assert 1 == len({request.content for request in upstream.requests})

    @pytest.mark.parametrize(
        "refused",
        [
            refusal(400, "nsfw_content_detected"),
            refusal(400, "invalid_request_error"),
            refusal(500, "build_request_failed"),
        ],
    )
    def test_a_refusal_is_an_answer(self, ordering: Ordering, refused: Answer) -> None:
        triggered = ordering.trigger(ordering.upstream(refused))

        assert triggered.task_id is None
        assert triggered.refused is not None
        assert "canary" not in triggered.refused

    @pytest.mark.parametrize(
        "lost",
        [
            ANSWER_LOST,
            httpx.ReadError("reset"),
            httpx.RemoteProtocolError("gone"),
            refusal(500, "server_error"),
            refusal(502, "bad_gateway"),
            refusal(504, "gateway_timeout"),
            refusal(409, "idempotency_in_progress"),
            refusal(409, "idempotency_result_indeterminate"),
            httpx.Response(200, text="<html>"),
            httpx.Response(200, json={"code": 200, "data": []}),
        ],
    )
    def test_what_may_have_been_taken_is_unconfirmed_and_not_sent_again(
        self, ordering: Ordering, lost: Answer
    ) -> None:
        upstream = ordering.upstream(lost)

        assert FailureCode.GENERATION_UNCONFIRMED == ordering.fails(upstream).type
        assert 1 == upstream.posts()

    @pytest.mark.parametrize(
        ("refused", "code"),
        [
            (refusal(401, "authentication_error"), FailureCode.UPSTREAM_KEY_REFUSED),
            (refusal(402, "payment_required"), FailureCode.UPSTREAM_BALANCE),
            (refusal(403, "permission_error"), FailureCode.UPSTREAM_FORBIDDEN),
        ],
    )
    def test_what_only_an_operator_can_mend_is_told_by_its_code(
        self, ordering: Ordering, refused: Answer, code: FailureCode
    ) -> None:
        upstream = ordering.upstream(refused)

        assert code == ordering.fails(upstream).type
        assert 1 == upstream.posts()

    def test_a_key_that_was_used_with_another_body_is_no_refusal(self, ordering: Ordering) -> None:
        """That other order may be paid, so nobody may call this one free of charge."""
        upstream = ordering.upstream(refusal(409, "idempotency_key_reused"))

        assert FailureCode.BUG == ordering.fails(upstream).type
        assert 1 == upstream.posts()

    @pytest.mark.parametrize("kind", ["drop_after_effect", "500_after_effect", "truncated_json"])
    async def test_an_answer_lost_after_the_charge_leaves_one_charge(
        self, simulated: Simulated, environment: ActivityEnvironment, kind: str
    ) -> None:
        simulated.change(idempotency=IdempotencyMode.IGNORED)
        simulated.fault("generate_video", kind)

        with pytest.raises(ApplicationError) as failure:
            await environment.run(steps(simulated.client).trigger_generation, PLAIN)

        assert FailureCode.GENERATION_UNCONFIRMED == failure.value.type
        assert 1 == simulated.count("video_charged")


class TestProvenKey:
    @pytest.mark.parametrize(
        ("lost", "told", "wait_s"),
        [
            (ANSWER_LOST, "timeout", 0),
            (refusal(502, "bad_gateway"), "bad_gateway", 0),
            (
                refusal(409, "idempotency_in_progress", **{"Retry-After": "7"}),
                "idempotency_in_progress",
                7,
            ),
        ],
    )
    def test_a_lost_answer_is_an_answer(
        self, ordering: Ordering, *, lost: Answer, told: str, wait_s: float
    ) -> None:
        upstream = ordering.upstream(lost)

        triggered = ordering.trigger(upstream, PROVEN)

        assert told in (triggered.unconfirmed or "")
        assert wait_s == triggered.resend_after_s
        assert 1 == upstream.posts()

    def test_a_burnt_key_is_not(self, ordering: Ordering) -> None:
        upstream = ordering.upstream(refusal(409, "idempotency_result_indeterminate"))

        assert FailureCode.GENERATION_UNCONFIRMED == ordering.fails(upstream, PROVEN).type


class TestWebhook:
    def test_its_address_stands_in_the_body(self, ordering: Ordering) -> None:
        upstream = ordering.upstream(task("submitted"))
        url = "https://likeness.example/webhook/T"

        ordering.trigger(upstream, ORDER.model_copy(update={"webhook_url": SecretStr(url)}))

        assert url == json.loads(upstream.requests[0].content)["webhook"]


class TestLimits:
    @pytest.mark.parametrize(
        ("limits", "detail"),
        [
            (SpendLimits(per_video=1), "SPEND_PER_VIDEO_USD is 1.00, not 1.07"),
            (SpendLimits(per_onboarding=5), "SPEND_PER_ONBOARDING_USD is 5.00, not 5.07"),
        ],
    )
    async def test_what_is_beyond_one_is_not_posted(
        self, environment: ActivityEnvironment, *, limits: SpendLimits, detail: str
    ) -> None:
        upstream = Upstream(task("submitted"))
        step = steps(upstream.client(), limits=limits).trigger_generation

        with pytest.raises(ApplicationError) as refused:
            await environment.run(step, PLAIN.model_copy(update={"spent_usd": 4}))

        assert (FailureCode.SPEND_LIMIT, [detail]) == (
            refused.value.type,
            list(refused.value.details),
        )
        assert refused.value.non_retryable
        assert [] == upstream.requests


class TestWatch:
    async def test_a_finished_video_tells_its_cost_and_hides_its_address(
        self, simulated: Simulated, environment: ActivityEnvironment
    ) -> None:
        video = steps(simulated.client)
        triggered = await environment.run(video.trigger_generation, PLAIN)
        watch = PollGeneration(task_id=triggered.task_id or "", poll_interval_s=0.05)

        finished = await environment.run(video.poll_generation, watch)

        assert GenerationFinished(succeeded=True, cost_usd=1.068) == finished
        assert "http" not in finished.model_dump_json()

    @pytest.mark.parametrize(
        ("outcome", "reason"),
        [(VideoOutcome.FAILED, "task_failed"), (VideoOutcome.CANCELLED, "task_failed")],
    )
    async def test_one_that_failed_tells_why_and_that_nothing_was_charged(
        self,
        simulated: Simulated,
        environment: ActivityEnvironment,
        *,
        outcome: VideoOutcome,
        reason: str,
    ) -> None:
        simulated.change(video=outcome)
        video = steps(simulated.client)
        triggered = await environment.run(video.trigger_generation, PLAIN)
        watch = PollGeneration(task_id=triggered.task_id or "", poll_interval_s=0.05)

        finished = await environment.run(video.poll_generation, watch)

        assert GenerationFinished(succeeded=False, reason=reason, cost_usd=0) == finished

    @pytest.mark.parametrize(
        "word", ["submitted", "pending", "processing", "in_progress", "unheard_of"]
    )
    def test_no_other_word_ends_it(self, ordering: Ordering, word: str) -> None:
        finished = ordering.poll(ordering.upstream(task(word), task(word), task()))

        assert finished.succeeded

    def test_a_stale_error_on_a_finished_one_says_nothing(self, ordering: Ordering) -> None:
        error: JsonValue = {"code": "task_failed", "message": "canary"}

        finished = ordering.poll(ordering.upstream(task(error=error)))

        assert (True, None) == (finished.succeeded, finished.reason)

    def test_one_nobody_knows_any_more_is_lost_and_not_failed_upstream(
        self, ordering: Ordering
    ) -> None:
        finished = ordering.poll(ordering.upstream(refusal(404, "not_found_error")))

        assert GenerationFinished(succeeded=False, lost=True) == finished

    def test_one_that_takes_too_long_has_stalled_and_not_failed(self, ordering: Ordering) -> None:
        step = steps(ordering.upstream(task("processing")).client()).poll_generation
        watch = PollGeneration(task_id="task_1", poll_interval_s=5, stalled_after_s=3600)

        finished = ordering.clock.run(ordering.environment.run(step, watch))

        assert GenerationFinished(succeeded=False, stalled=True) == finished
        assert 3600 == ordering.clock.rounded_s

    def test_a_long_watch_beats_late_but_never_with_a_minute_in_between(
        self, ordering: Ordering
    ) -> None:
        """However far apart the polls of a long task are: the timeout is a minute."""
        times = [0.0]
        ordering.environment.on_heartbeat = lambda *_: times.append(ordering.clock.rounded_s)
        step = steps(ordering.upstream(*[task("processing")] * 40, task()).client())
        watch = PollGeneration(task_id="task_1", poll_interval_s=60)

        ordering.clock.run(ordering.environment.run(step.poll_generation, watch))

        assert 45.0 == times[1]
        assert all(later - earlier < BEAT_S for earlier, later in pairwise(times))

    def test_one_asked_about_at_once_is_read_at_once(self, ordering: Ordering) -> None:
        step = steps(ordering.upstream(task()).client()).poll_generation
        watch = PollGeneration(
            task_id="task_1", poll_interval_s=5, estimated_time_s=60, look_at_once=True
        )

        assert ordering.clock.run(ordering.environment.run(step, watch)).succeeded
        assert 0 == ordering.clock.rounded_s


class TestAwaitedRun:
    def test_its_result_is_handed_on_and_the_wait_beats(
        self, clock: VirtualClock, environment: ActivityEnvironment, beats: list[Any]
    ) -> None:
        done = VideoStatus(state=VideoState.DONE, workflow_id="likeness/default/o-1/video/1")

        class Handle:
            async def result(self) -> VideoStatus:
                await asyncio.sleep(60)
                return done

        class Temporal:
            def get_workflow_handle(self, workflow_id: str, *, result_type: Any) -> Handle:
                assert (done.workflow_id, VideoStatus) == (workflow_id, result_type)
                return Handle()

        step = steps(Upstream({}).client(), temporal=Temporal()).await_video
        awaited = clock.run(environment.run(step, AwaitVideo(workflow_id=done.workflow_id)))

        assert done == awaited
        assert len(beats) > 20
