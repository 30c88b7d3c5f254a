"""Key files: made once, readable by their owner alone, never overwritten."""

import secrets
from pathlib import Path

from likeness.temporal.keyring import SECRET_BYTES, Key, KeyFormatError, KeyRing
from runtime.owned_files import (
    KeyFileError,
    check_mode,
    create_owned,
    read_owned,
    replace_owned,
)

__all__ = [
    "KeyFileError",
    "drop_key",
    "load_key_file",
    "make_key_file",
    "promote_newest",
    "rotate_key_file",
]

_HEADER = "# The first key writes, every key reads. Keep old ones until nothing sealed is left.\n"


def make_key_file(path: Path) -> KeyRing:
    """Make a file with one new key, readable by its owner only.

    Raises:
        KeyFileError: There is a file already, which is never overwritten; or it cannot be made.

    """
    ring = KeyRing.of(_new_key())
    try:
        create_owned(path, _HEADER + ring.to_text())
    except FileExistsError:
        raise KeyFileError(
            f"{path} exists and is not overwritten, because what it sealed would be lost; "
            "`starter.py keys rotate` adds a key to it."
        ) from None
    return ring


def load_key_file(path: Path) -> KeyRing:
    """Read a key file.

    Raises:
        KeyFileError: Missing, readable by others than its owner, or not in the format.

    """
    found = read_owned(path, made_by="keys new")
    try:
        ring = KeyRing.from_text(found.text)
    except KeyFormatError as error:
        raise KeyFileError(f"{path} is no key file: {error}") from None
    check_mode(path, found.mode)
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


def _replace(path: Path, ring: KeyRing) -> None:
    # It is the only copy of its keys.
    replace_owned(path, _HEADER + ring.to_text())
