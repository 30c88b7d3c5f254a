import pytest
from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from likeness.messages import conversation
from likeness.messages.conversation import (
    AcceptPartial,
    Cancel,
    OpenSession,
    OperatorOrder,
    ReplaceAssets,
    Resolve,
    VerificationCallback,
)
from likeness.messages.onboarding import OnboardingInput, OnboardingRequest
from likeness.messages.person import Erase, Generate
from likeness.messages.steps import GroupLooked, LooksSent, QueryGroup
from likeness.messages.telling import NotifyInput
from likeness.temporal.codec import SENT_IN_CLEAR
from likeness.temporal.converter import LikenessFailureConverter, LikenessPayloadConverter

CONVERTER = LikenessPayloadConverter()


def payload_of(value: object) -> Payload:
    [payload] = CONVERTER.to_payloads([value])
    return payload


def refused(hint: type, value: object) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        CONVERTER.from_payloads([payload_of(value)], [hint])
    assert caught.value.type == "bad_input"
    assert caught.value.non_retryable
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


class TestJson:
    def test_leaves_out_what_was_never_set(self) -> None:
        assert payload_of(LooksSent(looks=3)).data == b'{"looks":3}'

    def test_holds_a_secret_whole(self) -> None:
        step = QueryGroup(byted_token="canary", project_name="default", post_timeout_s=1)

        assert b'"byted_token":"canary"' in payload_of(step).data

    def test_comes_back_as_the_model(self) -> None:
        callback = VerificationCallback(attempt=2, result_code=10000)

        assert CONVERTER.from_payloads([payload_of(callback)], [VerificationCallback]) == [callback]


class TestWhatCameInClear:
    @pytest.mark.parametrize(
        "order",
        [
            OnboardingInput,
            OperatorOrder,
            AcceptPartial,
            ReplaceAssets,
            Resolve,
            Cancel,
            Generate,
            Erase,
            NotifyInput,
        ],
    )
    def test_is_no_order_whatever_it_says(self, order: type) -> None:
        payload = payload_of({"reason": "canary"})
        payload.metadata[SENT_IN_CLEAR] = b"1"

        with pytest.raises(ApplicationError, match="The input came in clear") as caught:
            CONVERTER.from_payloads([payload], [order])

        assert ("bad_input", True) == (caught.value.type, caught.value.non_retryable)
        assert "canary" not in str(caught.value)

    def test_is_taken_where_nobody_has_confided_anything(self) -> None:
        payload = payload_of({"attempt": 1})
        payload.metadata[SENT_IN_CLEAR] = b"1"

        taken = CONVERTER.from_payloads([payload], [VerificationCallback])

        assert [VerificationCallback(attempt=1)] == taken


class TestABadInput:
    def test_names_field_and_rule_and_never_the_value(self) -> None:
        error = refused(VerificationCallback, {"attempt": "canary"})

        assert error.message == (
            "The input does not fit: attempt: Input should be a valid integer, unable to parse "
            "string as an integer."
        )

    def test_says_our_own_rule_in_our_own_words(self) -> None:
        request = {
            "onboarding": "o",
            "person": "p",
            "min_usable": 2,
            "assets": [{"name": "a", "url": "https://files.example/a"}],
        }

        assert refused(OnboardingRequest, request).message == (
            "The input does not fit: the whole of it: min_usable is 2, but there is 1 asset."
        )

    @pytest.mark.parametrize("value", ["text", 5, [], None, b"bytes"], ids=str)
    def test_is_anything_but_an_object(self, value: object) -> None:
        refused(OnboardingInput, value)

    def test_is_broken_json(self) -> None:
        broken = Payload(metadata={"encoding": b"json/plain"}, data=b'{"attempt": canary')

        with pytest.raises(ApplicationError, match="Invalid JSON") as caught:
            CONVERTER.from_payloads([broken], [VerificationCallback])
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("encoding", [b"", b"canary", b"\xff", b"json/protobuf"], ids=repr)
    @pytest.mark.parametrize("hints", [[VerificationCallback], []], ids=["a model", "too many"])
    def test_is_any_encoding_but_json(self, encoding: bytes, hints: list[type]) -> None:
        """Any other error than ours would fail the workflow task, and again for ever."""
        odd = Payload(metadata={"encoding": encoding} if encoding else {}, data=b"{}")

        with pytest.raises(ApplicationError) as caught:
            CONVERTER.from_payloads([odd], hints)

        assert ("bad_input", True) == (caught.value.type, caught.value.non_retryable)
        assert "canary" not in str(caught.value)

    def test_does_not_quote_an_unknown_field_that_is_no_name(self) -> None:
        error = refused(
            OnboardingRequest,
            {
                "onboarding": "o",
                "person": "p",
                "assets": [{"name": "a", "url": "https://files.example/a"}],
                "canary of a person": 1,
            },
        )

        assert error.message == ("The input does not fit: unnamed: Extra inputs are not permitted.")

    def test_counts_further_problems(self) -> None:
        assert refused(OpenSession, {"consent": {}}).message.endswith("(3 more).")

    def test_that_breaks_a_rule_of_many_words_is_told_in_few(self) -> None:
        wrong = {"code": "nobody knows this", "sentence": "", "who": "", "next_step": ""}

        error = refused(conversation.Failure, wrong)

        assert "code: Input should be 'bad_input', 'consent_missing'" in error.message
        assert 300 > len(error.message)


class TestAStepsResult:
    def test_that_does_not_fit_fails_only_the_task(self) -> None:
        with pytest.raises(ValidationError):
            CONVERTER.from_payloads([payload_of({"verdict": "new word"})], [GroupLooked])

    def test_in_an_encoding_to_come_fails_only_the_task(self) -> None:
        newer = Payload(metadata={"encoding": b"json/newer"}, data=b"{}")

        with pytest.raises(KeyError):
            CONVERTER.from_payloads([newer], [GroupLooked])


class TestAFailure:
    def test_is_encoded_but_for_its_code(self) -> None:
        failure = Failure()
        error = ApplicationError("canary", type="bug")

        LikenessFailureConverter().to_failure(error, CONVERTER, failure)

        assert failure.message == "Encoded failure"
        assert failure.application_failure_info.type == "bug"
        assert b"canary" in failure.encoded_attributes.data

    def test_of_an_activitys_bad_input_is_not_wrapped(self) -> None:
        failure = Failure()
        wrapper = ApplicationError("Failed decoding arguments")
        wrapper.__cause__ = ApplicationError("said why", type="bad_input", non_retryable=True)

        LikenessFailureConverter().to_failure(wrapper, CONVERTER, failure)

        assert failure.application_failure_info.type == "bad_input"
        assert failure.application_failure_info.non_retryable

    def test_of_our_own_that_was_caused_by_bad_input_stays_itself(self) -> None:
        failure = Failure()
        ours = ApplicationError("ours", type="bug")
        ours.__cause__ = ApplicationError("said why", type="bad_input")

        LikenessFailureConverter().to_failure(ours, CONVERTER, failure)

        assert failure.application_failure_info.type == "bug"
