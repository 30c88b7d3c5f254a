"""From what was typed to an import: the group and its assets. No network, no Temporal."""

import re
from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from commands.outcomes import bad_input
from commands.subjects import Somebody
from likeness.messages.onboarding import AssetKind
from likeness.rest.people import ImportPerson

_KIND = re.compile(r"([A-Za-z_-]{1,20})=(.*)", re.DOTALL)
_ID = "1 to 200 letters, digits and _ . : -"


def import_of(
    somebody: Somebody, group: str, assets: Sequence[str], *, project: str, anew: bool
) -> ImportPerson:
    """Read ``[image=|video=]ASSET_ID`` each.

    Raises:
        CommandError: Names the option that does not fit, never what was typed.

    """
    try:
        return ImportPerson.model_validate(
            {
                "person": somebody.person,
                "group_id": group,
                "assets": [_asset(typed, number) for number, typed in enumerate(assets, start=1)],
                "project_name": project,
                "anew": anew,
            }
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise bad_input(_sentence(first)) from None


def _asset(typed: str, number: int) -> dict[str, str]:
    prefixed = _KIND.fullmatch(typed)
    kind, asset_id = prefixed.groups() if prefixed else (AssetKind.IMAGE, typed)
    if kind not in set(AssetKind):
        raise bad_input(f"--asset {number}: there are image= and video=, and no other kinds.")
    return {"asset_id": asset_id, "kind": kind}


def _sentence(problem: ErrorDetails) -> str:
    match problem["loc"]:
        case ("group_id",):
            return f"--group must be the provider's id of the group: {_ID}."
        case ("project_name",):
            return f"--project must be the provider's name of the project: {_ID}."
        case ("assets", int(index), *_):
            return f"--asset {index + 1} must be the provider's id of an asset: {_ID}."
        case ("assets",):
            return "--asset must be given 1 to 100 times."
        case _:
            ours = problem["msg"].removeprefix("Value error, ").rstrip(".")
            return f"The import does not fit together: {ours}."
