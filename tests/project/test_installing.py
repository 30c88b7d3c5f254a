"""The package as other services install it: alone, and with one extra."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.deployment import ROOT

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

SHAPES = (
    "likeness.rest.onboardings",
    "likeness.rest.orders",
    "likeness.rest.people",
    "likeness.rest.problems",
    "likeness.rest.webhooks",
    "likeness.messages.telling",
    "likeness.failures",
)
PROBE = """
import importlib, importlib.util, json, sys
names = sys.argv[1:]
for name in names:
    importlib.import_module(name)
ours = ("apimart", "commands", "runtime", "simulator", "web", "workflows", "worker", "starter")
foreign = ("temporalio", "cryptography", "httpx", "fastapi", "pydantic", *ours)
print(json.dumps([name for name in foreign if importlib.util.find_spec(name)]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that ``pip install .`` builds."""
    folder = tmp_path_factory.mktemp("wheel")
    python = venv(folder / "builder")
    run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), str(ROOT))
    (built,) = folder.glob("likeness-*.whl")
    return built


def venv(folder: Path) -> Path:
    run(Path(sys.executable), "-m", "venv", str(folder))
    return folder / "bin" / "python"


def run(python: Path, *arguments: str, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [python, *arguments], capture_output=True, text=True, check=False, cwd=cwd
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def found(folder: Path, what: str, *modules: str) -> list[str]:
    """Install it into an environment of its own, import the modules, and tell what is there."""
    python = venv(folder / "venv")
    run(python, "-m", "pip", "install", "--quiet", what)
    told: list[str] = json.loads(run(python, "-c", PROBE, *modules, cwd=folder))
    return told


class TestInstalling:
    def test_alone_it_brings_pydantic_and_nothing_of_the_processes(
        self, wheel: Path, tmp_path: Path
    ) -> None:
        assert ["pydantic"] == found(tmp_path, str(wheel), *SHAPES)

    def test_with_the_client_it_brings_httpx_and_no_temporal(
        self, wheel: Path, tmp_path: Path
    ) -> None:
        told = found(tmp_path, f"{wheel}[client]", "likeness.client", *SHAPES)

        assert ["httpx", "pydantic"] == told

    def test_with_temporal_it_brings_what_a_temporal_client_needs(
        self, wheel: Path, tmp_path: Path
    ) -> None:
        told = found(
            tmp_path, f"{wheel}[temporal]", "likeness.temporal.plugin", "likeness.temporal.orders"
        )

        assert ["temporalio", "cryptography", "pydantic"] == told
