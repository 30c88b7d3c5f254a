"""Changes the file of API keys: whole or not at all, one change at a time."""

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from runtime.api_keys import ApiKey, load_api_keys
from runtime.keys import KeyFileError


def add_api_key(path: Path, key: ApiKey) -> None:
    """Add a key; the file is made where there is none.

    Raises:
        KeyFileError: It cannot be made or changed, or is no file of API keys.

    """
    with _alone_with(path):
        _replace(path, [*_present(path), key])


def revoke_api_key(path: Path, key_id: str) -> ApiKey | None:
    """Take a key out, and give it; None where there is none of that id.

    Raises:
        KeyFileError: The file is missing, no file of API keys, or cannot be changed.

    """
    with _alone_with(path):
        keys = load_api_keys(path)
        found = next((key for key in keys if key.id == key_id), None)
        if found is not None:
            _replace(path, [key for key in keys if key.id != key_id])
        return found


@contextmanager
def _alone_with(path: Path) -> Iterator[None]:
    try:
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise _unchanged(path, error) from None
    try:
        # The folder's lock: the file itself is replaced, and a lock on it with it.
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _present(path: Path) -> Sequence[ApiKey]:
    return load_api_keys(path) if path.exists() else ()


def _replace(path: Path, keys: Sequence[ApiKey]) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(f"{key.model_dump_json()}\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        # A group that may read, as containers want it, keeps that.
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o640)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise _unchanged(path, error) from None


def _unchanged(path: Path, error: OSError) -> KeyFileError:
    return KeyFileError(f"The file of API keys {path} cannot be changed: {error.strerror}.")
