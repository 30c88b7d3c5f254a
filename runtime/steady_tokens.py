"""Seals a text into a Fernet token that is the same each time.

Fernet draws a fresh initialization vector, so that two tokens of one text have nothing in common.
Whoever repeats a request is to get the same link again: here the vector is a keyed hash of the
text, and the time of making is left at zero. It tells no more than that two texts are equal.
https://github.com/fernet/spec/blob/master/Spec.md
"""

import base64
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

_VERSION_AND_TIME = b"\x80" + bytes(8)
_HALF = 16
_FOR_VECTORS = b"likeness steady vector"


def steady_token(key: str | bytes, text: str) -> str:
    """Give the token of ``text`` under a Fernet key, padded as Fernet pads it."""
    secret = base64.urlsafe_b64decode(key)
    signing, encrypting = secret[:_HALF], secret[_HALF:]
    vector = _mac(_mac(secret, _FOR_VECTORS), text.encode())[:_HALF]
    padder = PKCS7(algorithms.AES.block_size).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(encrypting), modes.CBC(vector)).encryptor()
    signed = _VERSION_AND_TIME + vector + encryptor.update(padded) + encryptor.finalize()
    return base64.urlsafe_b64encode(signed + _mac(signing, signed)).decode()


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()
