import pytest

from commands.outcomes import CommandError
from commands.subjects import Clip, Subject, subject_of, target_of, who_of


class TestTheSubject:
    def test_is_named_by_its_id_or_by_its_whole_workflow_id(self) -> None:
        assert subject_of("one", "acme") == ("acme", "one")
        assert subject_of("likeness/acme/one", "default") == ("acme", "one")

    def test_makes_commands_that_can_be_copied(self) -> None:
        assert subject_of("one", "default").command("watch") == "python starter.py watch one"
        assert subject_of("one", "acme").command("watch").endswith("watch likeness/acme/one")

    @pytest.mark.parametrize("number", [1, 12])
    def test_is_not_its_video(self, number: int) -> None:
        with pytest.raises(CommandError) as caught:
            subject_of(f"likeness/default/x/video/{number}", "default")

        assert str(caught.value) == "This is the id of a video; the onboarding is x."

    @pytest.mark.parametrize("typed_id", ["", "a@b.c", "Anna", "likeness/one", "x" * 41, "a/b/c/d"])
    def test_with_a_bad_id_is_refused(self, typed_id: str) -> None:
        with pytest.raises(CommandError, match=r"^(ID, the onboarding's id,|--tenant)"):
            subject_of(typed_id, "default")


class TestTheTarget:
    @pytest.mark.parametrize(
        "typed", ["likeness/default/one/video/1", "likeness/acme/person/p-17/video/12"]
    )
    def test_may_be_a_video_by_its_whole_workflow_id(self, typed: str) -> None:
        target = target_of(typed, "default")

        assert Clip(typed) == target
        assert f"python starter.py resolve {typed}" == target.command("resolve")

    def test_is_an_onboarding_else(self) -> None:
        assert Subject("acme", "one") == target_of("one", "acme")
        assert Subject("acme", "one") == target_of("likeness/acme/one", "default")

    @pytest.mark.parametrize(
        "typed", ["likeness/default/x/video/0", "likeness/default/x/video/y", "a/video/1"]
    )
    def test_is_nothing_that_only_looks_like_a_video(self, typed: str) -> None:
        with pytest.raises(CommandError):
            target_of(typed, "default")


class TestWhoOrders:
    @pytest.mark.parametrize("actor", ["", "x" * 81])
    def test_has_a_name_of_a_bearable_length(self, actor: str) -> None:
        with pytest.raises(CommandError, match="--actor must be a text of 1 to 80 characters"):
            who_of(actor, "")
