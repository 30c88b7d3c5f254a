"""From what was typed to an order: ids, assets, the prompt. No network, no Temporal."""

import re
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from commands.outcomes import bad_input
from likeness.ids import (
    DEFAULT_TENANT,
    checked_part,
    onboarding_of,
    onboarding_workflow_id,
    person_of,
    person_workflow_id,
)
from likeness.messages.onboarding import MAX_ASSETS, AssetKind, OnboardingRequest, VideoRequest

MAX_PROMPT_BYTES = 64 * 1024
MAX_REASON_LENGTH = 500

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
    "prompt": ("--prompt", "a text of 1 to 4000 characters"),
    "duration_s": ("--duration-s", "a whole number of seconds from 4 to 15"),
    "resolution": ("--resolution", "480p, 720p or 1080p"),
    "size": ("--size", "16:9, 9:16, 1:1, 4:3, 3:4, 21:9 or adaptive"),
    "generate_audio": ("--audio", "given or not"),
    "seed": ("--seed", "a whole number"),
    "model": ("--model", "a model's name out of a-z, 0-9, '.' and '-'"),
}
"""A field of the request to the option it comes from and the shape that option must have."""

WHAT_IT_IS: Mapping[str, str] = {
    "--tenant": "--tenant, one of your tenants,",
    "--id": "--id, an id of your own,",
    "--person": "--person, your own reference of the person,",
}
"""An option that becomes part of an id, as a sentence on it begins."""

_KIND = re.compile(r"([A-Za-z_-]{1,20})=(.*)", re.DOTALL)


class Subject(NamedTuple):
    """One onboarding by name."""

    tenant: str
    onboarding: str

    @property
    def workflow_id(self) -> str:
        """Its workflow."""
        return onboarding_workflow_id(self.tenant, self.onboarding)

    def command(self, verb: str) -> str:
        """Give the command line of ``verb`` for it, to be copied."""
        shown = self.onboarding if self.tenant == DEFAULT_TENANT else self.workflow_id
        return f"python starter.py {verb} {shown}"


class Somebody(NamedTuple):
    """One verified person by the caller's own reference."""

    tenant: str
    person: str

    @property
    def workflow_id(self) -> str:
        """The run that is their registry."""
        return person_workflow_id(self.tenant, self.person)

    def command(self, verb: str) -> str:
        """Give the command line of ``person verb`` for them, to be copied."""
        shown = self.person if self.tenant == DEFAULT_TENANT else self.workflow_id
        return f"python starter.py person {verb} {shown}"


def subject_of(typed: str, tenant: str) -> Subject:
    """Read an onboarding's id, or its whole workflow id, which names the tenant itself.

    Raises:
        CommandError: Neither of both.

    """
    try:
        if "/" in typed:
            _refuse_a_videos(typed)
            return Subject(*onboarding_of(typed))
        return Subject(tenant_of(tenant), checked_part(typed))
    except ValueError as error:
        raise bad_input(_about("ID, the onboarding's id,", error)) from None


def somebody_of(typed: str, tenant: str) -> Somebody:
    """Read a person's reference, or the whole workflow id; raises as ``subject_of``."""
    try:
        if "/" in typed:
            return Somebody(*person_of(typed))
        return Somebody(tenant_of(tenant), checked_part(typed))
    except ValueError as error:
        raise bad_input(_about("REF, your own reference of the person,", error)) from None


def own_id_of(typed: str | None) -> str:
    """Give the id that was typed, or make one up; raises ``CommandError``."""
    try:
        return secrets.token_hex(6) if typed is None else checked_part(typed)
    except ValueError as error:
        raise bad_input(_about(WHAT_IT_IS["--id"], error)) from None


def reason_of(typed: str) -> str:
    """Check a reason's length; raises ``CommandError``."""
    if len(typed) > MAX_REASON_LENGTH:
        raise bad_input(f"--reason must be a text of at most {MAX_REASON_LENGTH} characters.")
    return typed


def tenant_of(typed: str) -> str:
    """Check a tenant's name; raises ``CommandError``."""
    try:
        return checked_part(typed)
    except ValueError as error:
        raise bad_input(_about(WHAT_IT_IS["--tenant"], error)) from None


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
    given["assets"] = [_asset(typed, number) for number, typed in enumerate(assets, start=1)]
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


def _asset(typed: str, number: int) -> dict[str, str]:
    # Only a literal prefix counts: an address may hold '=' in its query.
    prefixed = _KIND.fullmatch(typed)
    kind, url = prefixed.groups() if prefixed else (AssetKind.IMAGE, typed)
    if kind not in set(AssetKind):
        raise bad_input(f"--asset {number}: there are image= and video=, and no other kinds.")
    return {"name": f"asset-{number}", "url": url, "kind": kind}


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
        ours = ours.replace("there are 1 assets", "there is 1 asset")
        return f"The order does not fit together: {ours}."
    option, shape = named
    if first["type"] == "value_error":
        return _about(WHAT_IT_IS.get(option, option), ours)
    return f"{option} must be {shape}."


def _about(what: str, problem: ValueError | str) -> str:
    """Say of what was typed what is wrong with it, and not that it is "an id part"."""
    told = str(problem)
    ours = told.removeprefix("an id part ")
    return f"{what}: {ours}." if ours == told else f"{what} {ours}."


def _refuse_a_videos(workflow_id: str) -> None:
    # The ids of an onboarding and of its video stand side by side in the Temporal UI.
    owner, video, _ = workflow_id.partition("/video/")
    if not video:
        return
    try:
        _, onboarding = onboarding_of(owner)
    except ValueError:
        return
    raise bad_input(f"This is the id of a video; the onboarding is {onboarding}.")


def _named(problem: ErrorDetails) -> tuple[str, str] | None:
    match problem["loc"]:
        case ("assets", int(index), *_):
            return f"--asset {index + 1}", "[image=|video=]URL"
        case ("video", str(field)) | (str(field),) if field in SHAPES:
            return SHAPES[field]
        case _:
            return None
