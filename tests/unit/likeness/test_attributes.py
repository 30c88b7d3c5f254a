from datetime import UTC, datetime

from temporalio.common import TypedSearchAttributes

from likeness.failures import FailureCode
from likeness.search import SEARCH_ATTRIBUTES
from likeness.stages import Hold, Stage, WaitingFor
from likeness.temporal import attributes
from likeness.temporal.attributes import search_attribute_updates, search_attributes

INVITED = search_attributes(Stage.INVITED, WaitingFor.PERSON, deadline=1.0)


class TestSearchAttributes:
    def test_are_exactly_those_that_a_namespace_is_set_up_with(self) -> None:
        keys = (
            attributes.STAGE,
            attributes.WAITING_FOR,
            attributes.HOLD,
            attributes.REASON,
            attributes.DEADLINE,
        )

        types = {key.name: key.indexed_value_type.name.capitalize() for key in keys}
        assert types == SEARCH_ATTRIBUTES

    def test_hold_what_is_known_and_nothing_for_the_rest(self) -> None:
        assert len(INVITED) == 3
        assert INVITED[attributes.STAGE] == "invited"
        assert INVITED[attributes.DEADLINE] == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
        assert INVITED.get(attributes.HOLD) is None


class TestAnUpsert:
    def test_holds_only_what_changed(self) -> None:
        held = search_attributes(
            Stage.INVITED,
            WaitingFor.OPERATOR,
            hold=Hold.NEEDS_OPERATOR,
            reason=FailureCode.BUG,
            deadline=1.0,
        )

        updates = search_attribute_updates(held, since=INVITED)

        assert {(update.key.name, update.value) for update in updates} == {
            ("LikenessWaitingFor", "operator"),
            ("LikenessHold", "needs_operator"),
            ("LikenessReason", "bug"),
        }

    def test_unsets_what_is_no_longer_so(self) -> None:
        nothing = TypedSearchAttributes.empty

        updates = search_attribute_updates(nothing, since=INVITED)

        assert {update.value for update in updates} == {None}
        assert len(updates) == 3

    def test_of_nothing_new_is_empty(self) -> None:
        assert search_attribute_updates(INVITED, since=INVITED) == []
