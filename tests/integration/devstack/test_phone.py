"""`make up HOST=…`: somebody at another address goes all the way, and gets nowhere else."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from devstack.commands import Starter
from devstack.isolation import child_environment
from devstack.ports import free_port
from devstack.stack import Ports, Stack
from devstack.supervisor import Supervisor
from devstack.temporal_server import RunningServer

pytestmark = [pytest.mark.server, pytest.mark.processes]

ROOT = Path(__file__).parents[3]
OTHER_ADDRESS = "127.0.0.2"
"""Of this machine, and not the one that everything else listens on."""

PATIENCE_S = 40


@pytest.fixture
def stack(temporal_server: RunningServer, namespace: str, tmp_path: Path) -> Iterator[Stack]:
    made = Stack(
        directory=tmp_path,
        ports=Ports.free({}),
        namespace=namespace,
        temporal_address=temporal_server.address,
        host=OTHER_ADDRESS,
        h5_port=free_port(host=OTHER_ADDRESS),
    )
    made.starter().new_keys()
    with Supervisor() as processes:
        for spec in (made.simulator(), made.web(), made.worker()):
            processes.start(spec)
        yield made


def walked(stack: Stack, invite_url: str) -> str:
    """What somebody pretended saw on the way through the check."""
    walk = [sys.executable, "-m", "simulator.person", invite_url, "--scenario", "pass"]
    done = subprocess.run(
        walk,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=child_environment(stack.directory / "phone", {}),
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def status_at_end(starter: Starter, onboarding: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    status = starter.status(onboarding)
    while status["closed_at"] is None and time.monotonic() < deadline:
        time.sleep(0.2)
        status = starter.status(onboarding)
    return status


def listens(host: str, port: int) -> bool:
    with socket.socket() as knock:
        knock.settimeout(5)
        return knock.connect_ex((host, port)) == 0


class TestAPhone:
    @pytest.mark.timeout(120)
    def test_goes_all_the_way_and_reaches_nothing_else(self, stack: Stack) -> None:
        starter = stack.starter()
        front = f"image={stack.simulator_url}/portraits/front.jpg"
        started = starter.start("--person", "maria", "--id", "one", "--asset", front)

        seen = walked(stack, started["invite_url"])

        assert started["invite_url"].startswith(f"http://{OTHER_ADDRESS}:{stack.ports.web}/i/")
        assert "You have passed" in seen
        assert "completed" == status_at_end(starter, "one")["stage"]
        controls = httpx.get(f"{stack.h5_url}/_sim/health", trust_env=False)
        assert httpx.codes.NOT_FOUND == controls.status_code
        open_ports = {
            name: listens(OTHER_ADDRESS, port) for name, port in stack.ports.model_dump().items()
        }
        assert ["web"] == [name for name, is_open in open_ports.items() if is_open]


class TestAHostThatIsNone:
    @pytest.mark.parametrize(
        ("host", "expected"),
        [
            ("203.0.113.9", "HOST must be an address of a private network"),
            ("10.255.255.254", "HOST is no address of this machine"),
            ("laptop", "HOST must be an IPv4 address"),
        ],
    )
    def test_stops_before_anything_is_started(
        self, tmp_path: Path, host: str, expected: str
    ) -> None:
        done = self.up(tmp_path, "--host", host)

        assert 1 == done.returncode
        assert expected in " ".join(done.stdout.split())
        assert "Traceback" not in done.stdout + done.stderr
        assert not (tmp_path / "state" / "temporal").exists()

    def test_is_refused_where_the_real_provider_is_asked_for(self, tmp_path: Path) -> None:
        done = self.up(tmp_path, "--host", "auto", UP_REAL="1")

        assert 1 == done.returncode
        told = " ".join(done.stdout.split())
        assert "HOST is for the pretended upstream." in told
        assert "a public https address on port 443" in told

    @staticmethod
    def up(tmp_path: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "devstack", "up", "--state", str(tmp_path / "state"), *options],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables},
            timeout=60,
            check=False,
        )


class TestTheMakefile:
    @pytest.mark.parametrize(
        ("words", "environ", "expected"),
        [
            (["HOST=auto"], {}, "devstack up --host 'auto'"),
            ([], {"HOST": "a-shells-own"}, "devstack up"),
            ([], {}, "devstack up"),
        ],
    )
    def test_takes_a_host_of_the_command_line_only(
        self, words: list[str], environ: dict[str, str], expected: str
    ) -> None:
        told = subprocess.run(
            ["make", "--dry-run", "up", *words],  # noqa: S607 - make of the PATH
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environ},
            check=True,
        ).stdout

        assert told.rstrip().splitlines()[-1].rstrip().endswith(expected)
