"""Holds docs/configuration.md to the settings."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from runtime.settings import StarterSettings, WebSettings, WorkerSettings

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
READERS: Mapping[str, type[BaseSettings]] = {
    "worker": WorkerSettings,
    "web": WebSettings,
    "starter": StarterSettings,
}
ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
ROWS = {name: (default, readers, what) for name, default, readers, what in ROW.findall(PAGE)}
FIELDS: Mapping[str, FieldInfo] = {
    name.upper(): field
    for settings in READERS.values()
    for name, field in settings.model_fields.items()
}
EVERY = sorted(FIELDS)


def told(field: FieldInfo) -> str:
    """A default as the page writes it."""
    if field.is_required():
        return "required"
    if field.default_factory is not None:
        return "`.likeness/archive` as `file:///`"
    match field.default:
        case None:
            return "unset"
        case ():
            return "empty"
        case tuple() as several:
            return f"`{','.join(str(it) for it in several)}`"
        case value:
            return f"`{value}`"


class TestConfigurationPage:
    def test_it_names_every_setting_once_and_nothing_else(self) -> None:
        assert sorted(name for name, *_ in ROW.findall(PAGE)) == EVERY

    @pytest.mark.parametrize("name", EVERY)
    def test_a_default_is_the_settings_own(self, name: str) -> None:
        assert told(FIELDS[name]) == ROWS[name][0]

    @pytest.mark.parametrize("name", EVERY)
    def test_its_readers_are_the_processes_that_have_the_field(self, name: str) -> None:
        readers = [it for it, has in READERS.items() if name.lower() in has.model_fields]

        assert ", ".join(readers) == ROWS[name][1]

    @pytest.mark.parametrize("name", [it for it in EVERY if it.endswith("_S")])
    def test_a_unit_in_the_name_is_said(self, name: str) -> None:
        assert "seconds" in ROWS[name][2]

    @pytest.mark.parametrize(
        "name", [it for it in EVERY if "SecretStr" in str(FIELDS[it].annotation)]
    )
    def test_a_secret_is_called_one(self, name: str) -> None:
        assert ROWS[name][2].endswith("Secret")
