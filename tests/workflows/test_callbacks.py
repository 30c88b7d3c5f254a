"""The callback is a hint from a stranger's browser: it wakes, it never proves."""

import asyncio

import pytest

from likeness import names
from likeness.messages.conversation import VerificationCallback
from likeness.stages import AttemptState, Stage
from tests.workflows.conftest import Journey

pytestmark = pytest.mark.server


class TestCallback:
    async def test_one_sent_while_no_worker_runs_is_not_lost(self, journey: Journey) -> None:
        await journey.start("a")
        opened = await journey.tap()
        await journey.stop_worker()
        await journey.scan(opened)
        await journey.come_back()

        await journey.start_worker()
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("query_group")

    async def test_fifty_copies_have_the_effect_of_one(self, journey: Journey) -> None:
        await journey.start("a")
        opened = await journey.tap()
        await journey.scan(opened)
        await asyncio.gather(*(journey.come_back() for _ in range(50)))

        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 1 == journey.count("query_group")
        assert 1 == journey.count("assets_submitted")

    async def test_one_without_a_scan_proves_nothing(self, journey: Journey) -> None:
        await journey.start("a")
        await journey.tap()
        await journey.come_back(result_code=10000)

        status = await journey.until(lambda s: s.attempt_log[0].looks == 3)

        assert Stage.VERIFYING == status.stage
        assert status.group_id is None
        assert 0 == journey.count("submit_assets")

    async def test_one_for_an_attempt_that_never_was_is_ignored(self, journey: Journey) -> None:
        await journey.start("a")
        await journey.tap()
        await journey.come_back(attempt=7)
        await journey.come_back(attempt=-1)

        await asyncio.sleep(1)

        assert 0 == journey.count("query_group")

    async def test_one_that_overtakes_its_sessions_answer_is_kept(self, journey: Journey) -> None:
        journey.change(session_s=1)
        await journey.start("a")
        tapping = asyncio.create_task(journey.tap())
        await journey.until_counted("session_created")
        await journey.come_back(attempt=1)

        opened = await tapping
        await journey.scan(opened)
        status = await journey.until(lambda s: s.group_id is not None)

        assert status.attempt_log[0].came_back

    async def test_a_body_that_is_no_callback_is_dropped_and_the_run_goes_on(
        self, journey: Journey
    ) -> None:
        await journey.start("a")
        opened = await journey.tap()
        await journey.handle.signal(names.VERIFICATION_CALLBACK, {"attempt": "many"})
        await journey.handle.signal(names.VERIFICATION_CALLBACK, "no object at all")
        await journey.handle.signal(names.VERIFICATION_CALLBACK, args=[1, 2, 3])
        await journey.scan(opened)
        await journey.come_back()

        status = await journey.result()

        assert Stage.COMPLETED == status.stage

    async def test_a_failed_scan_is_looked_at_all_the_same(self, journey: Journey) -> None:
        """The code in the address is anybody's to type, also the one for a failure."""
        await journey.start("a")
        opened = await journey.tap()
        await journey.scan(opened)
        await journey.come_back(result_code=-1003)

        status = await journey.result()

        assert Stage.COMPLETED == status.stage

    async def test_a_late_success_of_an_earlier_attempt_counts(self, journey: Journey) -> None:
        await journey.start("a", link_reuse_s=0)
        first = await journey.tap()
        second = await journey.tap()
        await journey.scan(first)
        await journey.handle.signal(
            names.VERIFICATION_CALLBACK, VerificationCallback(attempt=1, result_code=10000)
        )

        status = await journey.result()

        assert (1, 2) == (first.attempt, second.attempt)
        assert AttemptState.VERIFIED == status.attempt_log[0].state
        assert Stage.COMPLETED == status.stage
