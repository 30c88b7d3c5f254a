"""Every guard that `make mutants` breaks stands where it is thought to stand."""

import pytest

from tests.mutants.guards import MUTANTS, DoesNotApplyError, Mutant, broken, unfit


class TestMutants:
    def test_all_apply_and_their_tests_exist(self) -> None:
        assert [] == list(unfit())

    def test_are_at_least_twenty_and_each_has_a_name_of_its_own(self) -> None:
        assert len(MUTANTS) == len({mutant.name for mutant in MUTANTS}) >= 20

    def test_change_something_each(self) -> None:
        assert all(mutant.sound != mutant.broken for mutant in MUTANTS)

    @pytest.mark.parametrize("text", ["nothing of it", "guard guard"])
    def test_that_no_longer_apply_say_what_to_do(self, text: str) -> None:
        mutant = Mutant("a name", "a/file.py", "guard", "", ())

        with pytest.raises(DoesNotApplyError, match=r"a name: .*guards\.py"):
            broken(mutant, text)
