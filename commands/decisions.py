"""From what was typed to an operator's order: other assets, more time, a decision."""

import re
from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from commands.orders import asset_of
from commands.outcomes import CommandError, bad_input
from commands.subjects import Who
from likeness.messages.conversation import ExtendDeadline, ReplaceAssets, Resolution, Resolve
from likeness.messages.onboarding import MAX_ASSETS, MAX_DEADLINE_S, AssetKind

_NAMED = re.compile(r"([A-Za-z0-9._-]{1,64})=(.*)", re.DOTALL)
_SPAN = re.compile(r"(?:(\d{1,5})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?")
_UNITS_S = (86400, 3600, 60)
_ASSET = "NAME=[image=|video=]URL"


def replacement_of(assets: Sequence[str], who: Who) -> ReplaceAssets:
    """Read ``NAME=[image=|video=]URL`` each.

    Raises:
        CommandError: Names the option that does not fit, never what was typed.

    """
    given = [_named_asset(typed, number) for number, typed in enumerate(assets, start=1)]
    names = [asset["name"] for asset in given]
    if len(set(names)) != len(names):
        raise bad_input("Two --asset bear the same name; give each a name of its own.")
    try:
        return ReplaceAssets.model_validate({"assets": given, **who._asdict()})
    except ValidationError as error:
        raise _unfit(error) from None


def extension_of(by: str, who: Who) -> ExtendDeadline:
    """Read how much later it is to be, as ``span_s``; raises as ``replacement_of``."""
    by_s = span_s(by)
    if by_s is None:
        raise bad_input(
            "--by must be days, hours, minutes, as 3d, 12h, 90m or 1d12h, and at most 3650d."
        )
    try:
        return ExtendDeadline(by_s=by_s, **who._asdict())
    except ValidationError as error:
        raise _unfit(error) from None


def span_s(typed: str) -> float | None:
    """Read ``3d``, ``12h``, ``90m`` or ``1d12h``, at most ten years; None where it is no such."""
    span = _SPAN.fullmatch(typed.strip().lower())
    parts = span.groups() if span else ()
    seconds = sum(int(part or 0) * unit for part, unit in zip(parts, _UNITS_S, strict=False))
    return seconds if 0 < seconds <= MAX_DEADLINE_S else None


def resolution_of(word: str, task_id: str | None, asset: str | None, who: Who) -> Resolve:
    """Read a decision, a word of ``Resolution``; raises as ``replacement_of``."""
    resolution = Resolution(word)
    if (resolution is Resolution.ADOPT) != (task_id is not None):
        raise bad_input("adopt is followed by the TASK_ID found at the upstream, nothing else is.")
    try:
        return Resolve(resolution=resolution, task_id=task_id, asset=asset, **who._asdict())
    except ValidationError as error:
        raise _unfit(error) from None


def _named_asset(typed: str, number: int) -> dict[str, str]:
    named = _NAMED.fullmatch(typed)
    # `image=URL` is what `start` takes; here it would make an asset called "image".
    if named is None or named[1] in set(AssetKind) or "://" not in named[2]:
        raise bad_input(f"--asset {number} must be {_ASSET}, beginning with the asset's own name.")
    return asset_of(named[2], number, name=named[1])


def _unfit(error: ValidationError) -> CommandError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return bad_input(_sentence(first))


def _sentence(problem: ErrorDetails) -> str:
    ours = problem["msg"].removeprefix("Value error, ").rstrip(".")
    match problem["loc"]:
        case ("assets", int(index), *_):
            told = ours if problem["type"] == "value_error" else f"must be {_ASSET}"
            joint = ":" if problem["type"] == "value_error" else ""
            return f"--asset {index + 1}{joint} {told}."
        case ("assets",):
            return f"--asset must be given 1 to {MAX_ASSETS} times."
        case ("task_id",):
            return "TASK_ID must be the upstream's id of the task: letters, digits and _ . : -."
        case ("asset",):
            return "--asset must be the name of one asset, of at most 64 characters."
        case _:
            return f"The order does not fit together: {ours}."
