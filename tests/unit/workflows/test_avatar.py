"""What a submission that failed leaves behind."""

from pydantic import SecretStr

from likeness.failures import FailureCode
from likeness.messages.onboarding import AssetRequest, OnboardingPolicy, OnboardingRequest
from likeness.stages import AssetState
from likeness.steps import SUBMIT_ASSETS
from workflows.avatar import Avatar
from workflows.performing import StepFailedError
from workflows.standing import Standing

URL = SecretStr("https://portraits.example/a")


def failed(code: FailureCode, **more: object) -> Avatar:
    """Give an avatar whose one submission has failed so."""
    request = OnboardingRequest(
        onboarding="o-1", person="p-1", assets=(AssetRequest(name="a", url=URL),)
    )
    avatar = Avatar(request, OnboardingPolicy(), Standing(on_change=lambda: None))
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
