"""docs/client.md says what the client can, and its program can be read."""

import inspect
import re
from pathlib import Path

import pytest

import likeness.client
from likeness.client import LikenessError, ProblemError
from likeness.client.onboardings import Onboardings
from likeness.client.patience import Patience
from likeness.client.people import People

PAGE = (Path(__file__).parents[3] / "docs" / "client.md").read_text()


def methods(of: type) -> dict[str, inspect.Signature]:
    found = inspect.getmembers(of, inspect.isfunction)
    return {name: inspect.signature(it) for name, it in found if not name.startswith("_")}


class TestThePage:
    @pytest.mark.parametrize("group", [Onboardings, People])
    def test_it_names_every_method(self, group: type) -> None:
        section = PAGE.partition(f"## `likeness.{group.__name__.lower()}`")[2].partition("\n## ")[0]
        named = set(re.findall(r"`(\w+)\(", section))

        assert set(methods(group)) == named

    def test_it_names_every_error(self) -> None:
        errors = {
            name
            for name in likeness.client.__all__
            if isinstance(it := getattr(likeness.client, name), type)
            and issubclass(it, LikenessError)
        }

        assert errors == {name for name in errors if f"`{name}`" in PAGE}
        assert ProblemError.__name__ in errors

    def test_it_gives_the_patience_that_is(self) -> None:
        (told,) = re.findall(r"`Patience\((.*?)\)`", PAGE)
        said = {
            name: float(value) for name, _, value in (it.partition("=") for it in told.split(", "))
        }

        assert said == {name: getattr(Patience(), name) for name in said}
        assert {"sleep"} == set(Patience.__dataclass_fields__) - set(said)

    def test_its_program_is_one(self) -> None:
        (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

        compile(program, "client.md", "exec")
