"""What an upstream failure means for a run, and that nothing of the provider's text survives."""

from collections.abc import Iterator

import pytest

from activities.outcomes import UNKNOWN, WORTH_WAITING, failed, step_failure, told
from apimart import (
    ApimartError,
    BadRequest,
    Forbidden,
    InProgress,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PaymentRequired,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from likeness.failures import FAILURES, FailureCode
from tests.unit.activities.conftest import everything_said
from tests.unit.activities.pretended import PROVIDERS_OWN_WORDS, Answer, Upstream, refusal

OF_THIS_STEP = FailureCode.SUBMISSION_UNCONFIRMED

MEANING: dict[type[ApimartError], FailureCode] = {
    Unauthorized: FailureCode.UPSTREAM_KEY_REFUSED,
    PaymentRequired: FailureCode.UPSTREAM_BALANCE,
    Forbidden: FailureCode.UPSTREAM_FORBIDDEN,
    BadRequest: FailureCode.UPSTREAM_REFUSED,
    NotSent: FailureCode.UPSTREAM_UNAVAILABLE,
    RateLimited: FailureCode.UPSTREAM_UNAVAILABLE,
    Unavailable: FailureCode.UPSTREAM_UNAVAILABLE,
    OutcomeUnknown: OF_THIS_STEP,
    InProgress: OF_THIS_STEP,
    NotFound: FailureCode.BUG,
    Refused: FailureCode.BUG,
}


def every_kind(kind: type[ApimartError] = ApimartError) -> Iterator[type[ApimartError]]:
    for below in kind.__subclasses__():
        yield below
        yield from every_kind(below)


class TestStepFailure:
    def test_every_kind_of_upstream_error_has_its_meaning_here(self) -> None:
        ours = {kind for kind in every_kind() if kind.__module__ == ApimartError.__module__}

        assert set(MEANING) == ours

    @pytest.mark.parametrize(("kind", "code"), MEANING.items(), ids=str)
    def test_each_kind_means_one_code(self, kind: type[ApimartError], code: FailureCode) -> None:
        failure = step_failure(kind(), unknown=OF_THIS_STEP)

        assert code.value == failure.type
        assert FAILURES[code].sentence == failure.message

    @pytest.mark.parametrize("kind", MEANING)
    def test_temporal_repeats_none_of_them(self, kind: type[ApimartError]) -> None:
        assert step_failure(kind(), unknown=OF_THIS_STEP).non_retryable

    def test_a_subclass_nobody_listed_means_what_its_parent_means(self) -> None:
        class EmptyWallet(PaymentRequired):
            pass

        failure = step_failure(EmptyWallet(), unknown=OF_THIS_STEP)

        assert FailureCode.UPSTREAM_BALANCE == failure.type

    def test_what_is_unknown_is_never_worth_waiting_for(self) -> None:
        assert not set(UNKNOWN) & set(WORTH_WAITING)


class TestFailed:
    def test_the_type_is_the_code_itself(self) -> None:
        failure = failed(FailureCode.SESSION_INCOMPLETE)

        assert "session_incomplete" == failure.type
        assert () == tuple(failure.details)

    def test_only_what_is_called_repeatable_is_repeated(self) -> None:
        assert failed(FailureCode.ARCHIVE_FAILED).non_retryable
        assert not failed(FailureCode.ARCHIVE_FAILED, repeatable=True).non_retryable

    def test_the_detail_is_its_only_detail(self) -> None:
        failure = failed(FailureCode.H5_HOST_UNLISTED, detail="h5.example")

        assert ("h5.example",) == tuple(failure.details)


class TestTold:
    def test_it_names_what_support_asks_for(self) -> None:
        error = BadRequest(status=400, provider_code="invalid_request_error", request_id="req-7")

        assert "bad_request, HTTP 400, invalid_request_error, request req-7" == told(error)

    def test_without_an_answer_it_is_our_word_alone(self) -> None:
        assert "not_connected" == told(NotSent())


class TestSecrecy:
    @pytest.mark.parametrize(
        "answer",
        [
            refusal(400, "invalid_request_error"),
            refusal(401, "authentication_error"),
            refusal(402, "payment_required"),
            refusal(403, "permission_error"),
            refusal(429, "rate_limit_error"),
            refusal(500, "server_error"),
            {"code": 200, "data": PROVIDERS_OWN_WORDS},
            {"error": PROVIDERS_OWN_WORDS},
        ],
    )
    async def test_no_word_of_the_provider_and_nothing_we_sent_is_repeated(
        self, answer: Answer
    ) -> None:
        canary = "https://likeness.example/callback/canary-token"
        with pytest.raises(ApimartError) as caught:
            await (
                Upstream(answer)
                .client()
                .create_session(callback_url=canary, project_name="default", timeout_s=5)
            )

        failure = step_failure(caught.value, unknown=FailureCode.SESSION_LOST)
        failure.__cause__ = caught.value
        said = everything_said(failure)

        assert "canary" not in said
        assert caught.value.code in said
