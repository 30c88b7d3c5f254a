"""docs/operating.md says what the catalogue of failures says, and knows every verb."""

import re
from pathlib import Path

import pytest
import typer

import starter
from commands.operating_table import tables
from commands.operator_verbs import operators
from likeness.failures import FailureCode

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
VERBS = sorted(
    command.name or str(command.callback).split()[1] for command in operators.registered_commands
)


def test_the_tables_are_those_of_the_catalogue() -> None:
    assert tables() in PAGE, "make them anew: python -m commands.operating_table"


@pytest.mark.parametrize("code", sorted(set(FailureCode) - {FailureCode.WORKER_LEAVING}))
def test_every_code_that_anybody_may_see_has_its_line(code: FailureCode) -> None:
    assert 1 == len(re.findall(rf"^\| `{code}` \|", PAGE, re.MULTILINE))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_told_of(verb: str) -> None:
    assert f"`{verb} ID" in PAGE


def test_every_command_on_the_page_is_one_of_ours() -> None:
    known = set(typer.main.get_command(starter.app).commands)  # type: ignore[attr-defined]  # a group

    assert set(re.findall(r"python starter\.py ([a-z-]+)", PAGE)) <= known
