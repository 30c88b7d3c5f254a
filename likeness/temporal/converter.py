"""JSON by pydantic, small; and an input that does not fit fails with one sentence, once.

An exception of any other kind while a workflow's input is decoded fails the workflow *task*, which
the server repeats for ever; a ``FailureError`` fails the workflow, or the Update, instead.
"""

import re
from collections.abc import Sequence
from typing import Any, TypeGuard

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import PydanticPayloadConverter, ToJsonOptions
from temporalio.converter import DefaultFailureConverterWithEncodedAttributes, PayloadConverter
from temporalio.exceptions import ApplicationError

from likeness import steps
from likeness.failures import FailureCode
from likeness.messages.conversation import Cancel, OperatorOrder, Withdraw
from likeness.messages.onboarding import OnboardingInput
from likeness.messages.person import Erase, Generate
from likeness.messages.telling import NotifyInput
from likeness.temporal.codec import SENT_IN_CLEAR

_FIELD = re.compile(r"[A-Za-z0-9_]{1,40}")
_RULES_QUOTING_INPUT = frozenset({"union_tag_invalid", "uuid_parsing"})
_MOST_SAID = 200
"""An enum's rule names all its words, and there are many failure codes."""

_NEVER_A_MODEL = frozenset({b"binary/null", b"binary/plain", b"binary/protobuf", b"json/protobuf"})
_CONFIDENTIAL = (OnboardingInput, OperatorOrder, Cancel, Withdraw, Generate, Erase, NotifyInput)
"""Starts and orders with words or addresses in them, which must never stand in clear."""
_STEP_RESULTS = frozenset(
    step.gives for step in vars(steps).values() if isinstance(step, steps.Step)
)


class LikenessPayloadConverter(PydanticPayloadConverter):
    """Leaves out what was never set, and says in one sentence why an input does not fit.

    A step's *result* that does not fit still fails only the workflow task: the run then waits for
    a worker that understands it, instead of ending with the person half-way.
    """

    def __init__(self) -> None:
        """Take the least JSON: a default is the reader's."""
        super().__init__(ToJsonOptions(exclude_unset=True))

    def from_payloads(
        self, payloads: Sequence[Payload], type_hints: list[type] | None = None
    ) -> list[Any]:
        """Decode.

        Raises:
            ApplicationError: ``bad_input``, not retryable; names field and rule, never the value.

        """
        for payload, hint in zip(payloads, type_hints or (), strict=False):
            if _is_model(hint) and payload.metadata.get("encoding") in _NEVER_A_MODEL:
                raise bad_input(f"The input must be one JSON object of the form {hint.__name__}.")
            if SENT_IN_CLEAR in payload.metadata and _is_confidential(hint):
                raise bad_input(
                    "The input came in clear, readable in the history for whoever may list runs: "
                    "give the codec endpoint to what sends it (Temporal CLI or UI, a client of "
                    "another language), or use starter.py."
                )
        try:
            return super().from_payloads(payloads, type_hints)
        except ValidationError as error:
            if not _STEP_RESULTS.isdisjoint(type_hints or ()):
                raise
            raise bad_input(sentence_of(error)) from None
        except (KeyError, RuntimeError, UnicodeDecodeError):
            # An encoding nobody here knows, or one that belies its content.
            if not _STEP_RESULTS.isdisjoint(type_hints or ()):
                raise
            raise bad_input("The input must be JSON, in the encoding json/plain.") from None


class LikenessFailureConverter(DefaultFailureConverterWithEncodedAttributes):
    """Encrypts messages and traces; lets an activity's bad input be seen as what it is."""

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        """Convert; the SDK's retryable wrapper round an activity's bad input is taken off."""
        cause = exception.__cause__
        if (
            isinstance(exception, ApplicationError)
            and exception.type is None
            and isinstance(cause, ApplicationError)
            and cause.type == FailureCode.BAD_INPUT
        ):
            exception = cause
        super().to_failure(exception, payload_converter, failure)


def bad_input(sentence: str) -> ApplicationError:
    """Give the error that ends a call with bad input, and is never retried."""
    return ApplicationError(sentence, type=FailureCode.BAD_INPUT, non_retryable=True)


def fits(value: object, hint: object) -> bool:
    """Tell whether ``value`` is an instance of the model ``hint``; other hints always fit."""
    return not _is_model(hint) or isinstance(value, hint)


def _is_model(hint: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def _is_confidential(hint: object) -> bool:
    return _is_model(hint) and issubclass(hint, _CONFIDENTIAL)


def sentence_of(error: ValidationError) -> str:
    """Say which field breaks which rule; a value is never quoted."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    first = problems[0]
    field = ".".join(_named(part) for part in first["loc"]) or "the whole of it"
    more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"The input does not fit: {field}: {_rule(first)}{more}."


def _named(part: int | str) -> str:
    name = str(part)
    return name if _FIELD.fullmatch(name) else "unnamed"


def _rule(problem: ErrorDetails) -> str:
    if problem["type"] in _RULES_QUOTING_INPUT:
        return problem["type"].replace("_", " ")
    said = problem["msg"].removeprefix("Value error, ").rstrip(".")
    return said if len(said) <= _MOST_SAID else f"{said[:_MOST_SAID]} …"
