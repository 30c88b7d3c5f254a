"""Files of secrets: made for their owner alone, replaced whole, read anew when they change."""

import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

ContentT = TypeVar("ContentT")


class KeyFileError(Exception):
    """A key file is missing, open to others, or no key file; one sentence with the remedy."""


class Owned(NamedTuple):
    """A file's text and its mode bits, which belong to the same file even while it is replaced."""

    text: str
    mode: int


def read_owned(path: Path, *, made_by: str) -> Owned:
    """Read a file; ``made_by`` is the command that makes one.

    Whose it is shall be judged by ``check_mode`` after its text: nobody is to be told to change
    the permissions of a file that is not ours.

    Raises:
        KeyFileError: It is missing, or cannot be read.

    """
    try:
        with path.open(encoding="utf-8") as file:
            return Owned(mode=os.fstat(file.fileno()).st_mode, text=file.read())
    except FileNotFoundError:
        raise KeyFileError(
            f"There is no key file {path}; `starter.py {made_by}` makes one, or copy the one that "
            "the other processes use."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise KeyFileError(f"The key file {path} cannot be read: {reason}.") from None


def check_mode(path: Path, mode: int) -> None:
    """Refuse a file that others may read or write.

    Raises:
        KeyFileError: They may.

    """
    # Read by a group is how containers hand out secrets; write by others, or read by all, is not.
    if mode & (stat.S_IWGRP | stat.S_IRWXO):
        raise KeyFileError(f"The key file {path} is open to other users; run chmod 600 {path}.")


def create_owned(path: Path, text: str) -> None:
    """Make a file, and its folder where there is none.

    Raises:
        FileExistsError: There is one already, which stays as it is.
        KeyFileError: It cannot be made.

    """
    try:
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = _create(path)
    except OSError as error:
        if path.exists():
            raise FileExistsError from None
        raise KeyFileError(f"{path} cannot be made: {error.strerror}.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def replace_owned(path: Path, text: str) -> None:
    """Put ``text`` in the place of a file, which a crash half-way leaves as it was.

    A group that may read it, as containers want it, still may.

    Raises:
        KeyFileError: It cannot be changed.

    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(_create(beside), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(path.stat().st_mode & 0o640)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise KeyFileError(f"{path} cannot be changed: {error.strerror}.") from error


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Keep every other change of a file waiting that also asks; its folder is made.

    Raises:
        KeyFileError: There is no such folder, and none can be made.

    """
    try:
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        # The folder's lock: the file itself is replaced, and a lock on it with it.
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be changed: {error.strerror}.") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


class Rereading(Generic[ContentT]):
    """A file's content as it is now; it is read again only where it may have changed.

    Args:
        path: the file; it need not be there yet.
        load: reads it, or raises ``KeyFileError``.

    """

    def __init__(self, path: Path, load: Callable[[Path], ContentT]) -> None:
        self._path = path
        self._load = load
        self._known: tuple[tuple[int, ...], ContentT] | None = None

    def now(self) -> ContentT:
        """Give the content.

        Raises:
            KeyFileError: As ``load``; what the file held before does not count any more.

        """
        seen = self._looks()
        if self._known is None or seen is None or self._known[0] != seen:
            self._known = None
            content = self._load(self._path)
            # Looked at before reading: what changes in between is read again next time.
            self._known = None if seen is None else (seen, content)
            return content
        return self._known[1]

    def _looks(self) -> tuple[int, ...] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_mode)


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
