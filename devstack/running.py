"""Makes sure that one stack runs in a folder at a time, and lets another process end it."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_NAME = "up.pid"
POLL_S = 0.1


class AlreadyRunningError(RuntimeError):
    """Another process holds the folder."""


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Hold the folder for the length of the block; the file names the process that does.

    The kernel drops the lock with the process: a file left by a killed one means nothing.

    Raises:
        AlreadyRunningError: Another process has it.

    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (directory / LOCK_NAME).open("a+") as file:
        if not _locked(file.fileno()):
            raise AlreadyRunningError(f"It runs already in {directory}; `make down` ends it.")
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def end_running(directory: Path, *, within_s: float) -> bool:
    """Ask the process that holds the folder to end, and wait until it has.

    Returns:
        False when nobody holds it.

    Raises:
        TimeoutError: It has not ended within ``within_s`` seconds.

    """
    if not (directory / LOCK_NAME).exists():
        return False
    with (directory / LOCK_NAME).open("a+") as file:
        if _locked(file.fileno()):
            return False
        deadline = time.monotonic() + within_s
        asked = False
        while not _locked(file.fileno()):
            if not asked and (pid := _pid_in(directory)) is not None:
                os.kill(pid, signal.SIGTERM)
                asked = True
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"It has not ended within {within_s:.0f} s; another `make down` hurries it."
                )
            time.sleep(POLL_S)
    return True


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid_in(directory: Path) -> int | None:
    # Empty for the moment between taking the lock and writing the number.
    text = (directory / LOCK_NAME).read_text().strip()
    return int(text) if text.isdecimal() else None
