"""The API against its own document: whatever the document allows or forbids, the answer fits it.

https://schemathesis.readthedocs.io
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import House, housed

pytestmark = [pytest.mark.server, pytest.mark.processes, pytest.mark.timeout(900)]

EXAMPLES = 5
"""Of each phase and operation; ``--max-examples`` by hand finds what is rarer."""

CONFIG = """\
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 410, 422, 429]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429]
"""
"""Unlike by default no 5xx is fine. 410 is how the API says that a person has been erased; 422 may
follow from what no JSON Schema can say: an unreachable asset, two fields that exclude each other, a
cursor of another list."""

WITHOUT_END = "follow_onboarding"
"""Streams for as long as the run lives, which this client would wait for."""


@pytest.fixture(scope="module")
def said(temporal_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    directory = tmp_path_factory.mktemp("schemathesis")
    with housed(temporal_cli, directory) as house:
        web = house.stack.web()
        # Made-up addresses are not looked up: that waits for minutes, and says nothing of the API.
        unseen = web.model_copy(update={"environment": {**web.environment, "PREFLIGHT": "0"}})
        for spec in (house.stack.simulator(), house.stack.worker(), unseen):
            house.processes.start(spec)
        key = house.starter.new_api_key(
            "schemathesis", "--scope", "operate", "--per-minute", "100000"
        )
        return run(house, key, directory)


def run(house: House, key: str, directory: Path) -> tuple[int, str]:
    config = directory / "schemathesis.toml"
    config.write_text(CONFIG)
    done = subprocess.run(
        [
            *(
                str(Path(sys.executable).with_name("schemathesis")),
                "--config-file",
                str(config),
                "run",
            ),
            f"{house.stack.admin_url}/v1/openapi.json",
            *("--checks", "all", "--max-examples", str(EXAMPLES), "--seed", "1"),
            *("--exclude-operation-id", WITHOUT_END, "--workers", "1"),
            *("--request-timeout", "30", "--continue-on-failure", "--no-color"),
            *("--header", f"Authorization: Bearer {key}"),
        ],
        capture_output=True,
        text=True,
        cwd=directory,
        timeout=840,
        check=False,
    )
    return done.returncode, f"{done.stdout}\n{done.stderr}"


class TestSchemathesis:
    def test_it_finds_no_failure_and_no_server_error(self, said: tuple[int, str]) -> None:
        code, printed = said

        assert 0 == code, printed[-30_000:]
