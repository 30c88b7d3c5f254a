import pytest

from commands.decisions import extension_of, replacement_of, resolution_of
from commands.outcomes import CommandError, ExitCode
from commands.subjects import Who
from likeness.messages.conversation import Resolution, Resolve
from likeness.messages.onboarding import AssetKind

WHO = Who("anna", "because")
CANARY = "canary-of-what-was-typed"
URL = f"https://files.example/{CANARY}.jpg?image=1"


def refusal(*assets: str) -> str:
    with pytest.raises(CommandError) as caught:
        replacement_of(assets, WHO)
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    return str(caught.value)


class TestReplacements:
    def test_bear_the_name_of_what_they_replace(self) -> None:
        order = replacement_of([f"asset-1={URL}", f"turn=video={URL}", f"b=image={URL}"], WHO)

        told = [(asset.name, asset.kind) for asset in order.assets]
        assert [
            ("asset-1", AssetKind.IMAGE),
            ("turn", AssetKind.VIDEO),
            ("b", AssetKind.IMAGE),
        ] == told
        assert {URL} == {asset.url.get_secret_value() for asset in order.assets}
        assert ("anna", "because") == (order.actor, order.reason)

    @pytest.mark.parametrize("typed", [URL, f"video={URL}", f"image={URL}", f"a b={URL}", "a="])
    def test_without_a_name_are_refused(self, typed: str) -> None:
        told = refusal(f"ok={URL}", typed)

        assert (
            "--asset 2 must be NAME=[image=|video=]URL, beginning with the asset's own name."
            == told
        )

    def test_of_an_unknown_kind_are_refused(self) -> None:
        assert "--asset 1: there are image= and video=, and no other kinds." == refusal(
            f"a=audio={URL}"
        )

    def test_at_no_address_are_refused_by_their_number(self) -> None:
        told = refusal(f"a=ftp://{CANARY}/a.jpg")

        assert told.startswith("--asset 1: an asset URL must be an http or https address")
        assert CANARY not in told

    def test_bear_different_names(self) -> None:
        assert "Two --asset bear the same name; give each a name of its own." == refusal(
            f"a={URL}", f"a={URL}2"
        )

    def test_are_at_most_twenty(self) -> None:
        told = refusal(*[f"a{number}={URL}" for number in range(21)])

        assert "--asset must be given 1 to 20 times." == told


class TestTime:
    @pytest.mark.parametrize(
        ("typed", "seconds"),
        [("3d", 259200), ("12h", 43200), ("90m", 5400), ("1d12h", 129600), (" 1D2H3M ", 93780)],
    )
    def test_is_given_in_days_hours_and_minutes(self, typed: str, seconds: float) -> None:
        assert seconds == extension_of(typed, WHO).by_s

    @pytest.mark.parametrize("typed", ["", "3", "d", "-1d", "0h", "1.5h", "2h1d", "4000d", "1w"])
    def test_of_any_other_form_is_refused(self, typed: str) -> None:
        with pytest.raises(CommandError, match="--by must be days, hours, minutes"):
            extension_of(typed, WHO)


class TestADecision:
    def test_is_one_of_three_words(self) -> None:
        adopted = resolution_of("adopt", "task_01J", "asset-1", WHO)

        assert adopted == Resolve(
            resolution=Resolution.ADOPT,
            task_id="task_01J",
            asset="asset-1",
            actor="anna",
            reason="because",
        )
        for word in ("resubmit", "give_up"):
            assert Resolution(word) is resolution_of(word, None, None, WHO).resolution

    @pytest.mark.parametrize(
        ("word", "task_id"), [("adopt", None), ("resubmit", "task_1"), ("give_up", "task_1")]
    )
    def test_names_a_task_when_it_adopts_one_and_only_then(
        self, word: str, task_id: str | None
    ) -> None:
        with pytest.raises(CommandError, match="adopt is followed by the TASK_ID"):
            resolution_of(word, task_id, None, WHO)

    def test_names_no_nonsense(self) -> None:
        with pytest.raises(CommandError, match="TASK_ID must be the upstream's id"):
            resolution_of("adopt", "no id", None, WHO)
        with pytest.raises(CommandError, match="--asset must be the name of one asset"):
            resolution_of("give_up", None, "x" * 65, WHO)
