"""From what was typed to an order: assets, the prompt. No network, no Temporal."""

import re
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from commands.outcomes import bad_input
from commands.subjects import WHAT_IT_IS, about
from likeness.messages.onboarding import MAX_ASSETS, AssetKind, OnboardingRequest, VideoRequest

MAX_PROMPT_BYTES = 64 * 1024

SHAPES: Mapping[str, tuple[str, str]] = {
    "tenant": ("--tenant", "1 to 40 characters out of a-z, 0-9, '_' and '-'"),
    "onboarding": ("--id", "1 to 40 characters out of a-z, 0-9, '_' and '-'"),
    "person": ("--person", "1 to 40 characters out of a-z, 0-9, '_' and '-'"),
    "display_name": ("--display-name", "a text"),
    "sender": ("--sender", "a text"),
    "contact": ("--contact", "a text"),
    "purpose": ("--purpose", "a text"),
    "assets": ("--asset", f"given 1 to {MAX_ASSETS} times"),
    "min_usable": ("--min-usable", "a whole number from 1 to the number of assets"),
    "webhook_url": ("--webhook", "an address"),
    "prompt": ("--prompt", "a text of 1 to 4000 characters"),
    "duration_s": ("--duration-s", "a whole number of seconds from 4 to 15"),
    "resolution": ("--resolution", "480p, 720p or 1080p"),
    "size": ("--size", "16:9, 9:16, 1:1, 4:3, 3:4, 21:9 or adaptive"),
    "generate_audio": ("--audio", "given or not"),
    "seed": ("--seed", "a whole number"),
    "model": ("--model", "a model's name out of a-z, 0-9, '.' and '-'"),
}
"""A field of the request to the option it comes from and the shape that option must have."""

_KIND = re.compile(r"([A-Za-z_-]{1,20})=(.*)", re.DOTALL)


def request_of(
    fields: Mapping[str, Any],
    assets: Sequence[str],
    *,
    prompt: str | None,
    video: Mapping[str, Any],
) -> OnboardingRequest:
    """Make the request; what is None was not typed.

    Args:
        fields: Fields of ``OnboardingRequest`` but assets and video.
        assets: ``[image=|video=]URL`` each; they are named ``asset-1``, ``asset-2`` by position.
        prompt: Asks for a video.
        video: The other fields of ``VideoRequest``.

    Raises:
        CommandError: Names the option that does not fit, never what was typed.

    """
    given = {name: value for name, value in fields.items() if value is not None}
    given.setdefault("onboarding", secrets.token_hex(6))
    given["assets"] = [
        asset_of(typed, number, name=f"asset-{number}")
        for number, typed in enumerate(assets, start=1)
    ]
    if (order := _video(prompt, video)) is not None:
        given["video"] = order
    try:
        return OnboardingRequest.model_validate(given)
    except ValidationError as error:
        raise bad_input(_sentence(error)) from None


def video_of(prompt: str | None, video: Mapping[str, Any]) -> VideoRequest:
    """Make a video's order; raises as ``request_of``."""
    given = _video(prompt, video)
    if given is None:
        raise bad_input("A video needs --prompt or --prompt-file.")
    try:
        return VideoRequest.model_validate(given)
    except ValidationError as error:
        raise bad_input(_sentence(error)) from None


def asset_of(typed: str, number: int, *, name: str) -> dict[str, str]:
    """Take an asset apart, the ``number``-th ``--asset``: ``[image=|video=]URL``.

    Raises:
        CommandError: It is of another kind.

    """
    # Only a literal prefix counts: an address may hold '=' in its query.
    prefixed = _KIND.fullmatch(typed)
    kind, url = prefixed.groups() if prefixed else (AssetKind.IMAGE, typed)
    if kind not in set(AssetKind):
        raise bad_input(f"--asset {number}: there are image= and video=, and no other kinds.")
    return {"name": name, "url": url, "kind": kind}


def prompt_of(text: str | None, file: str | None) -> str | None:
    """Take the prompt from where it was given: the option, a file, or stdin for ``-``.

    Raises:
        CommandError: Given twice, or the file cannot be read.

    """
    if file is None:
        return text
    if text is not None:
        raise bad_input("--prompt and --prompt-file say the same thing; give one of them.")
    try:
        if file == "-":
            raw = sys.stdin.buffer.read(MAX_PROMPT_BYTES)
        else:
            with Path(file).open("rb") as opened:
                raw = opened.read(MAX_PROMPT_BYTES)
        return raw.decode().strip()
    except OSError as error:
        raise bad_input(f"The file of --prompt-file cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise bad_input("The file of --prompt-file is not UTF-8 text.") from None


def _video(prompt: str | None, video: Mapping[str, Any]) -> dict[str, Any] | None:
    given = {name: value for name, value in video.items() if value is not None}
    if prompt is not None:
        return {"prompt": prompt, **given}
    if given:
        options = ", ".join(SHAPES[name][0] for name in given)
        raise bad_input(f"{options}: a video needs --prompt or --prompt-file, too.")
    return None


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    ours = first["msg"].removeprefix("Value error, ").rstrip(".")
    named = _named(first)
    if named is None:
        ours = ours.replace("min_usable", "--min-usable")
        return f"The order does not fit together: {ours}."
    option, shape = named
    if first["type"] == "value_error":
        return about(WHAT_IT_IS.get(option, option), ours)
    return f"{option} must be {shape}."


def _named(problem: ErrorDetails) -> tuple[str, str] | None:
    match problem["loc"]:
        case ("assets", int(index), *_):
            return f"--asset {index + 1}", "[image=|video=]URL"
        case ("video", str(field)) | (str(field),) if field in SHAPES:
            return SHAPES[field]
        case _:
            return None
