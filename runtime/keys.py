"""Key files: made once, readable by their owner alone, never overwritten."""

import os
import secrets
import stat
from pathlib import Path

from likeness.temporal.keyring import SECRET_BYTES, Key, KeyFormatError, KeyRing

_HEADER = "# The first key writes, every key reads. Keep old ones until nothing sealed is left.\n"


class KeyFileError(Exception):
    """A key file is missing, open to others, or no key file; one sentence with the remedy."""


def make_key_file(path: Path) -> KeyRing:
    """Make a file with one new key, readable by its owner only.

    Raises:
        KeyFileError: There is a file already, which is never overwritten; or it cannot be made.

    """
    ring = KeyRing.of(_new_key())
    if path.exists():
        raise _exists(path)
    try:
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = _create(path)
    except OSError as error:
        if path.exists():
            raise _exists(path) from None
        raise KeyFileError(f"{path} cannot be made: {error.strerror}.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_HEADER + ring.to_text())
    return ring


def load_key_file(path: Path) -> KeyRing:
    """Read a key file.

    Raises:
        KeyFileError: Missing, readable by others than its owner, or not in the format.

    """
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except FileNotFoundError:
        raise KeyFileError(
            f"There is no key file {path}; `starter.py keys new` makes one, or copy the one that "
            "the other processes use."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise KeyFileError(f"The key file {path} cannot be read: {reason}.") from None
    # Before the permissions: nobody is to be told to change those of a file that is not ours.
    try:
        ring = KeyRing.from_text(text)
    except KeyFormatError as error:
        raise KeyFileError(f"{path} is no key file: {error}") from None
    # Read by a group is how containers hand out secrets; write by others, or read by all, is not.
    if mode & (stat.S_IWGRP | stat.S_IRWXO):
        raise KeyFileError(f"The key file {path} is open to other users; run chmod 600 {path}.")
    return ring


def rotate_key_file(path: Path, *, write: bool) -> KeyRing:
    """Add a new key to a file; the old ones stay for reading.

    Adding comes in two steps where several machines share the keys: first everywhere for reading
    (``write=False``), then ``promote_newest`` makes it write.

    Raises:
        KeyFileError: As ``load_key_file``.

    """
    ring = load_key_file(path)
    new = _new_key()
    old = [key for key in ring.read.values() if key.id != ring.write.id]
    changed = KeyRing.of(new, ring.write, *old) if write else KeyRing.of(ring.write, *old, new)
    _replace(path, changed)
    return changed


def promote_newest(path: Path) -> KeyRing:
    """Make the last key of a file the one that writes.

    Raises:
        KeyFileError: As ``load_key_file``.

    """
    *others, newest = load_key_file(path).read.values()
    ring = KeyRing.of(newest, *others)
    _replace(path, ring)
    return ring


def drop_key(path: Path, key_id: str) -> KeyRing:
    """Take a key that only reads out of a file, where it is in it.

    Raises:
        KeyFileError: As ``load_key_file``.

    """
    ring = load_key_file(path)
    kept = KeyRing.of(ring.write, *(key for key in ring.read.values() if key.id != key_id))
    if len(kept.read) < len(ring.read):
        _replace(path, kept)
    return kept


def _new_key() -> Key:
    return Key.of(secrets.token_bytes(SECRET_BYTES))


def _exists(path: Path) -> KeyFileError:
    return KeyFileError(
        f"{path} exists and is not overwritten, because what it sealed would be lost; "
        "`starter.py keys rotate` adds a key to it."
    )


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _replace(path: Path, ring: KeyRing) -> None:
    # A crash half-way must leave the old file whole: it is the only copy of its keys.
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(_create(beside), "w", encoding="utf-8") as file:
            file.write(_HEADER + ring.to_text())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise KeyFileError(f"{path} cannot be changed: {error.strerror}.") from error
