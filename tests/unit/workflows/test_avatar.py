"""What a submission that failed leaves behind."""

import asyncio
from unittest.mock import Mock

import pytest
from pydantic import SecretStr

from likeness.failures import FailureCode
from likeness.messages.onboarding import AssetRequest, OnboardingPolicy, OnboardingRequest
from likeness.stages import AssetState
from likeness.steps import SUBMIT_ASSETS
from workflows.avatar import Avatar
from workflows.performing import StepFailedError
from workflows.standing import Standing

URL = SecretStr("https://portraits.example/a")


def avatar_of_one() -> Avatar:
    request = OnboardingRequest(
        onboarding="o-1", person="p-1", assets=(AssetRequest(name="a", url=URL),)
    )
    standing = Standing(on_change=lambda: None)
    return Avatar(request, OnboardingPolicy(), standing, news=Mock(), learns=Mock(), is_void=Mock())


def failed(code: FailureCode, **more: object) -> Avatar:
    """Give an avatar whose one submission has failed so."""
    avatar = avatar_of_one()
    failure = StepFailedError(SUBMIT_ASSETS.name, code, **more)  # type: ignore[arg-type]  # its fields
    avatar._failed(avatar.book.submissions[0], failure)
    return avatar


class TestFailedSubmission:
    def test_the_task_that_a_lost_step_has_left_behind_is_adopted(self) -> None:
        avatar = failed(FailureCode.BUG, lost=True, heartbeat="task_1")

        assert ("task_1",) == avatar.book.in_review()
        assert [] == avatar.undecided()

    def test_a_lost_step_without_a_word_leaves_the_outcome_unknown(self) -> None:
        (submission,) = failed(FailureCode.BUG, lost=True).undecided()

        assert AssetState.UNKNOWN == submission.state
        assert submission.trouble is not None
        assert FailureCode.SUBMISSION_UNCONFIRMED == submission.trouble.code

    def test_what_nobody_has_foreseen_keeps_its_code(self) -> None:
        (submission,) = failed(FailureCode.BUG, detail="RuntimeError").undecided()

        assert submission.trouble is not None
        assert (FailureCode.BUG, "RuntimeError") == (
            submission.trouble.code,
            submission.trouble.detail,
        )

    def test_what_surely_had_no_effect_still_waits(self) -> None:
        avatar = failed(FailureCode.UPSTREAM_BALANCE)

        assert avatar.book.submissions == avatar.book.waiting()
        assert [] == avatar.undecided()


class TestStopping:
    async def test_nothing_more_is_submitted_and_nothing_spins_until_the_end_is_taken_up(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A cancel may come in the same breath as a failure that would be tried again."""
        waits: list[object] = []

        async def for_ever(condition: object) -> None:
            waits.append(condition)
            await asyncio.Event().wait()

        monkeypatch.setattr("temporalio.workflow.wait_condition", for_ever)
        avatar = avatar_of_one()
        avatar.stops()
        story = asyncio.create_task(avatar.is_made("group-1", "studio"))
        for _ in range(20):
            await asyncio.sleep(0)
        story.cancel()

        assert 1 == len(waits)
        assert not avatar.is_posting
        assert avatar.book.submissions == avatar.book.waiting()
