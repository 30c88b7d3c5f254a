"""Orders about time: more of it, a look at once, and an end that waits for what is under way."""

import asyncio

import pytest
from pydantic import SecretStr

from likeness import names
from likeness.failures import FailureCode
from likeness.ids import video_workflow_id
from likeness.messages.conversation import Cancel, CheckNow, ExtendDeadline, OperatorOrder
from likeness.messages.onboarding import MAX_DEADLINE_S, VideoRequest
from likeness.stages import AssetState, Stage, WaitingFor
from likeness.temporal.attributes import DEADLINE, moment
from likeness.temporal.onboardings import describe_onboarding
from tests.workflows.conftest import Journey

pytestmark = pytest.mark.server

VIDEO = VideoRequest(prompt=SecretStr("Image 1 waves"))
LATER = ExtendDeadline(by_s=600, actor="day", reason="on holiday")


class TestExtendDeadline:
    async def test_the_run_outlives_its_first_deadline(self, journey: Journey) -> None:
        await journey.start("a", deadline_s=5)
        await journey.status()  # the first deadline's timer runs

        await journey.order(names.EXTEND_DEADLINE, LATER)
        while "TIMER_FIRED" not in await journey.events():  # noqa: ASYNC110  # a history tells nobody
            await asyncio.sleep(0.1)
        await journey.pass_the_scan()
        status = await journey.result()

        assert Stage.COMPLETED == status.stage

    async def test_everybody_is_told_the_new_one(self, journey: Journey) -> None:
        await journey.start("a")
        before = await journey.status()

        told = await journey.order(names.EXTEND_DEADLINE, LATER)
        described = await journey.handle.describe()

        assert before.deadline + 600 == told.deadline
        assert moment(told.deadline) == described.typed_search_attributes.get(DEADLINE)
        assert [(names.EXTEND_DEADLINE, "day", "on holiday")] == [
            (order.verb, order.actor, order.reason) for order in told.orders
        ]

    async def test_it_ends_somewhere(self, journey: Journey) -> None:
        await journey.start("a")
        for_ever = ExtendDeadline(by_s=MAX_DEADLINE_S)

        code, sentence = await journey.refusal(names.EXTEND_DEADLINE, for_ever)

        assert FailureCode.BAD_INPUT == code
        assert "A deadline may lie at most ten years ahead." == sentence


class TestCheckNow:
    async def test_a_scan_whose_callback_got_lost_is_looked_at(self, journey: Journey) -> None:
        await journey.start("a", link_ttl_s=600, token_ttl_s=1800)
        await journey.scan(await journey.tap())

        await journey.order(names.CHECK_NOW, CheckNow())
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("query_group")

    async def test_it_costs_one_of_the_looks_and_no_more_than_there_are(
        self, journey: Journey
    ) -> None:
        await journey.start("a", link_ttl_s=600, token_ttl_s=1800, max_looks=3)
        await journey.tap()
        await journey.order(names.CHECK_NOW, CheckNow())
        await journey.until(lambda s: 1 == s.attempt_log[0].looks)

        code, _ = await journey.refusal(names.CHECK_NOW, CheckNow())

        assert FailureCode.NOTHING_TO_CHECK == code
        assert 1 == journey.count("query_group")

    async def test_a_review_is_read_without_the_pause(self, journey: Journey) -> None:
        journey.change(review_seconds=0)
        await journey.start("a", poll_interval_s=600)
        await journey.pass_the_scan()
        await journey.until(lambda s: s.stage is Stage.IN_REVIEW)

        await journey.order(names.CHECK_NOW, CheckNow())
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == sum(
            entry.name == "get_task" and entry.detail.get("kind") == "review"
            for entry in journey.world.ledger.entries
        )

    async def test_a_review_that_is_not_over_is_watched_on(self, journey: Journey) -> None:
        journey.change(review_seconds=3)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until(lambda s: s.stage is Stage.IN_REVIEW)

        await journey.order(names.CHECK_NOW, CheckNow())
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("submit_assets")

    async def test_a_video_is_asked_about_by_its_own_run(self, journey: Journey) -> None:
        journey.change(video_seconds=3)
        await journey.start("a", video=VIDEO)
        await journey.pass_the_scan()
        await journey.until(lambda s: s.stage is Stage.GENERATING)

        await journey.order(names.CHECK_NOW, CheckNow())
        events = await journey.events(video_workflow_id(journey.handle.id))

        assert 1 == events.count("WORKFLOW_EXECUTION_SIGNALED")

    async def test_a_submission_that_was_put_off_is_tried_without_the_pause(
        self, journey: Journey
    ) -> None:
        journey.fault("submit_assets", "429", retry_after_s=3600)
        await journey.start("a", link_ttl_s=600, token_ttl_s=1800)
        await journey.pass_the_scan()
        await journey.until(lambda s: s.hold is not None)

        await journey.order(names.CHECK_NOW, CheckNow())
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert "TIMER_FIRED" not in await journey.events()

    async def test_where_nothing_is_under_way_it_is_refused(self, journey: Journey) -> None:
        await journey.start("a")

        code, _ = await journey.refusal(names.CHECK_NOW, CheckNow())

        assert FailureCode.NOTHING_TO_CHECK == code


class TestNotes:
    async def test_the_last_twenty_orders_are_remembered(self, journey: Journey) -> None:
        await journey.start("a")

        for number in range(22):
            status = await journey.order(names.REVOKE_LINK, OperatorOrder(reason=f"no. {number}"))

        assert [f"no. {number}" for number in range(2, 22)] == [o.reason for o in status.orders]

    async def test_an_order_to_a_run_that_has_been_ended_is_refused(self, journey: Journey) -> None:
        journey.fault("submit_assets", "delay", delay_s=3)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until_counted("submit_assets")
        ending = asyncio.create_task(journey.cancel())
        await journey.until(lambda s: s.ending is not None)

        code, _ = await journey.refusal(names.EXTEND_DEADLINE, LATER)

        assert FailureCode.ALREADY_ENDED == code
        await ending


class TestCancel:
    async def test_it_is_shown_while_the_answer_to_a_submission_is_waited_for(
        self, journey: Journey
    ) -> None:
        journey.fault("submit_assets", "delay", delay_s=12)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until_counted("submit_assets")

        told = await journey.order(names.CANCEL, Cancel(actor="day", reason="a mistake"))
        glance = await describe_onboarding(journey.client, "default", journey.onboarding)
        status = await journey.result()

        assert (Stage.SUBMITTING_ASSETS, Stage.CANCELED) == (told.stage, told.ending)
        assert (FailureCode.CANCELED, WaitingFor.UPSTREAM) == (glance.reason, glance.waiting_for)
        assert not glance.stage.is_end
        assert (Stage.CANCELED, None) == (status.stage, status.ending)
        assert [AssetState.SUBMITTED] == [asset.state for asset in status.assets]
        assert [(names.CANCEL, "a mistake")] == [(o.verb, o.reason) for o in status.orders]

    async def test_an_answer_that_got_lost_is_told_as_unknown(self, journey: Journey) -> None:
        journey.fault("submit_assets", "drop_after_effect", delay_s=2)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until_counted("submit_assets")

        await journey.cancel()
        status = await journey.result()

        assert [AssetState.UNKNOWN] == [asset.state for asset in status.assets]
        assert 1 == journey.count("submit_assets")

    async def test_where_nothing_is_under_way_it_costs_no_timer(self, journey: Journey) -> None:
        await journey.start("a")

        status = await journey.cancel()

        assert Stage.CANCELED == status.stage
        assert 1 == (await journey.events()).count("TIMER_STARTED")
