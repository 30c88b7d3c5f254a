"""Makes key files, and leads both of them through a rotation in two steps.

A new key must be known everywhere for reading before anybody writes with it. What the first step
added is noted beside the payload key file, so that the second promotes that key and no other:
which key of a file is the newest cannot be told from the file.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from commands.answers import KeyFileAnswer, NewKeysAnswer, RotationAnswer
from commands.outcomes import refused
from commands.webhook_keys import made_for_default
from likeness.temporal.keyring import KeyRing
from runtime.keys import (
    KeyFileError,
    load_key_file,
    make_key_file,
    promote_newest,
    rotate_key_file,
)
from runtime.settings import StarterSettings


class Waiting(BaseModel):
    """The keys that only read so far, by id; no secret."""

    model_config = ConfigDict(frozen=True)

    payload_key_id: str
    link_key_id: str


def make_keys(settings: StarterSettings) -> NewKeysAnswer:
    """Make each key file that is missing; what is there stays as it is.

    Raises:
        KeyFileError: One cannot be made, or is no key file.

    """
    files = (settings.payload_keys_file, settings.link_keys_file, settings.webhook_keys_file)
    if len({path.absolute() for path in files}) < len(files):
        raise KeyFileError(
            "Two of PAYLOAD_KEYS_FILE, LINK_KEYS_FILE and WEBHOOK_KEYS_FILE name the same file; "
            "payloads, links and webhooks need keys of their own."
        )
    return NewKeysAnswer(
        payload_keys=_made(settings.payload_keys_file),
        link_keys=_made(settings.link_keys_file),
        webhook_keys=made_for_default(settings),
    )


def add_keys(settings: StarterSettings) -> RotationAnswer:
    """Add a new key for reading to both files.

    Raises:
        KeyFileError: One of them cannot be read or changed.
        CommandError: A key is waiting already.

    """
    for path in (settings.payload_keys_file, settings.link_keys_file):
        load_key_file(path)
    if (waiting := waiting_keys(settings)) is not None:
        raise refused(
            f"The payload key {waiting.payload_key_id} was added before and does not write yet.",
            "Let it write with `python starter.py keys rotate --write`.",
        )
    payload, link = (
        list(rotate_key_file(path, write=False).read)[-1]
        for path in (settings.payload_keys_file, settings.link_keys_file)
    )
    added = Waiting(payload_key_id=payload, link_key_id=link)
    _note(settings).write_text(added.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return RotationAnswer(payload_key_id=payload, link_key_id=link, writes=False)


def waiting_keys(settings: StarterSettings) -> Waiting | None:
    """Give the keys that were added and do not write yet."""
    note = _note(settings)
    try:
        return Waiting.model_validate_json(note.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        raise KeyFileError(f"{note} is no note of a rotation; remove it and rotate anew.") from None


def ring_to_come(settings: StarterSettings) -> KeyRing:
    """Give the payload keys as they will be once the waiting one writes.

    Raises:
        CommandError: No key waits, or the files do not end with the waiting ones.

    """
    waiting = _waiting(settings)
    _checked(settings.link_keys_file, waiting.link_key_id)
    ring = _checked(settings.payload_keys_file, waiting.payload_key_id)
    new = ring.read[waiting.payload_key_id]
    return KeyRing.of(new, *(key for key in ring.read.values() if key.id != new.id))


def ring_without(settings: StarterSettings, key_id: str) -> KeyRing:
    """Give the payload keys as they will be without a key that only reads.

    Raises:
        CommandError: The key writes.
        KeyFileError: The file cannot be read.

    """
    ring = load_key_file(settings.payload_keys_file)
    if key_id == ring.write.id:
        raise refused(
            f"The payload key {key_id} writes; only one that merely reads can be retired.",
            "Rotate first: `python starter.py keys rotate`.",
        )
    return KeyRing.of(ring.write, *(key for key in ring.read.values() if key.id != key_id))


def promote_keys(settings: StarterSettings) -> RotationAnswer:
    """Let the waiting keys write; where that was interrupted before, finish it.

    Raises:
        CommandError: No key waits.
        KeyFileError: One of the files cannot be changed.

    """
    waiting = _waiting(settings)
    for path, key_id in (
        (settings.payload_keys_file, waiting.payload_key_id),
        (settings.link_keys_file, waiting.link_key_id),
    ):
        if load_key_file(path).write.id != key_id:
            promote_newest(path)
    _note(settings).unlink()
    return RotationAnswer(
        payload_key_id=waiting.payload_key_id, link_key_id=waiting.link_key_id, writes=True
    )


def _waiting(settings: StarterSettings) -> Waiting:
    waiting = waiting_keys(settings)
    if waiting is None:
        raise refused(
            "No new key waits to write here.",
            "Add one with `python starter.py keys rotate`, on the machine that keeps the files.",
        )
    return waiting


def _made(path: Path) -> KeyFileAnswer:
    made = not path.exists()
    ring = make_key_file(path) if made else load_key_file(path)
    return KeyFileAnswer(file=str(path), key_id=ring.write.id, made=made)


def _checked(path: Path, key_id: str) -> KeyRing:
    ring = load_key_file(path)
    if key_id not in (ring.write.id, list(ring.read)[-1]):
        raise refused(
            f"The last key of {path} is not {key_id}, which waits to write.",
            "Put back the file that `keys rotate` made.",
        )
    return ring


def _note(settings: StarterSettings) -> Path:
    path = settings.payload_keys_file
    return path.with_name(f"{path.name}.waiting")
