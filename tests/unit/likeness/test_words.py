"""The words that are spelled once: summaries in clear, steps, names, stages, search attributes."""

import re

import pytest

from likeness import names, search, steps
from likeness.stages import Hold, Stage
from likeness.steps import Step
from likeness.summaries import Summary

NAMED = [value for value in vars(steps).values() if isinstance(value, Step)]


class TestSummaries:
    @pytest.mark.parametrize("summary", Summary)
    def test_each_is_a_constant_with_no_place_for_a_persons_data(self, summary: Summary) -> None:
        assert re.fullmatch(r"[A-Z][A-Za-z ,;:'-]{5,70}", summary.value)

    def test_no_two_are_the_same(self) -> None:
        assert len(Summary.__members__) == len({summary.value for summary in Summary})


class TestSteps:
    def test_every_name_is_unique(self) -> None:
        assert len(NAMED) == len({step.name for step in NAMED})

    def test_the_words_of_the_order_are_all_there(self) -> None:
        ordered = {
            "create_session",
            "query_group",
            "submit_assets",
            "poll_review",
            "trigger_generation",
            "poll_generation",
            "archive_video",
        }

        assert ordered <= {step.name for step in NAMED}

    def test_no_two_take_the_same_message(self) -> None:
        assert len(NAMED) == len({step.takes for step in NAMED})


class TestNames:
    def test_every_name_is_unique(self) -> None:
        spelled = [value for name, value in vars(names).items() if name.isupper()]

        assert len(spelled) == len(set(spelled))

    def test_messages_are_named_as_the_design_names_them(self) -> None:
        assert (
            "open_session",
            "finished",
            "decline",
            "cancel",
            "verification_callback",
            "status",
        ) == (
            names.OPEN_SESSION,
            names.FINISHED,
            names.DECLINE,
            names.CANCEL,
            names.VERIFICATION_CALLBACK,
            names.STATUS,
        )


class TestStages:
    def test_the_last_five_are_ends(self) -> None:
        assert ["completed", "declined", "expired", "failed", "canceled"] == [
            stage.value for stage in Stage if stage.is_end
        ]

    def test_holds_are_the_three_of_the_design(self) -> None:
        assert {"needs_assets", "needs_decision", "needs_operator"} == set(Hold)


class TestSearchAttributes:
    def test_they_hold_words_and_times_only(self) -> None:
        assert {"Keyword", "Datetime"} == set(search.SEARCH_ATTRIBUTES.values())

    @pytest.mark.parametrize("name", search.SEARCH_ATTRIBUTES)
    def test_each_is_recognizably_ours(self, name: str) -> None:
        assert re.fullmatch(r"Likeness[A-Za-z]+", name)
