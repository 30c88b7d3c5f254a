"""Every failure has a name, a sentence, somebody who must act and something to do."""

import re

import pytest

from likeness.failures import FAILURES, Actor, FailureCode, code_of
from likeness.messages.conversation import Failure
from likeness.stages import Hold

CODES = pytest.mark.parametrize("code", FailureCode)

HOLDS = {
    FailureCode.TOO_FEW_USABLE_ASSETS: Hold.NEEDS_ASSETS,
    FailureCode.SUBMISSION_UNCONFIRMED: Hold.NEEDS_DECISION,
    FailureCode.GENERATION_UNCONFIRMED: Hold.NEEDS_DECISION,
    FailureCode.GENERATION_STALLED: Hold.NEEDS_OPERATOR,
    FailureCode.SPEND_LIMIT: Hold.NEEDS_OPERATOR,
    FailureCode.ATTEMPTS_EXHAUSTED: Hold.NEEDS_OPERATOR,
    FailureCode.H5_HOST_UNLISTED: Hold.NEEDS_OPERATOR,
    FailureCode.UPSTREAM_UNAVAILABLE: Hold.NEEDS_OPERATOR,
    FailureCode.UPSTREAM_KEY_REFUSED: Hold.NEEDS_OPERATOR,
    FailureCode.UPSTREAM_BALANCE: Hold.NEEDS_OPERATOR,
    FailureCode.UPSTREAM_FORBIDDEN: Hold.NEEDS_OPERATOR,
    FailureCode.UPSTREAM_REFUSED: Hold.NEEDS_OPERATOR,
    FailureCode.UPSTREAM_LOST_TASK: Hold.NEEDS_OPERATOR,
    FailureCode.ARCHIVE_FAILED: Hold.NEEDS_OPERATOR,
    FailureCode.BUG: Hold.NEEDS_OPERATOR,
}


class TestCatalogue:
    def test_there_is_an_entry_for_every_code_and_no_other(self) -> None:
        assert set(FailureCode) == set(FAILURES)

    @CODES
    def test_it_says_what_happened_in_one_sentence(self, code: FailureCode) -> None:
        sentence = FAILURES[code].sentence

        assert re.fullmatch(r"[A-Z][^.{}%\n]+\.", sentence)
        assert len(sentence) <= 120

    @CODES
    def test_it_says_what_to_do_next(self, code: FailureCode) -> None:
        assert re.fullmatch(r"[A-Z][^{}%\n]+\.", FAILURES[code].next_step)

    def test_no_two_say_the_same(self) -> None:
        assert len(FAILURES) == len({text.sentence for text in FAILURES.values()})

    @CODES
    def test_a_code_is_a_word_that_may_stand_in_clear(self, code: FailureCode) -> None:
        assert re.fullmatch(r"[a-z0-9_]{1,40}", code.value)
        assert code.name.lower() == code.value


class TestHolds:
    def test_a_run_holds_only_where_somebody_can_mend_or_decide_it(self) -> None:
        held = {code: text.hold for code, text in FAILURES.items() if text.hold is not None}

        assert HOLDS == held

    @CODES
    def test_it_never_holds_for_the_person(self, code: FailureCode) -> None:
        text = FAILURES[code]

        assert not (text.who is Actor.PERSON and text.hold is not None)

    @CODES
    def test_who_must_act_is_who_the_hold_waits_for(self, code: FailureCode) -> None:
        text = FAILURES[code]
        expected = {
            None: set(Actor),
            Hold.NEEDS_ASSETS: {Actor.CALLER},
            Hold.NEEDS_DECISION: {Actor.OPERATOR},
            Hold.NEEDS_OPERATOR: {Actor.OPERATOR},
        }

        assert text.who in expected[text.hold]


class TestCodeOf:
    @CODES
    def test_a_type_of_ours_is_its_code(self, code: FailureCode) -> None:
        assert code is code_of(code.value)

    @pytest.mark.parametrize("name", [None, "", "ValueError", "BUG", "bug ", "Bug"])
    def test_anything_else_is_a_bug(self, name: str | None) -> None:
        assert FailureCode.BUG is code_of(name)


class TestFailure:
    @CODES
    def test_it_is_filled_from_the_catalogue(self, code: FailureCode) -> None:
        text = FAILURES[code]
        failure = Failure.of(code, step="poll_review", detail="why")

        assert (code, "poll_review", "why") == (failure.code, failure.step, failure.detail)
        assert (text.sentence, text.who, text.next_step) == (
            failure.sentence,
            failure.who,
            failure.next_step,
        )
