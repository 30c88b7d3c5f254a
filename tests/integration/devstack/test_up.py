"""`make up` keeps a stack running, `make down` ends it, and the next one goes on from there."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from devstack.commands import Starter
from devstack.isolation import child_environment
from devstack.stack import Ports, remembered_ports

pytestmark = [pytest.mark.server, pytest.mark.processes]

ROOT = Path(__file__).parents[3]
LAST_LINE = "the next `make up` goes on from here"
START = ("--person", "maria", "--id", "kept", "--min-usable", "1")
VIDEO = ("--prompt", "She waves.", "--duration-s", "5", "--resolution", "720p")
LONG_S = 3600
PATIENCE_S = 100
"""A killed worker's look at the review is given to the next one after a minute without a beat."""


def what_is_where(told: str) -> str:
    return told[told.index("invite links") :]


class Stack:
    def __init__(self, state: Path, temporal_cli: Path) -> None:
        self.state = state
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(state / "home"),
            "TEMPORAL_CLI_PATH": str(temporal_cli),
        }
        self._up: subprocess.Popen[str] | None = None

    def up(self) -> str:
        self._up = self._run("up")
        assert self._up.stdout is not None
        told = []
        for line in self._up.stdout:
            told.append(line)
            if LAST_LINE in line:
                break
        return "".join(told)

    def down(self) -> tuple[str, int]:
        """What `down` says, and the exit code of `up`."""
        down, _ = self._run("down").communicate(timeout=60)
        assert self._up is not None
        self._up.communicate(timeout=60)
        return down, self._up.returncode

    def run(self, verb: str) -> tuple[str, int]:
        process = self._run(verb)
        told, _ = process.communicate(timeout=60)
        return told, process.returncode

    def kill(self) -> None:
        if self._up is not None:
            self._up.kill()
            self._up.communicate()

    def starter(self) -> Starter:
        lines = (self.state / "env").read_text().splitlines()
        exports = [line.removeprefix("export ") for line in lines if line.startswith("export ")]
        variables = dict(line.split("=", 1) for line in exports)
        del variables["PATH"]
        variables["POLL_INTERVAL_S"] = "1"
        return Starter(child_environment(self.state / "operator", variables))

    @property
    def simulator_url(self) -> str:
        ports = Ports.model_validate_json((self.state / "ports.json").read_bytes())
        return f"http://127.0.0.1:{ports.simulator}"

    def start(self, *more: str) -> dict[str, Any]:
        front = f"image={self.simulator_url}/portraits/front.jpg"
        return self.starter().start(*START, "--asset", front, *more)

    def simulator(self, method: str, path: str, body: Mapping[str, object]) -> None:
        url = f"{self.simulator_url}/_sim/{path}"
        httpx.request(method, url, json=body, trust_env=False).raise_for_status()

    def pass_the_check(self, invite_url: str) -> None:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "simulator.person",
                invite_url,
                "--scenario",
                "pass",
            ],
            check=True,
            cwd=ROOT,
            env=child_environment(self.state / "phone", {}),
            timeout=60,
            capture_output=True,
        )

    def until_stage(self, stage: str) -> dict[str, Any]:
        """The status at that stage, or the last one seen where it never came or was held."""
        give_up_at = time.monotonic() + PATIENCE_S
        status = self.starter().status("kept")
        while status["stage"] != stage and not status["hold"] and time.monotonic() < give_up_at:
            time.sleep(0.2)
            status = self.starter().status("kept")
        return status

    def _run(self, verb: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "devstack", verb, "--state", str(self.state)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=self._environ,
        )


@pytest.fixture
def stack(temporal_cli: Path, tmp_path: Path) -> "Stack":
    return Stack(tmp_path / "state", temporal_cli)


class TestUpAndDown:
    def test_an_onboarding_is_found_as_it_was_under_the_same_link(self, stack: Stack) -> None:
        try:
            first = stack.up()
            started = stack.start()
            ended = stack.down()
            second = stack.up()
            again = stack.start()
            page = httpx.get(started["invite_url"], trust_env=False)
            stack.down()
        finally:
            stack.kill()

        assert ("Ended; everything is kept.\n", 0) == ended
        assert what_is_where(first) == what_is_where(second)
        assert ("kept", "invited", False) == (
            again["onboarding_id"],
            again["stage"],
            again["is_new"],
        )
        assert httpx.codes.OK == page.status_code
        assert "You are invited" in page.text

    @pytest.mark.timeout(240)
    def test_a_review_under_way_survives_a_sigkill_and_leads_to_a_video(self, stack: Stack) -> None:
        try:
            stack.up()
            stack.simulator("PUT", "scenario", {"review_seconds": LONG_S})
            started = stack.start(*VIDEO)
            stack.pass_the_check(started["invite_url"])
            before = stack.until_stage("in_review")
            stack.kill()
            stack.up()
            again = stack.until_stage("in_review")
            stack.simulator("POST", "clock", {"advance_s": LONG_S})
            end = stack.until_stage("completed")
            stack.down()
        finally:
            stack.kill()

        assert ("in_review", None) == (before["stage"], before["hold"])
        assert ("in_review", None) == (again["stage"], again["hold"])
        assert ("completed", None) == (end["stage"], end["hold"])
        assert "done" == end["video"]["state"]
        assert (stack.state / "archive" / end["video"]["key"]).stat().st_size > 0

    def test_both_targets_are_told_before_anything_else(self, stack: Stack) -> None:
        try:
            told = stack.up().splitlines()
            stack.down()
        finally:
            stack.kill()

        assert told[0].startswith("Temporal  127.0.0.1:")
        assert told[1].startswith("Upstream  http://127.0.0.1:")

    def test_a_second_one_is_refused(self, stack: Stack) -> None:
        try:
            stack.up()
            told, code = stack.run("up")
            stack.down()
        finally:
            stack.kill()

        assert 1 == code
        assert "It runs already" in told

    def test_with_a_port_of_its_own_taken_it_is_refused_and_forgets_nothing(
        self, stack: Stack
    ) -> None:
        stack.state.mkdir()
        memory = stack.state / "ports.json"
        ports = remembered_ports(memory)
        before = memory.read_bytes()

        with socket.create_server(("127.0.0.1", ports.web)):
            told, code = stack.run("up")

        assert 1 == code
        assert f"Port {ports.web} (web)" in told
        assert "logs lie" not in told
        assert before == memory.read_bytes()

    def test_after_a_sigkill_the_next_one_starts_as_if_nothing_were(self, stack: Stack) -> None:
        try:
            stack.up()
            stack.kill()
            nothing = stack.run("down")
            stack.up()
            ended = stack.down()
        finally:
            stack.kill()

        assert ("Nothing was running.\n", 0) == nothing
        assert 0 == ended[1]


class TestReal:
    def test_without_a_key_of_ones_own_it_is_refused_with_a_sentence(self, stack: Stack) -> None:
        stack._environ["UP_REAL"] = "1"

        told, code = stack.run("up")

        assert 1 == code
        assert "APIMART_API_KEY is missing" in told
        assert "Traceback" not in told
