"""Where programs stay that were downloaded or built here, and how two processes make each once."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

LOCK_POLL_S = 0.5


def cache_directory() -> Path:
    """Outside the checkout; the name of each thing in it ends in its version."""
    return platformdirs.user_cache_path("likeness") / "temporal"


@contextmanager
def alone(lock_path: Path, *, what: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold a lock for the length of the block; tell once when another process has it."""
    # The kernel drops the lock with the process, so a killed build leaves nothing to clean up.
    with lock_path.open("w") as lock:
        told = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    say(f"another process is fetching {what}; waiting for it")
                told = True
                time.sleep(LOCK_POLL_S)
        yield
