import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import starter
from commands import onboardings
from commands.answers import LinkAnswer, ListedAnswer, StartAnswer, StatusAnswer
from commands.outcomes import ExitCode, Problem
from likeness.messages.conversation import OnboardingStatus
from likeness.messages.onboarding import OnboardingRequest
from likeness.stages import Stage
from runtime.settings import StarterSettings

ROOT = Path(__file__).parents[3]
INVITE = "https://invites.example/i/canary-of-an-invite"
URL = "https://files.example/canary-of-an-asset.jpg?sig=x"
PROMPT = "canary of a prompt"
START = ["start", "--person", "p-1", "--asset", URL, "--prompt", PROMPT]
HEAVY = {"temporalio", "httpx", "fastapi", "cryptography", "structlog"}
"""What `--help` would wait for."""

COMMANDS = [
    *("start", "status", "watch", "list", "cancel", "link"),
    *("revoke-link", "release-device", "reset-attempts", "replace-assets", "accept-partial"),
    *("extend-deadline", "check-now", "resolve"),
    *("person show", "person list", "person generate", "person withdraw", "person erase"),
    *("keys new", "keys rotate"),
    *("keys api new", "keys api list", "keys api revoke"),
    *("keys webhook new", "keys webhook show", "keys webhook rotate", "keys webhook retire"),
]


def started(_settings: StarterSettings, request: OnboardingRequest) -> StartAnswer:
    return StartAnswer(
        onboarding_id=request.onboarding,
        tenant=request.tenant,
        workflow_id=f"likeness/default/{request.onboarding}",
        stage=Stage.INVITED,
        is_new=True,
        invite_url=INVITE,
    )


@pytest.fixture
def shown(
    monkeypatch: pytest.MonkeyPatch, at_a_glance: StatusAnswer, told: OnboardingStatus
) -> list[StatusAnswer]:
    """What the fake of `status` and `watch` shows, in order; a test may change it."""
    statuses = [at_a_glance, at_a_glance.knowing(told)]

    def watch(
        _settings: StarterSettings, _subject: object, show: Callable[[StatusAnswer], None]
    ) -> StatusAnswer:
        for status in statuses:
            show(status)
        return statuses[-1]

    monkeypatch.setattr(onboardings, "start", started)
    monkeypatch.setattr(onboardings, "status", lambda *_, **__: statuses[-1])
    monkeypatch.setattr(onboardings, "watch", watch)
    return statuses


def failing(error: BaseException) -> Callable[..., StatusAnswer]:
    def status(*_: object, **__: object) -> StatusAnswer:
        raise error

    return status


