"""One check, one device: another may take over, but never by accident."""

import pytest
from temporalio.client import WorkflowUpdateFailedError

from likeness import names
from likeness.failures import FailureCode
from likeness.messages.conversation import OnboardingStatus, OpenOutcome, OperatorOrder
from likeness.temporal.onboardings import describe_onboarding
from tests.workflows.conftest import Journey
from tests.workflows.test_taps import code_of

pytestmark = pytest.mark.server

PHONE, LAPTOP = "a" * 64, "b" * 64


async def ordered(journey: Journey, update: str) -> OnboardingStatus:
    status: OnboardingStatus = await journey.handle.execute_update(
        update, OperatorOrder(actor="op", reason="asked by phone"), result_type=OnboardingStatus
    )
    return status


class TestDevice:
    async def test_a_second_one_is_told_that_the_check_is_under_way(self, journey: Journey) -> None:
        await journey.start("a")
        await journey.tap(device=PHONE)

        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await journey.tap(device=LAPTOP)

        assert FailureCode.OTHER_DEVICE == code_of(refused.value)
        assert 1 == journey.count("session_created")

    async def test_a_second_one_may_take_over(self, journey: Journey) -> None:
        await journey.start("a")
        first = await journey.tap(device=PHONE)

        second = await journey.tap(device=LAPTOP, take_over=True)

        assert OpenOutcome.OPENED == second.outcome
        assert first.h5_link != second.h5_link

    async def test_the_same_one_gets_the_same_link(self, journey: Journey) -> None:
        await journey.start("a")
        first = await journey.tap(device=PHONE)

        assert first.h5_link == (await journey.tap(device=PHONE)).h5_link

    async def test_an_operator_lets_any_device_go_on(self, journey: Journey) -> None:
        await journey.start("a", link_reuse_s=0)
        await journey.tap(device=PHONE)

        await ordered(journey, names.RELEASE_DEVICE)
        opened = await journey.tap(device=LAPTOP)

        assert OpenOutcome.OPENED == opened.outcome

    async def test_a_device_that_came_back_holds_nothing(self, journey: Journey) -> None:
        await journey.start("a")
        opened = await journey.tap(device=PHONE)
        await journey.scan(opened, "fail")
        await journey.come_back(result_code=-1003)

        second = await journey.tap(device=LAPTOP)

        assert OpenOutcome.OPENED == second.outcome


class TestAttempts:
    async def test_one_right_after_another_comes_too_soon(self, journey: Journey) -> None:
        await journey.start("a", link_reuse_s=0, cooldown_s=60)
        await journey.tap()

        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await journey.tap()

        assert FailureCode.TOO_SOON == code_of(refused.value)
        assert 1 == journey.count("session_created")

    async def test_taking_over_from_oneself_is_no_way_round(self, journey: Journey) -> None:
        await journey.start("a", link_reuse_s=0, cooldown_s=60)
        await journey.tap(device=PHONE)

        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await journey.tap(device=PHONE, take_over=True)

        assert FailureCode.TOO_SOON == code_of(refused.value)
        assert 1 == journey.count("session_created")

    async def test_an_operator_grants_new_ones(self, journey: Journey) -> None:
        await journey.start("a", max_attempts=1, link_reuse_s=0, link_ttl_s=0.2, token_ttl_s=1)
        await journey.tap()
        await journey.until(lambda s: s.hold is not None)

        granted = await ordered(journey, names.RESET_ATTEMPTS)
        opened = await journey.tap()

        assert (None, 1) == (granted.hold, granted.attempts_left)
        assert OpenOutcome.OPENED == opened.outcome


class TestLink:
    async def test_a_revoked_one_shows_in_describe_without_a_worker(self, journey: Journey) -> None:
        await journey.start("a")

        await ordered(journey, names.REVOKE_LINK)
        await journey.stop_worker()
        glance = await describe_onboarding(journey.client, "default", journey.onboarding)

        assert glance.memo is not None
        assert 2 == glance.memo.link
