"""One look may burn the token, so looks are few, caused, and counted."""

import pytest

from likeness import names
from likeness.messages.conversation import Finished, OnboardingStatus
from likeness.stages import AttemptState, Hold, QueryPolicy, Stage
from tests.workflows.conftest import Journey

pytestmark = pytest.mark.server


class TestFrugalLooks:
    async def test_nobody_asks_before_there_is_a_cause(self, journey: Journey) -> None:
        await journey.start("a", link_ttl_s=60)
        await journey.tap()
        await journey.until(lambda s: s.stage is Stage.VERIFYING)

        assert 0 == journey.count("query_group")

    async def test_a_lost_callback_is_made_good_by_the_look_after_the_links_end(
        self, journey: Journey
    ) -> None:
        await journey.start("a", link_ttl_s=1, scan_grace_s=0.5)
        opened = await journey.tap()
        await journey.scan(opened)

        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("query_group")

    async def test_the_word_of_the_person_causes_one_look(self, journey: Journey) -> None:
        await journey.start("a", link_ttl_s=60)
        opened = await journey.tap()
        await journey.scan(opened)
        await journey.handle.execute_update(
            names.FINISHED, Finished(), result_type=OnboardingStatus
        )

        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("query_group")

    async def test_no_attempt_is_asked_about_more_than_six_times(self, journey: Journey) -> None:
        await journey.start("a", max_attempts=1, link_ttl_s=2, scan_grace_s=1, token_ttl_s=4)
        await journey.tap()
        await journey.come_back()
        await journey.until(lambda s: s.attempt_log[0].looks == 3)
        for _ in range(5):
            await journey.handle.execute_update(
                names.FINISHED, Finished(), result_type=OnboardingStatus
            )

        status = await journey.until(lambda s: s.hold is not None)

        assert 6 == journey.count("query_group")
        assert 6 == status.attempt_log[0].looks
        assert AttemptState.NOT_PASSED == status.attempt_log[0].state
        assert Hold.NEEDS_OPERATOR == status.hold

    async def test_a_lost_answer_is_asked_for_once_more_and_counted(self, journey: Journey) -> None:
        journey.fault("query_group", "drop_after_effect")
        await journey.start("a", link_ttl_s=60)
        opened = await journey.tap()
        await journey.scan(opened)
        await journey.come_back()

        status = await journey.result()

        assert 2 == journey.count("query_group")
        assert 2 == status.attempt_log[0].looks

    async def test_lost_answers_never_cost_the_timed_looks(self, journey: Journey) -> None:
        journey.fault("query_group", "502_html", times=5)
        await journey.start("a")
        opened = await journey.tap()
        await journey.scan(opened)
        await journey.come_back()

        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 6 == status.attempt_log[0].looks

    async def test_an_answer_that_is_a_task_is_read_and_not_asked_for_again(
        self, journey: Journey
    ) -> None:
        """Where one question burns the token, a second one would lose a verified person."""
        journey.change(pending_form="task", single_use_token=True, result_lag_s=0.5)
        await journey.start("a")
        opened = await journey.tap()
        await journey.scan(opened)
        await journey.come_back()

        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("query_group")


class TestPollPolicy:
    async def test_it_needs_no_callback_at_all(self, journey: Journey) -> None:
        await journey.start("a", query_policy=QueryPolicy.POLL)
        opened = await journey.tap()
        await journey.scan(opened)

        status = await journey.result()

        assert Stage.COMPLETED == status.stage

    async def test_it_ends_with_the_token(self, journey: Journey) -> None:
        await journey.start("a", query_policy=QueryPolicy.POLL, token_ttl_s=1)
        await journey.tap()

        status = await journey.until(lambda s: s.attempt_log[0].state is not AttemptState.OPEN)

        assert AttemptState.NOT_PASSED == status.attempt_log[0].state
        assert 6 >= journey.count("query_group")

    async def test_what_is_over_is_canceled_in_the_order_of_its_beginning(
        self, journey: Journey
    ) -> None:
        """A replay must come to the same commands, in the same order."""
        await journey.start("a", query_policy=QueryPolicy.POLL, token_ttl_s=60, link_reuse_s=0)
        opened = [await journey.tap() for _ in range(5)]
        await journey.until_counted("query_group", 5)
        await journey.scan(opened[-1])
        await journey.result()

        canceled = [
            event.activity_task_cancel_requested_event_attributes.scheduled_event_id
            async for event in journey.handle.fetch_history_events()
            if event.HasField("activity_task_cancel_requested_event_attributes")
        ]

        assert 4 == len(canceled)
        assert sorted(canceled) == canceled
