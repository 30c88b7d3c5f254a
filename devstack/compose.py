"""Reads docker-compose.yml as its tool would."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from devstack.commands import ROOT

COMPOSE_FILE = ROOT / "docker-compose.yml"
OUR_IMAGE = "likeness:local"

_INTERPOLATED = re.compile(r"\$\{([A-Z0-9_]+)(?::-([^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """One service of the file, its ``${NAME:-default}`` replaced by the default."""

    name: str
    raw: Mapping[str, Any]

    @property
    def is_ours(self) -> bool:
        """Whether it runs the image that our Dockerfile builds."""
        return bool(self.raw["image"] == OUR_IMAGE)

    @property
    def argv(self) -> list[str]:
        """Entry point and command, empty where both are the image's."""
        return [*self.raw.get("entrypoint", []), *self.raw.get("command", [])]

    @property
    def environment(self) -> Mapping[str, str]:
        """Its variables; a secret is never among them."""
        given: Mapping[str, str] = self.raw.get("environment", {})
        return given

    @property
    def secrets(self) -> Mapping[str, str]:
        """Name below /run/secrets to name of the secret."""
        names = [
            {"source": it, "target": it} if isinstance(it, str) else it
            for it in self.raw.get("secrets", [])
        ]
        return {it["target"]: it["source"] for it in names}

    @property
    def published(self) -> list[str]:
        """Ports of the machine that lead into it."""
        ports: list[str] = self.raw.get("ports", [])
        return ports

    @property
    def probe(self) -> list[str]:
        """The health check's command, without the word CMD."""
        how, *argv = self.raw["healthcheck"]["test"]
        if how != "CMD":
            raise ValueError(f"{self.name}: a shell in a health check hides what it runs.")
        return list(argv)

    @property
    def grace_s(self) -> float:
        """``stop_grace_period`` in seconds; 10 where none is said."""
        return float(str(self.raw.get("stop_grace_period", "10s")).removesuffix("s"))


@cache
def compose() -> dict[str, Any]:
    """Read the whole file, merged and interpolated with nothing set."""
    merged: dict[str, Any] = _mapped(
        yaml.safe_load(COMPOSE_FILE.read_text()), lambda text: _INTERPOLATED.sub(r"\2", text)
    )
    return merged


def service(name: str) -> Service:
    """Find a service by name."""
    return Service(name, compose()["services"][name])


def services() -> list[Service]:
    """List every service of the file."""
    return [service(name) for name in compose()["services"]]


def interpolated() -> set[str]:
    """List the names that the file takes from the caller's environment or .env."""
    lines = COMPOSE_FILE.read_text().splitlines()
    code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return {name for name, _ in _INTERPOLATED.findall(code)}


def replaced(service: Service, replacements: Mapping[str, str]) -> Service:
    """Show a service with every text in it changed, as whole words, as in a container."""
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in replacements))
    raw = _mapped(service.raw, lambda text: pattern.sub(lambda hit: replacements[hit[0]], text))
    return Service(service.name, raw)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - what YAML holds
    match value:
        case str():
            return change(value)
        case list():
            return [_mapped(item, change) for item in value]
        case dict():
            return {key: _mapped(item, change) for key, item in value.items()}
        case _:
            return value
