"""The invite link as a QR code: drawn for people at a terminal, never into a pipe."""

import io
import json
import sys

import pytest

import starter
from commands import onboardings, printing, qr_codes
from commands.answers import Answer, LinkAnswer
from commands.outcomes import ExitCode, Output
from likeness.stages import Stage

INVITE = "https://invites.example/i/" + "x" * 140
ANSWER = LinkAnswer(
    onboarding_id="one",
    tenant="default",
    workflow_id="likeness/default/one",
    stage=Stage.INVITED,
    link=1,
    invite_url=INVITE,
)
BLOCKS = frozenset("█▀▄")


class Terminal(io.StringIO):
    """Stands for a window of so many columns."""

    def isatty(self) -> bool:
        return True


class PoorTerminal(Terminal):
    """A terminal that can write no blocks."""

    encoding = "ascii"


@pytest.fixture(autouse=True)
def link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onboardings, "link", lambda *_: ANSWER)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")


def shown_on(terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setattr(sys, "stdout", terminal)
    assert starter.run(["link", "one", *words]) is ExitCode.OK
    return terminal.getvalue()


class TestADrawing:
    def test_is_a_square_of_half_blocks_with_a_quiet_zone(self) -> None:
        lines = qr_codes.drawn(INVITE).splitlines()

        width = len(lines[0])
        assert {width} == {len(line) for line in lines}
        assert (width + 1) // 2 == len(lines)
        assert {"█" * width} == {lines[0]}
        assert width <= 60

    def test_of_the_longest_link_fits_a_window_of_80(self) -> None:
        longest = "https://" + "h" * 60 + ".example/i/" + "x" * 204

        assert qr_codes.width(qr_codes.drawn(longest)) <= 80


class TestALink:
    def test_is_drawn_light_on_dark_on_a_terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLORTERM", "truecolor")

        said = shown_on(Terminal(), monkeypatch)

        assert INVITE == said.splitlines()[0]
        assert BLOCKS & set(said)
        assert "\x1b[38;2;255;255;255;48;2;0;0;0m█" in said

    def test_is_not_drawn_into_a_pipe(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert f"{INVITE}\n" == shown_on(io.StringIO(), monkeypatch)

    def test_is_not_drawn_where_that_is_not_wanted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert f"{INVITE}\n" == shown_on(Terminal(), monkeypatch, "--no-qr")

    def test_is_drawn_into_a_pipe_for_who_asks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        said = shown_on(io.StringIO(), monkeypatch, "--qr")

        assert f"{INVITE}\n{qr_codes.drawn(INVITE)}\n" == said

    @pytest.mark.parametrize("words", [("-o", "json"), ("-o", "json", "--qr")])
    def test_is_never_drawn_for_programs(
        self, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
    ) -> None:
        said = shown_on(Terminal(), monkeypatch, *words)

        assert INVITE == json.loads(said)["invite_url"]

    def test_is_not_drawn_in_a_window_where_it_would_wrap(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "40")

        said = shown_on(Terminal(), monkeypatch)

        assert not BLOCKS & set(said)
        assert "too narrow for a QR code; it needs 5" in said

    def test_is_not_drawn_where_blocks_cannot_be_written(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = shown_on(PoorTerminal(), monkeypatch)

        assert f"{INVITE}\n" == said


class TestAnAnswerWithoutWords:
    def test_is_a_bug_and_no_silence(self) -> None:
        class Unknown(Answer):
            """An answer that nobody wrote words for."""

        with pytest.raises(TypeError, match="no words for Unknown"):
            printing.Printer(Output.TEXT).answer(Unknown())
