"""Seals a text into a Fernet token that is the same each time.

Fernet draws a fresh initialization vector, so that two tokens of one text have nothing in common.
Whoever repeats a request is to get the same link again: here the vector is a keyed hash of the
text, and the time of making is left at zero. It tells no more than that two texts are equal.
https://github.com/fernet/spec/blob/master/Spec.md
"""

import base64
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

_VERSION_AND_TIME = b"\x80" + bytes(8)
_HALF = 16
_FOR_VECTORS = b"likeness steady vector"


class SteadySealer:
    """Seals under one Fernet key."""

    def __init__(self, key: str | bytes) -> None:
        """Take base64url of 32 bytes."""
        secret = base64.urlsafe_b64decode(key)
        self._signing, encrypting = secret[:_HALF], secret[_HALF:]
        self._of_vectors = _mac(secret, _FOR_VECTORS)
        self._cipher = algorithms.AES(encrypting)

    def token(self, text: str) -> str:
        """Give the token of ``text``, padded as Fernet pads it."""
        plain = text.encode()
        vector = _mac(self._of_vectors, plain)[:_HALF]
        padder = PKCS7(algorithms.AES.block_size).padder()
        padded = padder.update(plain) + padder.finalize()
        encryptor = Cipher(self._cipher, modes.CBC(vector)).encryptor()
        signed = _VERSION_AND_TIME + vector + encryptor.update(padded) + encryptor.finalize()
        return base64.urlsafe_b64encode(signed + _mac(self._signing, signed)).decode()


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")
