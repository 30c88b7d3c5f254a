"""One process of ours: its own session, a log file, a death that takes its group along."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

LEASH = Path(__file__).with_name("leash.py")
POLL_S = 0.02
TAIL_BYTES = 16_384


class Child:
    """A program started in its own session, so that a Ctrl-C in the terminal reaches only us.

    On Linux the kernel kills it when we die, however we die. Start it from a thread that lives as
    long as the process is wanted (the main one): the kernel watches the thread, not the process.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        log_path: Path,
        directory: Path | None = None,
        user: str | None = None,
    ) -> None:
        """Prepare a program; ``user`` is the system user root runs it as, None the own one."""
        self.name = name
        self.argv = tuple(argv)
        self.log_path = log_path
        self._environment = dict(environment)
        self._directory = directory
        self._user = user or ""
        self._process: subprocess.Popen[bytes] | None = None
        self._log_offset = 0

    @property
    def pid(self) -> int | None:
        """Process id, which is its group's id too; None before the first start."""
        return None if self._process is None else self._process.pid

    @property
    def alive(self) -> bool:
        """True while the program runs; a zombie does not count."""
        return self._process is not None and self._process.returncode is None and not self._ended()

    @property
    def exit_code(self) -> int | None:
        """As ``subprocess`` has it (negative: the signal that ended it); None while it runs."""
        if self._process is None or self.alive:
            return None
        self._bury()
        return self._process.returncode

    def start(self) -> None:
        """Start the program; its output is appended to the log file.

        Raises:
            RuntimeError: It runs already.

        """
        if self.alive:
            raise RuntimeError(f"{self.name} runs already.")
        self._bury()
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self._log_offset = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - argv is ours, no shell
                [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), self._user, *self.argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=self._directory,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to the whole group, and wait for the end; nothing happens to a dead one."""
        if self._process is not None and self._process.returncode is None:
            self._bury()

    def stop(self, *, grace_s: float = 10.0) -> int | None:
        """SIGTERM, then SIGKILL after ``grace_s`` seconds; returns the exit code."""
        self.terminate()
        self.wait(grace_s)
        self.kill()
        return None if self._process is None else self._process.returncode

    def terminate(self, by: signal.Signals = signal.SIGTERM) -> None:
        """Signal the program itself, not what it started, which it may want to end first."""
        if self._process is not None and self.alive:
            os.kill(self._process.pid, by)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; False when it still runs after ``timeout_s`` seconds."""
        deadline = time.monotonic() + timeout_s
        while self.alive:
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_S)
        return True

    def log_since_start(self) -> str:
        """Return what this start of the program wrote, at most the last 16 KiB of it."""
        with self.log_path.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_offset, end - TAIL_BYTES))
            return log.read().decode(errors="replace")

    def log_tail(self, lines: int = 15) -> str:
        """Return the last lines of this start, for the person who must see why it failed."""
        return "\n".join(self.log_since_start().splitlines()[-lines:])

    def _ended(self) -> bool:
        # WNOWAIT leaves the zombie in place: as long as it stands, its group id cannot be reused.
        if self._process is None:
            return True
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._process.pid, flags) is not None

    def _bury(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        # Between fork and setsid there is no such group yet, and macOS forbids it for a zombie.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
