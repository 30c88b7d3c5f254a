"""What an operator may decide while something stands still, and that nobody decides twice."""

from likeness.messages.conversation import Resolution, Resolve
from workflows.deciding import ADOPT_OR_LEAVE, ANY, REPEAT_OR_LEAVE, Undecided

RESUBMIT = Resolve(resolution=Resolution.RESUBMIT)
GIVE_UP = Resolve(resolution=Resolution.GIVE_UP)


class TestUndecided:
    def test_where_nothing_stands_still_nothing_is_allowed(self) -> None:
        assert [] == [choice for choice in Resolution if Undecided().allows(choice)]

    def test_only_the_choices_that_are_open_are_allowed(self) -> None:
        allowed = {
            choices: {choice for choice in Resolution if Undecided(choices).allows(choice)}
            for choices in (ANY, ADOPT_OR_LEAVE, REPEAT_OR_LEAVE)
        }

        assert {choices: set(choices) for choices in allowed} == allowed

    def test_after_one_decision_no_other_is_allowed(self) -> None:
        undecided = Undecided(ANY)

        undecided.decides(RESUBMIT)

        assert undecided.is_decided
        assert [] == [choice for choice in Resolution if undecided.allows(choice)]

    def test_it_is_heeded_once(self) -> None:
        undecided = Undecided(ANY)
        undecided.decides(GIVE_UP)

        assert [GIVE_UP, None] == [undecided.takes(), undecided.takes()]
        assert not undecided.allows(Resolution.RESUBMIT)
