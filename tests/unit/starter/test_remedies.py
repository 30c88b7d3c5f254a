import pytest
from typer.testing import CliRunner

import starter
from commands import subjects
from commands.remedies import REMEDIES, commands_for, shown
from commands.subjects import Clip, Subject
from likeness.failures import FAILURES, FailureCode
from likeness.messages.conversation import AssetStatus
from likeness.stages import AssetState, Stage, WaitingFor

ONE = Subject("default", "one")
HELD = sorted(code for code, text in FAILURES.items() if text.hold is not None)
FILLED = {"TASK_ID": "task_1", "URL": "https://files.example/a.jpg", "NAME": "asset-1"}


def lines(code: FailureCode, *assets: AssetStatus) -> tuple[str, ...]:
    prefix = "python starter.py "
    found = commands_for(
        code, WaitingFor.OPERATOR, ONE, stage=Stage.SUBMITTING_ASSETS, assets=assets
    )
    assert all(line.startswith(prefix) for line in found)
    return tuple(line.removeprefix(prefix) for line in found)


def an_asset(name: str, state: AssetState) -> AssetStatus:
    return AssetStatus(name=name, state=state)


class TestEveryHold:
    def test_has_commands_of_its_own(self) -> None:
        assert set(HELD) == set(REMEDIES)

    @pytest.mark.parametrize("code", HELD)
    def test_is_shown_with_capitals_to_fill(self, code: FailureCode) -> None:
        assert all(" ID" in line and "{" not in line for line in shown(code))

    @pytest.mark.parametrize("code", HELD)
    def test_gives_commands_that_the_command_line_understands(
        self, code: FailureCode, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Understood(Exception):  # noqa: N818 - no error: the command was well typed
            pass

        def settings() -> None:
            raise Understood

        for place in ("starter._settings", "commands.operator_verbs._settings"):
            monkeypatch.setattr(place, settings)
        for line in lines(code):
            for word, filling in FILLED.items():
                line = line.replace(word, filling)  # noqa: PLW2901 - filled word by word
            result = CliRunner().invoke(starter.app, line.split())

            assert isinstance(result.exception, Understood), (line, result.output)


class TestAnUnconfirmedSubmission:
    def test_is_decided_in_one_of_three_ways(self) -> None:
        one = an_asset("asset-2", AssetState.UNKNOWN)

        assert (
            "resolve one adopt TASK_ID",
            "resolve one resubmit",
            "resolve one give_up",
        ) == lines(FailureCode.SUBMISSION_UNCONFIRMED, one)

    def test_of_several_assets_is_adopted_one_by_one(self) -> None:
        several = [an_asset(name, AssetState.UNKNOWN) for name in ("a", "b")]

        assert (
            "resolve one adopt TASK_ID --asset a",
            "resolve one adopt TASK_ID --asset b",
        ) == lines(FailureCode.SUBMISSION_UNCONFIRMED, *several)[:2]


class TestTooFewAssets:
    def test_are_replaced_by_name_or_done_without(self) -> None:
        assets = [
            an_asset("a", AssetState.USABLE),
            an_asset("b", AssetState.REFUSED),
            an_asset("c", AssetState.REFUSED),
        ]

        assert (
            "replace-assets one --asset b=URL --asset c=URL",
            "accept-partial one",
            "cancel one",
        ) == lines(FailureCode.TOO_FEW_USABLE_ASSETS, *assets)

    def test_cannot_be_accepted_when_none_is_usable(self) -> None:
        told = lines(FailureCode.TOO_FEW_USABLE_ASSETS, an_asset("b", AssetState.REFUSED))

        assert ("replace-assets one --asset b=URL", "cancel one") == told


class TestAVideo:
    def test_is_named_by_its_whole_id(self) -> None:
        clip = Clip("likeness/default/person/p-1/video/2")

        *_, give_up = commands_for(FailureCode.GENERATION_STALLED, WaitingFor.OPERATOR, clip)

        assert f"python starter.py resolve {clip.workflow_id} give_up" == give_up
        assert clip == subjects.target_of(give_up.split()[3], "default")

    def test_that_tries_again_by_itself_can_be_told_to_try_at_once(self) -> None:
        clip = Clip("likeness/default/one/video/1")

        told = commands_for(FailureCode.UPSTREAM_BALANCE, WaitingFor.OPERATOR, clip)

        assert (f"python starter.py check-now {clip.workflow_id}",) == told


class TestTheCheckOfThePerson:
    def test_cannot_be_given_up_without_the_whole(self) -> None:
        told = commands_for(FailureCode.BUG, WaitingFor.OPERATOR, ONE, stage=Stage.VERIFYING)

        assert ("python starter.py resolve one resubmit", "python starter.py cancel one") == told


class TestWithoutAHold:
    def test_the_person_or_the_provider_is_waited_for(self) -> None:
        told = {
            who: commands_for(None, who, ONE)
            for who in (WaitingFor.PERSON, WaitingFor.UPSTREAM, WaitingFor.NOBODY)
        }

        assert {
            WaitingFor.PERSON: ("python starter.py link one",),
            WaitingFor.UPSTREAM: ("python starter.py watch one",),
            WaitingFor.NOBODY: (),
        } == told
