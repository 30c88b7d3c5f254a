"""The simulator as a process: one line at the start, a clean end, a sentence for a bad start."""

import signal
import socket
import subprocess
import sys

import httpx
import pytest


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "simulator", *arguments]
    # The command is our own.
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class TestProcess:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_says_one_line_and_ends_with_0(self, number: signal.Signals) -> None:
        port = free_port()
        with start("--port", str(port), "--scenario", "quick") as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            scenario = httpx.get(f"http://127.0.0.1:{port}/_sim/scenario", trust_env=False)
            process.send_signal(number)
            rest, errors = process.communicate(timeout=10)

        assert f"simulator listening on http://127.0.0.1:{port}\n" == first
        assert 0.5 == scenario.json()["review_seconds"]
        assert (0, "", "") == (process.returncode, rest, errors)

    def test_a_taken_port_is_one_sentence(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with start("--port", str(port)) as process:
                _, errors = process.communicate(timeout=10)

        expected = (
            f"Nothing can listen at 127.0.0.1:{port}: Address already in use; "
            "correct --host and --port.\n"
        )
        assert (2, expected) == (process.returncode, errors)

    def test_an_unknown_scenario_is_refused(self) -> None:
        with start("--port", "1", "--scenario", "sunny") as process:
            _, errors = process.communicate(timeout=10)

        assert 2 == process.returncode
        assert "no scenario 'sunny'" in errors
