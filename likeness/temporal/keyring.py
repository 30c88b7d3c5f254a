"""Keys as a file holds them: one base64url line of 32 bytes each, and the first line writes."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

SECRET_BYTES = 32
ID_LENGTH = 8


class KeyFormatError(ValueError):
    """A key file's text is not one base64url key of 32 bytes per line."""


@dataclass(frozen=True)
class Key:
    """A secret of 32 bytes and the id by which a payload names it."""

    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> Self:
        """Give the key of ``secret``; its id is the first 8 hex digits of the SHA-256."""
        if len(secret) != SECRET_BYTES:
            raise KeyFormatError(f"A key must have {SECRET_BYTES} bytes, not {len(secret)}.")
        return cls(id=hashlib.sha256(secret).hexdigest()[:ID_LENGTH], secret=secret)

    def line(self) -> str:
        """Give the key as a key file spells it, padded: also the form of a Fernet key."""
        return base64.urlsafe_b64encode(self.secret).decode()


@dataclass(frozen=True)
class KeyRing:
    """The key that writes, and every key that reads by its id; the writing one reads too."""

    write: Key
    read: Mapping[str, Key]

    @classmethod
    def of(cls, write: Key, *others: Key) -> Self:
        """Make a ring; ``others`` only read."""
        keys = {key.id: key for key in (write, *others)}
        return cls(write=write, read=MappingProxyType(keys))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a key file's text; blank lines and lines starting with ``#`` are skipped.

        Raises:
            KeyFormatError: No key in it, or a line that is none; the sentence gives the line's
                number and never the line.

        """
        keys = [
            _key_of_line(line, number)
            for number, raw in enumerate(text.splitlines(), start=1)
            if (line := raw.strip()) and not line.startswith("#")
        ]
        if not keys:
            raise KeyFormatError("There is no key in it; `starter.py keys new` makes one.")
        return cls.of(*keys)

    def to_text(self) -> str:
        """Give the ring as a key file's text, the writing key first."""
        others = (key for key in self.read.values() if key.id != self.write.id)
        return "".join(f"{key.line()}\n" for key in (self.write, *others))


def _key_of_line(line: str, number: int) -> Key:
    padded = line.rstrip("=") + "=" * (-len(line.rstrip("=")) % 4)
    try:
        return Key.of(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, KeyFormatError, ValueError):
        raise KeyFormatError(
            f"Line {number} is not a base64url key of {SECRET_BYTES} bytes (43 characters)."
        ) from None
