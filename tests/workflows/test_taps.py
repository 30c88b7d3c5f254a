"""A session is minted for somebody who is looking at the page, and for nobody else."""

import asyncio

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from likeness import names
from likeness.failures import FailureCode
from likeness.messages.conversation import OpenOutcome, OpenSession, SessionOpened
from likeness.stages import AttemptState, Hold, Stage
from tests.workflows.conftest import CONSENT, Journey

pytestmark = pytest.mark.server


def code_of(refused: WorkflowUpdateFailedError) -> str | None:
    assert isinstance(refused.cause, ApplicationError)
    return refused.cause.type


class TestTap:
    async def test_a_double_tap_gives_one_session(self, journey: Journey) -> None:
        await journey.start("a")

        first, second = await asyncio.gather(journey.tap(), journey.tap())

        assert first.h5_link == second.h5_link
        assert 1 == journey.count("session_created")

    async def test_the_same_tap_asked_again_gives_the_same_answer(self, journey: Journey) -> None:
        await journey.start("a")

        answers = [await journey.tap("nonce-1") for _ in range(3)]

        assert 1 == len({answer.model_dump_json() for answer in answers})
        assert 1 == journey.count("session_created")

    async def test_a_later_tap_mints_a_new_session(self, journey: Journey) -> None:
        await journey.start("a", link_reuse_s=0.2)
        first = await journey.tap()
        await asyncio.sleep(0.4)

        second = await journey.tap()

        assert first.h5_link != second.h5_link
        assert 2 == journey.count("session_created")

    async def test_a_tap_made_while_no_worker_ran_mints_nothing_later(
        self, journey: Journey
    ) -> None:
        await journey.stop_worker()
        await journey.start("a")
        tapping = asyncio.create_task(journey.tap(valid_s=0.5))
        await asyncio.sleep(1)

        await journey.start_worker()
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await tapping

        assert FailureCode.TAP_TOO_OLD == code_of(refused.value)
        assert 0 == journey.count("session_created")

    async def test_there_is_no_session_without_consent(self, journey: Journey) -> None:
        await journey.start("a")

        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await journey.handle.execute_update(
                names.OPEN_SESSION, OpenSession(not_after=2**31), result_type=SessionOpened
            )

        assert FailureCode.CONSENT_MISSING == code_of(refused.value)
        assert 0 == journey.count("create_session")

    async def test_the_consent_is_kept_with_its_time(self, journey: Journey) -> None:
        await journey.start("a")
        await journey.tap()

        status = await journey.status()

        assert CONSENT == status.consent
        assert status.consent_at is not None

    async def test_attempts_are_capped(self, journey: Journey) -> None:
        await journey.start("a", max_attempts=2, link_reuse_s=0, token_ttl_s=2, link_ttl_s=1)
        await journey.tap()
        await asyncio.sleep(0.1)
        await journey.tap()
        await asyncio.sleep(0.1)

        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await journey.tap()
        status = await journey.until(lambda s: s.hold is not None)

        assert FailureCode.ATTEMPTS_EXHAUSTED == code_of(refused.value)
        assert 2 == journey.count("session_created")
        assert Hold.NEEDS_OPERATOR == status.hold
        assert status.failure is not None
        assert FailureCode.ATTEMPTS_EXHAUSTED == status.failure.code

    async def test_a_verified_person_opens_no_session(self, journey: Journey) -> None:
        journey.change(review_seconds=30)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until(lambda s: s.stage is Stage.IN_REVIEW)

        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await journey.tap()

        assert FailureCode.ALREADY_VERIFIED == code_of(refused.value)


class TestTapInTrouble:
    async def test_a_lost_answer_loses_the_attempt_and_offers_the_tap_again(
        self, journey: Journey
    ) -> None:
        journey.fault("create_session", "drop_after_effect")
        await journey.start("a")

        lost = await journey.tap()
        opened = await journey.tap()
        status = await journey.status()

        assert (OpenOutcome.TRY_AGAIN, FailureCode.SESSION_LOST) == (lost.outcome, lost.code)
        assert OpenOutcome.OPENED == opened.outcome
        assert [AttemptState.LOST, AttemptState.OPEN] == [a.state for a in status.attempt_log]

    async def test_what_an_operator_must_mend_holds_until_the_next_tap(
        self, journey: Journey
    ) -> None:
        journey.fault("create_session", "500_build_request_failed")
        await journey.start("a")

        held = await journey.tap()
        status = await journey.status()
        opened = await journey.tap()
        released = await journey.status()

        assert (OpenOutcome.ON_HOLD, FailureCode.UPSTREAM_REFUSED) == (held.outcome, held.code)
        assert Hold.NEEDS_OPERATOR == status.hold
        assert 0 == status.attempts
        assert OpenOutcome.OPENED == opened.outcome
        assert released.hold is None

    async def test_an_unlisted_host_holds_by_name_and_costs_no_attempt(
        self, journey: Journey
    ) -> None:
        await journey.stop_worker()
        journey.settings = journey.settings.model_copy(update={"h5_hosts": ()})
        await journey.start_worker()
        await journey.start("a")

        held = await journey.tap()
        status = await journey.status()

        assert (OpenOutcome.ON_HOLD, FailureCode.H5_HOST_UNLISTED) == (held.outcome, held.code)
        assert status.failure is not None
        assert "127.0.0.1" == status.failure.detail
        assert 0 == status.attempts
