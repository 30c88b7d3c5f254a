"""`make up` keeps a stack running, `make down` ends it, and the next one goes on from there."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from devstack.commands import Starter
from devstack.isolation import child_environment

pytestmark = [pytest.mark.server, pytest.mark.processes]

ROOT = Path(__file__).parents[3]
LAST_LINE = "the next `make up` goes on from here"
START = (
    *("--person", "maria", "--id", "kept", "--min-usable", "1"),
    *("--asset", "image=http://127.0.0.1:9/portraits/front.jpg"),
)


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
        return Starter(child_environment(self.state / "operator", variables))

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
            started = stack.starter().start(*START)
            ended = stack.down()
            second = stack.up()
            again = stack.starter().start(*START)
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
