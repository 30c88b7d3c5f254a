"""A client that an off-the-shelf generator makes of docs/openapi.json does what the tutorial does.

The generator and what it needs are locked beside ``generator/service.py`` and live in an
environment of their own, because they want another typer than our command line.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devstack.commands import ROOT
from devstack.isolation import child_environment
from tests.e2e.conftest import House, wait_for

pytestmark = [pytest.mark.server, pytest.mark.processes, pytest.mark.timeout(400)]

GENERATOR = Path(__file__).parent / "generator"
DOCUMENT = ROOT / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of an environment with the generator, and beside it what it has generated."""
    folder = tmp_path_factory.mktemp("generated")
    run(sys.executable, "-m", "venv", str(folder / "venv"))
    python = folder / "venv" / "bin" / "python"
    locked = str(GENERATOR / "requirements.txt")
    run(str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", locked)
    # Its own tidying up changes nothing that runs.
    (folder / "settings.yml").write_text("post_hooks: []\n")
    said = run(
        str(python.with_name("openapi-python-client")),
        *("generate", "--path", str(DOCUMENT), "--output-path", str(folder / "generated")),
        *("--meta", "none", "--config", str(folder / "settings.yml"), "--fail-on-warning"),
    )
    assert "Warning" not in said
    return python


def run(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


class Service:
    """Somebody's service, with the generated client."""

    def __init__(self, house: House, python: Path) -> None:
        self._python = python
        self._environment = child_environment(
            house.stack.directory / "service",
            {
                "LIKENESS_URL": house.stack.admin_url,
                "LIKENESS_KEY": house.starter.new_api_key("generated"),
                "PICTURES": f"{house.stack.simulator_url}/portraits",
                "PYTHONPATH": str(python.parents[2]),
            },
        )

    def does(self, *step: str) -> dict[str, Any]:
        done = subprocess.run(
            [self._python, str(GENERATOR / "service.py"), *step],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == done.returncode, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told


@pytest.fixture
def service(house: House, python: Path) -> Service:
    return Service(house, python)


class TestAGeneratedClient:
    def test_goes_from_the_invitation_to_another_video(
        self, house: House, service: Service
    ) -> None:
        invited = service.does("invite")
        again = service.does("invite")
        other = service.does("invite", "ben")
        house.invite_url = service.does("link", invited["onboarding_id"])["invite_url"]
        person = house.person()
        finished = service.does("finish", invited["onboarding_id"])
        filmed = service.does("film", "maria")

        assert 202 == invited["http"]
        assert invited == again
        assert (409, "different_request") == (other["http"], other["code"])
        assert invited["invite_url"] == house.invite_url
        assert {
            "refused": ["side"],
            "stage": "completed",
            "assets": ["usable", "usable"],
            "events": 1,
        } == finished
        assert {"known": ["maria"], "video": "done"} == filmed
        assert 0 == wait_for(lambda: person.exit_code)
        effects = ("group_made", "assets_submitted", "video_charged")
        assert [1, 3, 1] == [house.count(effect) for effect in effects]