class TestHelp:
    @pytest.mark.parametrize("command", ["", "start", "cancel", "person show", "keys api new"])
    async def test_is_given_without_what_only_doing_needs(self, command: str) -> None:
        program = (
            f"import sys, starter; starter.run([*{command.split()}, '--help']); "
            f"sys.stderr.write(' '.join({HEAVY} & set(sys.modules)))"
        )

        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            program,
            cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, loaded = await child.communicate()

        assert (0, b"") == (child.returncode, loaded), "Load it by commands.lazily."

    @pytest.mark.parametrize("command", COMMANDS)
    def test_of_every_command_has_an_example_and_an_output_option(
        self, command: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert starter.run([*command.split(), "--help"]) is ExitCode.OK

        text = capsys.readouterr().out
        assert f"Example: python starter.py {command}" in " ".join(text.split())
        assert "--output" in text

    def test_names_every_exit_code(self, capsys: pytest.CaptureFixture[str]) -> None:
        starter.run([])

        codes = " ".join(capsys.readouterr().out.split()).partition("Exit codes: ")[2]
        for code in ExitCode:
            assert f"{code:d} " in codes


class TestAnswers:
    @pytest.mark.usefixtures("shown")
    def test_of_start_hold_the_link_and_nothing_that_was_typed_in_confidence(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert starter.run([*START, "--id", "one", "-o", "json"]) is ExitCode.OK

        printed = capsys.readouterr()
        answer = json.loads(printed.out)
        assert {"onboarding_id": "one", "stage": "invited", "invite_url": INVITE}.items() <= (
            answer.items()
        )
        assert URL not in printed.out + printed.err
        assert PROMPT not in printed.out + printed.err

    @pytest.mark.usefixtures("shown")
    def test_of_start_in_words_say_what_comes_next(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        starter.run([*START, "--id", "one"])

        lines = capsys.readouterr().out.splitlines()
        assert lines[-2:] == [INVITE, "Next: python starter.py watch one"]

    @pytest.mark.usefixtures("shown")
    def test_of_status_are_one_object(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert starter.run(["status", "one", "-o", "json"]) is ExitCode.OK

        assert json.loads(capsys.readouterr().out)["group_id"] == "group-9"

    @pytest.mark.usefixtures("shown")
    def test_of_status_in_words_name_assets_and_reason(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        starter.run(["status", "one"])

        words = " ".join(capsys.readouterr().out.split())
        for expected in ("stage generating", "attempts 2, 3 left", "asset-2 refused blurred"):
            assert expected in words

    @pytest.mark.usefixtures("shown")
    def test_of_watch_are_one_object_a_change(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert starter.run(["watch", "one", "-o", "json"]) is ExitCode.OK

        stages = [json.loads(line)["stage"] for line in capsys.readouterr().out.splitlines()]
        assert stages == ["verifying", "generating"]

    @pytest.mark.usefixtures("shown")
    def test_of_watch_into_a_pipe_are_one_line_a_change(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        starter.run(["watch", "one"])

        first, second = capsys.readouterr().out.splitlines()
        assert first.endswith("verifying  waiting for person  worker away")
        assert second.endswith("assets 1 usable, 1 refused  video generating")

    def test_of_list_are_one_array(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        at_a_glance: StatusAnswer,
    ) -> None:
        line = ListedAnswer.model_validate(
            at_a_glance.model_dump() | {"person": "p-1", "reason": None}
        )
        monkeypatch.setattr(onboardings, "listed", lambda *_, **__: [line, line])

        assert starter.run(["list", "-o", "json"]) is ExitCode.OK
        answers = json.loads(capsys.readouterr().out)
        starter.run(["list", "--limit", "2"])
        words = capsys.readouterr().out

        assert [answer["onboarding_id"] for answer in answers] == ["one", "one"]
        assert "verifying" in words
        assert "--limit shows more" in words

    def test_of_link_in_words_are_the_link_alone(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer = LinkAnswer(
            onboarding_id="one",
            tenant="default",
            workflow_id="likeness/default/one",
            stage=Stage.INVITED,
            link=1,
            invite_url=INVITE,
        )
        monkeypatch.setattr(onboardings, "link", lambda *_: answer)

        starter.run(["link", "one"])

        assert capsys.readouterr().out == f"{INVITE}\n"
        assert INVITE not in repr(answer)

    def test_of_link_for_an_ended_run_say_so(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer = LinkAnswer(
            onboarding_id="one",
            tenant="default",
            workflow_id="likeness/default/one",
            stage=Stage.CANCELED,
            link=1,
            invite_url=INVITE,
        )
        monkeypatch.setattr(onboardings, "link", lambda *_: answer)

        starter.run(["link", "one"])

        first, second, last = capsys.readouterr().out.splitlines()
        assert first.startswith("Onboarding one has ended: it is canceled.")
        assert INVITE == second
        assert last.startswith("Next: python starter.py status one")

    def test_of_start_for_an_ended_run_ask_for_no_link_to_be_sent(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def ended(settings: StarterSettings, request: OnboardingRequest) -> StartAnswer:
            update = {"stage": Stage.COMPLETED, "is_new": False}
            return started(settings, request).model_copy(update=update)

        monkeypatch.setattr(onboardings, "start", ended)

        starter.run([*START, "--id", "one", "--qr"])

        first, last = capsys.readouterr().out.splitlines()
        assert first.endswith("has ended: it is completed.")
        assert last.startswith("Next: python starter.py status one")


class TestWaiting:
    def test_ends_well_when_all_that_was_asked_for_is_there(
        self, shown: list[StatusAnswer], capsys: pytest.CaptureFixture[str]
    ) -> None:
        shown[1] = shown[1].model_copy(update={"stage": Stage.COMPLETED})
        order = ["start", "--person", "p-1", "--asset", URL]

        assert starter.run([*order, "--wait", "-o", "json"]) is ExitCode.OK

        first, last = (json.loads(line) for line in capsys.readouterr().out.splitlines())
        assert (first["stage"], last["stage"]) == ("invited", "completed")
        assert first["invite_url"] == last["invite_url"] == INVITE

    def test_fails_when_the_video_that_was_asked_for_is_not(
        self, shown: list[StatusAnswer], capsys: pytest.CaptureFixture[str]
    ) -> None:
        shown[1] = shown[1].model_copy(update={"stage": Stage.COMPLETED})

        assert starter.run([*START, "--wait", "-o", "json"]) is ExitCode.FAILED

        assert json.loads(capsys.readouterr().err)["error"]["code"] == Problem.UNFINISHED


class TestWhatGoesWrong:
    @pytest.mark.parametrize(
        "arguments",
        [
            ["nonsense"],
            ["start"],
            ["start", "--person", "p-1"],
            ["start", "--person", "p-1", "--asset", URL, "--prompt", "two", "words"],
            ["start", "--person", "p-1", "--asset", f"audio={URL}"],
            ["start", "--person", "p-1", "--asset", URL, "--min-usable", "2"],
            ["start", "--person", "p-1", "--asset", URL, "--min-usable", "many"],
            ["start", "--person", "p-1", "--asset", URL, "--id", "anna@example.com"],
            ["status"],
            ["status", "anna@example.com"],
            ["status", "one", "--nonsense"],
            ["list", "--stage", "nowhere"],
            ["list", "--limit", "0"],
            ["list", "--tenant", "Anna"],
            ["cancel", "one", "--reason", "x" * 501],
            ["revoke-link", "one", "--reason", "x" * 501],
            ["release-device"],
            ["reset-attempts", "anna@example.com"],
            ["cancel", "one", "--actor", ""],
            ["accept-partial", "likeness/default/one/video/1"],
            ["replace-assets", "one"],
            ["replace-assets", "one", "--asset", URL],
            ["extend-deadline", "one"],
            ["extend-deadline", "one", "--by", "soon"],
            ["check-now", "one", "--actor", "x" * 81],
            ["resolve", "one"],
            ["resolve", "one", "perhaps"],
            ["resolve", "one", "adopt"],
            ["resolve", "one", "resubmit", "task_1"],
            ["resolve", "one/video/1", "give_up"],
            ["start", "--person", "p-1", "--asset", URL, "--contact", ""],
            ["start", "--person", "p-1", "--asset", URL, "--purpose", "x" * 301],
            ["person"],
            ["person", "show"],
            ["person", "show", "anna@example.com"],
            ["person", "show", "likeness/default/one"],
            ["person", "list", "--limit", "0"],
            ["person", "generate", "p-1"],
            ["person", "generate", "p-1", "--prompt", ""],
            ["person", "generate", "p-1", "--prompt", PROMPT, "--duration-s", "99"],
            ["person", "generate", "p-1", "--prompt", PROMPT, "--id", "An id"],
            ["person", "withdraw", "Anna"],
            ["person", "erase", "p-1", "--yes", "--reason", "x" * 501],
            ["keys"],
        ],
    )
    def test_in_the_words_typed_is_one_sentence_and_nothing_is_done(
        self, arguments: Sequence[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert starter.run([*arguments, "-o", "json"]) is ExitCode.BAD_INPUT

        printed = capsys.readouterr()
        error = json.loads(printed.err)["error"]
        assert set(error) == {"code", "sentence", "who", "next_step"}
        assert error["code"] == "bad_input"
        assert error["sentence"].endswith(".")
        assert URL not in printed.err
        assert printed.out == ""

    def test_in_a_setting_names_the_variable_and_never_its_value(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("LINK_TTL_S", "canary")

        assert starter.run(["status", "one"]) is ExitCode.BAD_INPUT

        printed = capsys.readouterr().err
        assert printed.startswith("LINK_TTL_S is wrong")
        assert "canary" not in printed

    def test_with_a_key_file_names_the_remedy(
        self,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setenv("PAYLOAD_KEYS_FILE", str(tmp_path / "none"))

        assert starter.run(["status", "one", "-o", "json"]) is ExitCode.BAD_INPUT

        error = json.loads(capsys.readouterr().err)["error"]
        assert error["code"] == Problem.KEY_FILE
        assert "`starter.py keys new` makes one" in error["sentence"]

    def test_unexpectedly_is_one_sentence_without_a_trace(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(onboardings, "status", failing(ZeroDivisionError("canary")))

        assert starter.run(["status", "one"]) is ExitCode.BUG

        printed = capsys.readouterr().err
        assert printed.splitlines() == [
            "Something happened that this program does not know (ZeroDivisionError).",
            "Next: Run it again with LOG_LEVEL=DEBUG to see where, and report it.",
        ]

    def test_unexpectedly_is_traced_for_who_asks(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(onboardings, "status", failing(ZeroDivisionError()))
        monkeypatch.setenv("LOG_LEVEL", "DEBUG")

        starter.run(["status", "one"])

        assert "Traceback" in json.loads(capsys.readouterr().err.splitlines()[0])["exception"]

    def test_when_the_reader_of_a_pipe_has_gone_is_no_noise(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(onboardings, "status", failing(BrokenPipeError(32, "Broken pipe")))

        assert starter.run(["status", "one"]) is ExitCode.FAILED
        assert capsys.readouterr().err == ""

    def test_is_told_in_json_however_that_was_asked_for(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for spelled in (["-o", "json"], ["--output", "json"], ["-ojson"], ["--output=json"]):
            starter.run(["nonsense", *spelled])
            assert "error" in json.loads(capsys.readouterr().err)
        starter.run(["nonsense", "-o", "text"])
        assert capsys.readouterr().err.startswith("No such command")
