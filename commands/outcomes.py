"""How a command ends: exit codes, and the one sentence of a command that did not succeed."""

from enum import IntEnum, StrEnum
from typing import Any

from likeness.failures import Actor, FailureCode


class ExitCode(IntEnum):
    """Stable: scripts branch on them."""

    OK = 0
    FAILED = 1
    BAD_INPUT = 2
    NOT_FOUND = 3
    AWAY = 4
    BUG = 70
    INTERRUPTED = 130


class Output(StrEnum):
    """What is printed: for people or for programs."""

    TEXT = "text"
    JSON = "json"


class Problem(StrEnum):
    """What ``error.code`` says beside the codes of ``FailureCode``."""

    SETTINGS = "settings"
    KEY_FILE = "key_file"
    WRONG_KEY = "wrong_key"
    NAMESPACE_UNPREPARED = "namespace_unprepared"
    TEMPORAL_REFUSED = "temporal_refused"
    TEMPORAL_AWAY = "temporal_away"
    WORKER_AWAY = "worker_away"
    NOT_FOUND = "not_found"
    DIFFERENT_REQUEST = "different_request"
    REFUSED = "refused"
    UNFINISHED = "unfinished"
    INTERRUPTED = "interrupted"


class CommandError(Exception):
    """A command that did not succeed; the text is one sentence."""

    def __init__(
        self,
        sentence: str,
        *,
        code: Problem | FailureCode,
        exit_code: ExitCode,
        next_step: str,
        who: Actor = Actor.CALLER,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.exit_code = exit_code
        self.who = who
        self.next_step = next_step

    def leading_to(self, next_step: str) -> "CommandError":
        """Give the same error with another next step."""
        return CommandError(
            str(self),
            code=self.code,
            exit_code=self.exit_code,
            who=self.who,
            next_step=next_step,
        )

    def answer(self) -> dict[str, Any]:
        """Give the object that ``-o json`` prints to stderr."""
        return {
            "error": {
                "code": self.code,
                "sentence": str(self),
                "who": self.who,
                "next_step": self.next_step,
            }
        }


def bad_input(sentence: str) -> CommandError:
    """Give the error of a command that was typed wrong; nothing has been done."""
    return CommandError(
        sentence,
        code=FailureCode.BAD_INPUT,
        exit_code=ExitCode.BAD_INPUT,
        next_step="Correct it and run the command again; --help shows an example.",
    )


def refused(sentence: str, next_step: str) -> CommandError:
    """Give the error of a command that the operator's own files do not allow."""
    return CommandError(
        sentence,
        code=Problem.REFUSED,
        exit_code=ExitCode.FAILED,
        who=Actor.OPERATOR,
        next_step=next_step,
    )


def interrupted(next_step: str, sentence: str = "Interrupted.") -> CommandError:
    """Give the end by Ctrl-C."""
    return CommandError(
        sentence,
        code=Problem.INTERRUPTED,
        exit_code=ExitCode.INTERRUPTED,
        next_step=next_step,
    )
