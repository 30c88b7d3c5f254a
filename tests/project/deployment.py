"""Reads docker-compose.yml, Dockerfile and .dockerignore as their tools would."""

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"
OUR_IMAGE = "likeness:local"
IMAGE_FOLDER = "/app"

_INTERPOLATED = re.compile(r"\$\{([A-Z0-9_]+)(?::-([^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """One service of the file, its ``${NAME:-default}`` replaced by the default."""

    name: str
    raw: Mapping[str, Any]

    @property
    def is_ours(self) -> bool:
        return bool(self.raw["image"] == OUR_IMAGE)

    @property
    def argv(self) -> list[str]:
        """Entry point and command, empty where both are the image's."""
        return [*self.raw.get("entrypoint", []), *self.raw.get("command", [])]

    @property
    def environment(self) -> Mapping[str, str]:
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
        ports: list[str] = self.raw.get("ports", [])
        return ports

    @property
    def probe(self) -> list[str]:
        """The health check's command, without the word CMD."""
        how, *argv = self.raw["healthcheck"]["test"]
        assert "CMD" == how, f"{self.name}: a shell in a health check hides what it runs."
        return list(argv)

    @property
    def grace_s(self) -> float:
        """``stop_grace_period`` in seconds; 10 where none is said."""
        return float(str(self.raw.get("stop_grace_period", "10s")).removesuffix("s"))


@cache
def compose() -> dict[str, Any]:
    """The whole file, merged and interpolated with nothing set."""
    merged: dict[str, Any] = _mapped(
        yaml.safe_load(COMPOSE_FILE.read_text()), lambda text: _INTERPOLATED.sub(r"\2", text)
    )
    return merged


def service(name: str) -> Service:
    return Service(name, compose()["services"][name])


def services() -> list[Service]:
    return [service(name) for name in compose()["services"]]


def interpolated() -> set[str]:
    """Names that the file takes from the caller's environment or .env."""
    lines = COMPOSE_FILE.read_text().splitlines()
    code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return {name for name, _ in _INTERPOLATED.findall(code)}


def replaced(service: Service, replacements: Mapping[str, str]) -> Service:
    """The service with every text in it changed, as whole words, as a container would show it."""
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(text)}(?!\w)" for text in replacements))
    raw = _mapped(service.raw, lambda text: pattern.sub(lambda hit: replacements[hit[0]], text))
    return Service(service.name, raw)


def copied_into_the_image() -> list[tuple[Path, str]]:
    """Each source that the last stage of the Dockerfile copies from here, and its destination."""
    pairs: list[tuple[Path, str]] = []
    for line in DOCKERFILE.read_text().rpartition("\nFROM ")[2].splitlines():
        word, _, rest = line.partition(" ")
        if word == "COPY" and "--from=" not in rest:
            *sources, destination = rest.split()
            pairs += [(ROOT / source, destination) for source in sources]
    return pairs


def lay_out_image(folder: Path) -> None:
    """Lay ``folder`` out as the image's /app, without its .venv."""
    for source, destination in copied_into_the_image():
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / destination, ignore=ignored)
        else:
            shutil.copy(source, folder / destination / source.name)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case list():
            return [_mapped(item, change) for item in value]
        case dict():
            return {key: _mapped(item, change) for key, item in value.items()}
        case _:
            return value
