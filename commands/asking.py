"""Puts one question to Temporal: connects, checks the keys first, and explains what went wrong."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from commands.outcomes import CommandError, ExitCode, Problem, interrupted
from likeness.failures import FAILURES, Actor, FailureCode
from likeness.search import SEARCH_ATTRIBUTES
from likeness.temporal.codec import UndecodablePayloadError
from likeness.temporal.errors import (
    DifferentRequestError,
    NoSuchOnboardingError,
    NoSuchPersonError,
    NoSuchVideoError,
    OnboardingEndedError,
    OnboardingError,
    PersonErasedError,
    RefusedError,
    TemporalAwayError,
    WorkerAwayError,
)
from likeness.temporal.glance import is_unprepared
from likeness.temporal.keyring import KeyRing
from runtime import logs
from runtime.keycheck import KeyCheckError, WrongKeyError, check_keys
from runtime.keys import load_key_file
from runtime.metrics import CORE_LOGGER
from runtime.settings import StarterSettings
from runtime.temporal import ConnectError, TemporalUnreachableError, connect

AnswerT = TypeVar("AnswerT")

_KNOWN = (OnboardingError, ConnectError, KeyCheckError, UndecodablePayloadError)
_PASSING = frozenset(
    {
        RPCStatusCode.CANCELLED,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.UNAVAILABLE,
    }
)


def ask(
    settings: StarterSettings,
    question: Callable[[Client], Coroutine[Any, Any, AnswerT]],
    *,
    key_ring: KeyRing | None = None,
    retiring: str | None = None,
) -> AnswerT:
    """Give the answer to ``question``; the keys are those of the payload key file.

    The payload key ``retiring`` may be missing among them.

    Raises:
        CommandError: Anything that is known to go wrong, in one sentence.
        KeyFileError: There is no payload key file to use.

    """
    logs.configure(process="starter", level=settings.log_level)
    if settings.log_level != "DEBUG":
        # A command ends with one sentence of its own; the core's warnings would stand before it.
        logging.getLogger(CORE_LOGGER).setLevel(logging.ERROR)
    ring = key_ring or load_key_file(settings.payload_keys_file)
    # The worker beside us serves the metrics; a second server there would fail.
    quiet = settings.model_copy(update={"metrics_address": None})
    try:
        return asyncio.run(_ask(quiet, ring, question, retiring))
    except _KNOWN as error:
        raise _explained(error) from error
    except KeyboardInterrupt:
        raise interrupted("Run the command again; repeating it is safe.") from None


async def _ask(
    settings: StarterSettings,
    key_ring: KeyRing,
    question: Callable[[Client], Coroutine[Any, Any, AnswerT]],
    retiring: str | None,
) -> AnswerT:
    client = await connect(settings, key_ring, wait=False)
    await check_keys(client, key_ring, retiring=retiring)
    return await question(client)


def _explained(error: Exception) -> CommandError:
    match error:
        case DifferentRequestError():
            code, exit_code = Problem.DIFFERENT_REQUEST, ExitCode.FAILED
            next_step = "Repeat the first request exactly, or choose another --id."
        case NoSuchOnboardingError():
            code, exit_code = Problem.NOT_FOUND, ExitCode.NOT_FOUND
            next_step = "Look it up with `python starter.py list`, and mind --tenant."
        case NoSuchPersonError():
            code, exit_code = Problem.NOT_FOUND, ExitCode.NOT_FOUND
            next_step = "Look them up with `python starter.py person list`, and mind --tenant."
        case NoSuchVideoError():
            code, exit_code = Problem.NOT_FOUND, ExitCode.NOT_FOUND
            next_step = (
                "Mind its number: `python starter.py status ID` names an onboarding's video."
            )
        case RefusedError():
            return _refused(error)
        case PersonErasedError():
            return CommandError(
                str(error),
                code=FailureCode.ALREADY_ENDED,
                exit_code=ExitCode.FAILED,
                next_step="Nothing; another onboarding makes the person known anew.",
            )
        case OnboardingEndedError():
            return CommandError(
                str(error),
                code=FailureCode.ALREADY_ENDED,
                exit_code=ExitCode.FAILED,
                next_step="Nothing; start another onboarding under a new id if one is wanted.",
            )
        case _:
            return _operators(error)
    return CommandError(str(error), code=code, exit_code=exit_code, next_step=next_step)


def _refused(error: RefusedError) -> CommandError:
    next_step = "See where it stands with `python starter.py status ID`."
    if error.code is not None and FAILURES[error.code].who is not Actor.PERSON:
        next_step = FAILURES[error.code].next_step
    return CommandError(
        str(error),
        code=error.code or Problem.REFUSED,
        exit_code=ExitCode.FAILED,
        next_step=next_step,
    )


def _operators(error: Exception) -> CommandError:
    code, exit_code = Problem.TEMPORAL_AWAY, ExitCode.AWAY
    next_step = "Try again; repeating the command is safe."
    match error:
        case WorkerAwayError():
            code, next_step = Problem.WORKER_AWAY, "Start a worker (python worker.py) and repeat."
        case TemporalAwayError() if (refusal := _refusal(error)) is not None:
            return refusal
        case TemporalAwayError() | TemporalUnreachableError():
            next_step = "Start the Temporal server, or try again later; repeating is safe."
        case WrongKeyError() | UndecodablePayloadError():
            code, exit_code = Problem.WRONG_KEY, ExitCode.BAD_INPUT
            next_step = "Set PAYLOAD_KEYS_FILE to the key file that the other processes use."
        case ConnectError():
            code, exit_code = Problem.SETTINGS, ExitCode.BAD_INPUT
            next_step = "Correct the TEMPORAL_ variable it names."
    return CommandError(
        str(error), code=code, exit_code=exit_code, who=Actor.OPERATOR, next_step=next_step
    )


def _refusal(error: TemporalAwayError) -> CommandError | None:
    """Tell a server that says no, which no waiting cures, from one that is away."""
    cause = error.__cause__
    if not isinstance(cause, RPCError) or cause.status in _PASSING:
        return None
    if is_unprepared(cause):
        names = ", ".join(f"{name} ({kind})" for name, kind in SEARCH_ATTRIBUTES.items())
        return CommandError(
            str(error),
            code=Problem.NAMESPACE_UNPREPARED,
            exit_code=ExitCode.BAD_INPUT,
            who=Actor.OPERATOR,
            next_step="Run deploy/temporal/setup-namespace.sh, or make them with `temporal "
            f"operator search-attribute create`: {names}.",
        )
    return CommandError(
        str(error),
        code=Problem.TEMPORAL_REFUSED,
        exit_code=ExitCode.BAD_INPUT,
        who=Actor.OPERATOR,
        next_step="Correct the TEMPORAL_ variables or the permissions behind them.",
    )
