"""Says in one sentence what ended a command, whatever it was."""

import structlog
import typer

from commands.outcomes import CommandError, ExitCode, Problem, bad_input
from likeness.failures import FAILURES, Actor, FailureCode
from runtime import logs
from runtime.keys import KeyFileError
from runtime.loading import SettingsError, load
from runtime.settings import TemporalSettings


def explained(error: BaseException) -> CommandError:
    """Give what a reader needs to know of anything that ended a command."""
    match error:
        case CommandError():
            return error
        case typer.TyperException():
            return bad_input(_mistyped(error))
        case SettingsError():
            return _misconfigured(error, Problem.SETTINGS, "Correct the variable it names.")
        case KeyFileError():
            return _misconfigured(error, Problem.KEY_FILE, "Give this process the key files.")
        case _:
            return _unknown(error)


def _mistyped(error: typer.TyperException) -> str:
    # The words left over may be half a prompt or an address: they are not repeated.
    if error.message.startswith("Got unexpected extra argument"):
        return "There are words too many; put a text with spaces in quotes."
    sentence = error.format_message().replace("Value error, ", "").rstrip(".")
    return sentence if sentence.endswith("?") else f"{sentence}."


def _unknown(error: BaseException) -> CommandError:
    logs.configure(process="starter", level=_log_level())
    structlog.get_logger("starter").debug("command_failed", exc_info=error)
    return CommandError(
        f"{FAILURES[FailureCode.BUG].sentence.rstrip('.')} ({type(error).__name__}).",
        code=FailureCode.BUG,
        exit_code=ExitCode.BUG,
        who=Actor.OPERATOR,
        next_step="Run it again with LOG_LEVEL=DEBUG to see where, and report it.",
    )


def _log_level() -> str:
    try:
        return load(TemporalSettings).log_level
    except SettingsError:
        return "INFO"


def _misconfigured(error: Exception, code: Problem, next_step: str) -> CommandError:
    return CommandError(
        str(error),
        code=code,
        exit_code=ExitCode.BAD_INPUT,
        who=Actor.OPERATOR,
        next_step=next_step,
    )
