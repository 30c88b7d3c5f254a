"""Reads settings once, at a process's start, or stops it with one sentence."""

import os
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

SECRETS_DIR_VARIABLE = "SECRETS_DIR"
DEFAULT_SECRETS_DIR = Path("/run/secrets")

SettingsT = TypeVar("SettingsT", bound=BaseSettings)


class SettingsError(Exception):
    """A variable is missing or wrong; the text is one sentence without the value."""


def load(settings: type[SettingsT]) -> SettingsT:
    """Read ``settings`` from the environment, then from the files of ``SECRETS_DIR``.

    A file is named like its variable, in any case, and holds the value alone. ``/run/secrets``,
    where containers put secrets, is read without being named. A ``.env`` file is never read: a
    demo or a test started beside one must not find the production key in it.

    Raises:
        SettingsError: The first variable that is missing or wrong, its shape and the remedy.

    """
    try:
        return settings(_secrets_dir=_secrets_dir())
    except ValidationError as error:
        raise SettingsError(_sentence(settings, error)) from None


def _secrets_dir() -> Path | None:
    named = os.environ.get(SECRETS_DIR_VARIABLE, "")
    if not named:
        return DEFAULT_SECRETS_DIR if DEFAULT_SECRETS_DIR.is_dir() else None
    directory = Path(named)
    if not directory.is_dir():
        raise SettingsError(
            f"{SECRETS_DIR_VARIABLE} must name a folder of secret files; make the folder or "
            "unset the variable."
        )
    return directory


def _sentence(settings: type[BaseSettings], error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    name = str(problems[0]["loc"][0])
    shape = settings.model_fields[name].description
    where = f"the environment or a file {name} in {SECRETS_DIR_VARIABLE}"
    others = sorted({str(p["loc"][0]).upper() for p in problems} - {name.upper()})
    also = f" (also missing or wrong: {', '.join(others)})" if others else ""
    if problems[0]["type"] == "missing":
        return f"{name.upper()} is missing: set it, by {where}, to {shape}{also}."
    return f"{name.upper()} is wrong: it must be {shape}; correct it in {where}{also}."
