"""The demo as its user sees it: a process with an exit code, and nothing left when it is over."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from devstack.ports import LOOPBACK, free_port

pytestmark = [pytest.mark.server, pytest.mark.processes]

ROOT = Path(__file__).parents[3]
END_WITHIN_S = 100


def start(verb: str, *, environ: Mapping[str, str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "devstack", verb],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**environ, "TMPDIR": str(folder)},
    )


def left_behind(folder: Path) -> list[str]:
    """Every process carries the folder in its environment, as TMPDIR."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if str(folder).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.fixture
def environ(temporal_cli: Path, tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "TEMPORAL_CLI_PATH": str(temporal_cli),
    }


class Trap:
    """A listener to which every hostile variable points; nobody may ever call it."""

    def __init__(self) -> None:
        self._socket = socket.create_server((LOOPBACK, 0))
        self.address = f"{LOOPBACK}:{self._socket.getsockname()[1]}"
        self.calls = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.close()
            self.calls += 1

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.close()


def hostile(trap: Trap, folder: Path) -> dict[str, str]:
    profile = folder / "temporal.toml"
    profile.write_text(f'[profile.default]\naddress = "{trap.address}"\nnamespace = "production"\n')
    return {
        "TEMPORAL_ADDRESS": trap.address,
        "TEMPORAL_NAMESPACE": "production",
        "TEMPORAL_API_KEY": "canary-temporal-key",
        "TEMPORAL_CONFIG_FILE": str(profile),
        "APIMART_API_KEY": "sk-canary-apimart-key",
        "APIMART_BASE_URL": f"http://{trap.address}",
        "PUBLIC_BASE_URL": f"http://{trap.address}",
        "ARCHIVE_URL": (folder / "production").as_uri(),
        "H5_HOSTS": f"http://{trap.address}",
        "HTTP_PROXY": f"http://{trap.address}",
        "HTTPS_PROXY": f"http://{trap.address}",
        "ALL_PROXY": f"http://{trap.address}",
    }


class TestDemo:
    def test_it_ends_well_and_no_call_leaves_whatever_the_users_variables_say(
        self, environ: dict[str, str], trap: Trap, tmp_path: Path
    ) -> None:
        demo = start("demo", environ={**environ, **hostile(trap, tmp_path)}, folder=tmp_path)
        told, _ = demo.communicate(timeout=END_WITHIN_S)

        assert 0 == demo.returncode, told
        assert 0 == trap.calls
        assert not (tmp_path / "production").exists()
        assert [] == left_behind(tmp_path)
        for line in ("the worker is killed (SIGKILL)", "The video: ", "video_charged"):
            assert line in told
        assert "canary" not in told
        (video,) = tmp_path.glob("likeness-demo-*/archive/**/*.mp4")
        assert f"({video.stat().st_size:,} bytes)" in told

    @pytest.mark.parametrize(
        "line", ["Temporal runs at", "simulator is up", "is invited", "is killed", "up again"]
    )
    def test_a_ctrl_c_at_any_point_leaves_no_process(
        self, environ: dict[str, str], tmp_path: Path, line: str
    ) -> None:
        demo = start("demo", environ=environ, folder=tmp_path)
        assert demo.stdout is not None
        for told in demo.stdout:
            if line in told:
                break
        assert [] != left_behind(tmp_path)

        demo.send_signal(signal.SIGINT)
        rest, _ = demo.communicate(timeout=30)

        assert 130 == demo.returncode
        assert [] == left_behind(tmp_path)
        (folder,) = tmp_path.glob("likeness-demo-*")
        assert f"what it made lies in {folder}" in rest

    def test_a_sigkill_leaves_no_process_either(
        self, environ: dict[str, str], tmp_path: Path
    ) -> None:
        demo = start("demo", environ=environ, folder=tmp_path)
        assert demo.stdout is not None
        for told in demo.stdout:
            if "worker is up" in told:
                break

        demo.kill()
        demo.communicate()

        for _ in range(200):
            if not left_behind(tmp_path):
                break
            time.sleep(0.05)
        assert [] == left_behind(tmp_path)


class TestRefusals:
    def test_a_server_elsewhere_is_refused_with_a_sentence(
        self, environ: dict[str, str], tmp_path: Path
    ) -> None:
        demo = start(
            "demo",
            environ={**environ, "TEST_TEMPORAL_ADDRESS": "prod.example.com:7233"},
            folder=tmp_path,
        )
        told, _ = demo.communicate(timeout=30)

        assert 1 == demo.returncode
        assert "TEST_TEMPORAL_ADDRESS must be a loopback address" in told
        assert "Traceback" not in told

    def test_a_given_server_that_is_not_there_is_a_sentence(
        self, environ: dict[str, str], tmp_path: Path
    ) -> None:
        address = f"{LOOPBACK}:{free_port()}"
        demo = start("demo", environ={**environ, "TEST_TEMPORAL_ADDRESS": address}, folder=tmp_path)
        told, _ = demo.communicate(timeout=30)

        assert 1 == demo.returncode
        assert f"No Temporal server answers at {address}" in told
        assert "Traceback" not in told
