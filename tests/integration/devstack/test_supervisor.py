"""Real processes under the supervisor: ready, restarted, and gone, however their owner ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devstack.child import Child
from devstack.interrupts import SAME_S
from devstack.ports import free_port
from devstack.supervisor import ProcessFailedError, ProcessSpec, ProcessState, Supervisor

ROOT = Path(__file__).parents[3]

SLEEPER = "import time; print('ready', flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
WITH_A_CHILD = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid, flush=True); " + (
    SLEEPER
)
OWNER = """
import os, sys, time
from pathlib import Path
from devstack.interrupts import InterruptedBySignalError, interrupts
from devstack.supervisor import ProcessSpec, Supervisor
folder = Path(sys.argv[1])
try:
    with interrupts() as state, Supervisor(hurry=lambda: state.hurry) as processes:
        for name in ("one", "two"):
            processes.start(ProcessSpec(name=name, argv=(sys.executable, "-c", {program!r}),
                environment={{}}, log_path=folder / name, ready_line="ready"))
            print(processes.child(name).pid, flush=True)
        try:
            time.sleep(60)
        finally:
            state.close()
except InterruptedBySignalError as ended:
    os._exit(ended.exit_code)
"""


def spec(folder: Path, program: str, *, name: str = "one", **settings: object) -> ProcessSpec:
    return ProcessSpec.model_validate(
        {
            "name": name,
            "argv": (sys.executable, "-c", program),
            "environment": {"PATH": os.defpath},
            "log_path": folder / f"{name}.log",
            "ready_line": "ready",
            **settings,
        }
    )


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def gone(pid: int) -> bool:
    for _ in range(500):
        if not is_running(pid):
            return True
        time.sleep(0.02)
    return False


class TestReady:
    def test_a_process_is_ready_when_its_line_is_in_the_log(self, tmp_path: Path) -> None:
        with Supervisor() as processes:
            processes.start(spec(tmp_path, SLEEPER))

            assert {"one": ProcessState.RUNNING} == processes.states()

    def test_a_process_is_ready_when_its_url_answers(self, tmp_path: Path) -> None:
        port = free_port()
        server = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port))

        with Supervisor() as processes:
            processes.start(
                spec(
                    tmp_path,
                    "",
                    argv=server,
                    directory=tmp_path,
                    ready_line=None,
                    ready_url=f"http://127.0.0.1:{port}/",
                )
            )
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                pass

    def test_one_that_ends_instead_fails_with_the_end_of_its_log(self, tmp_path: Path) -> None:
        with Supervisor() as processes, pytest.raises(ProcessFailedError) as failure:
            processes.start(spec(tmp_path, "print('no such setting'); raise SystemExit(3)"))

        assert "one ended with exit code 3." == str(failure.value)
        assert "no such setting" == failure.value.log_tail

    def test_one_that_never_gets_ready_is_stopped(self, tmp_path: Path) -> None:
        with Supervisor() as processes, pytest.raises(ProcessFailedError, match="not ready within"):
            processes.start(spec(tmp_path, SLEEPER, ready_line="never", ready_timeout_s=0.2))

        assert {"one": ProcessState.ENDED} == processes.states()

    def test_a_program_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with Supervisor() as processes, pytest.raises(ProcessFailedError) as failure:
            processes.start(spec(tmp_path, "", argv=("no-such-program",)))

        assert "no-such-program cannot be run: No such file or directory" == failure.value.log_tail

    def test_check_tells_of_a_process_that_ended_by_itself(self, tmp_path: Path) -> None:
        with Supervisor() as processes:
            processes.start(spec(tmp_path, SLEEPER))
            processes.check()
            processes.kill("one")

            with pytest.raises(ProcessFailedError, match=r"one ended with exit code -9\."):
                processes.check()


class TestRestart:
    def test_a_restart_gives_another_process_and_waits_for_its_own_line(
        self, tmp_path: Path
    ) -> None:
        with Supervisor() as processes:
            first = processes.start(spec(tmp_path, SLEEPER)).pid
            processes.kill("one")
            second = processes.restart("one").pid

            assert first != second
            assert "ready\nready\n" == (tmp_path / "one.log").read_text()
            assert "ready\n" == processes.child("one").log_since_start()

    def test_a_running_process_is_not_started_twice(self, tmp_path: Path) -> None:
        with Supervisor() as processes:
            child = processes.start(spec(tmp_path, SLEEPER))

            with pytest.raises(RuntimeError, match="one runs already"):
                child.start()


class TestStop:
    def test_last_started_is_stopped_first(self, tmp_path: Path) -> None:
        order = tmp_path / "order"
        program = (
            "import signal, sys, time\n"
            "def end(*_):\n"
            f"    open({str(order)!r}, 'a').write(sys.argv[1])\n"
            "    raise SystemExit\n"
            "signal.signal(signal.SIGTERM, end)\n"
            "print('ready', flush=True)\n"
            "time.sleep(60)\n"
        )

        with Supervisor() as processes:
            for name in ("a", "b", "c"):
                argv = (sys.executable, "-c", program, name)
                processes.start(spec(tmp_path, "", name=name, argv=argv))

        assert "cba" == order.read_text()

    def test_one_that_ignores_sigterm_is_killed_after_its_grace(self, tmp_path: Path) -> None:
        with Supervisor() as processes:
            child = processes.start(spec(tmp_path, STUBBORN, stop_grace_s=0.2))

        assert -signal.SIGKILL == child.exit_code

    def test_haste_shortens_every_grace(self, tmp_path: Path) -> None:
        with Supervisor(hurry=lambda: True) as processes:
            child = processes.start(spec(tmp_path, STUBBORN, stop_grace_s=3600))

        assert -signal.SIGKILL == child.exit_code

    def test_what_a_process_started_goes_with_it(self, tmp_path: Path) -> None:
        with Supervisor() as processes:
            child = processes.start(spec(tmp_path, WITH_A_CHILD))
            grandchild = int(child.log_since_start().split()[0])
            assert is_running(grandchild)

        assert gone(grandchild)

    def test_what_a_process_left_behind_when_it_ended_goes_too(self, tmp_path: Path) -> None:
        program = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid, flush=True)"
        child = Child(
            "leaver",
            [sys.executable, "-c", program],
            environment={"PATH": os.defpath},
            log_path=tmp_path / "log",
        )
        child.start()
        assert child.wait(10)
        grandchild = int(child.log_since_start())
        assert is_running(grandchild)

        child.stop()

        assert gone(grandchild)


class TestOwner:
    """The owner is a process of its own, so that it can really be killed."""

    @pytest.mark.parametrize(
        ("signum", "program", "exit_code"),
        [
            (signal.SIGINT, SLEEPER, 130),
            (signal.SIGTERM, SLEEPER, 143),
            (signal.SIGHUP, SLEEPER, 129),
            (signal.SIGKILL, STUBBORN, -signal.SIGKILL),
        ],
    )
    def test_however_it_ends_no_process_is_left(
        self, tmp_path: Path, signum: signal.Signals, program: str, exit_code: int
    ) -> None:
        owner = self.start(tmp_path, program)
        pids = self.pids(owner)

        os.kill(owner.pid, signum)
        owner.communicate(timeout=30)

        assert exit_code == owner.returncode
        assert all(gone(pid) for pid in pids)

    def test_a_second_ctrl_c_does_not_wait_for_the_stubborn(self, tmp_path: Path) -> None:
        owner = self.start(tmp_path, STUBBORN)
        pids = self.pids(owner)

        os.kill(owner.pid, signal.SIGINT)
        time.sleep(2 * SAME_S)
        assert owner.poll() is None
        os.kill(owner.pid, signal.SIGINT)
        owner.communicate(timeout=5)

        assert 130 == owner.returncode
        assert all(gone(pid) for pid in pids)

    @staticmethod
    def start(folder: Path, program: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", OWNER.format(program=program), str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    @staticmethod
    def pids(owner: subprocess.Popen[str]) -> list[int]:
        assert owner.stdout is not None
        return [json.loads(owner.stdout.readline()) for _ in range(2)]
