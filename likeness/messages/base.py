"""What every message has in common."""

from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    WithJsonSchema,
)

from likeness.ids import PART_PATTERN, checked_part


class Message(BaseModel):
    """A frozen value that crosses a process; unknown fields of a newer sender are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    def compact(self) -> Self:
        """Give the same message with every None unsaid, which takes no bytes in a payload.

        The default of a field that may be None is None, for ever.
        """
        return type(self).model_validate(self.model_dump(exclude_none=True))


class Order(BaseModel):
    """A frozen value that a caller writes by hand; unknown fields are refused as typing errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


Secret = Annotated[
    SecretStr,
    PlainSerializer(lambda secret: secret.get_secret_value(), return_type=str, when_used="json"),
]
"""Masked in every repr and log, whole in JSON: payloads are encrypted by the codec."""


def _no_text(value: object) -> object:
    if isinstance(value, str | bytes | bool):
        raise ValueError("a whole number is wanted")  # noqa: TRY004  # pydantic reads this one
    return value


WholeNumber = Annotated[int, BeforeValidator(_no_text)]
"""A number without a fraction, as JSON Schema has it: 5 or 5.0, but neither "5" nor true."""

CountFromOne = Annotated[int, Field(ge=1), BeforeValidator(_no_text)]
"""A ``WholeNumber`` of 1 at least."""

IdPart = Annotated[
    str,
    AfterValidator(checked_part),
    WithJsonSchema({"type": "string", "pattern": f"^{PART_PATTERN}$"}),
]
"""1 to 40 characters out of ``a-z 0-9 _ -``; never personal data."""
