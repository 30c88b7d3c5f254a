"""Signs consent receipts, so that a person can show years later what was agreed to, and when."""

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from likeness.messages.person import ConsentReceipt
from likeness.temporal.keyring import Key, KeyRing

_PURPOSE = b"likeness consent receipt"


class ReceiptSigner:
    """Signs with a key derived from the link key in force; the same input gives the same bytes.

    A receipt names its own public key, and verifies offline for as long as somebody keeps what
    ``public_keys`` gave: a rotation changes no receipt.
    """

    def __init__(self, writing: Key, keys: Iterable[Key]) -> None:
        self._writing = writing
        self._keys = {key.id: _private_key(key) for key in keys}

    @classmethod
    def of(cls, link_keys: KeyRing) -> Self:
        """Derive the signing keys of a link key file's ring."""
        return cls(link_keys.write, link_keys.read.values())

    def public_keys(self) -> dict[str, str]:
        """Give every public key (base64url, raw Ed25519) by its id, to be kept or published."""
        return {key_id: _public_text(key) for key_id, key in self._keys.items()}

    def sign(self, tenant: str, person: str, receipt: ConsentReceipt, text: str) -> bytes:
        """Give the receipt as signed JSON, with the text that was agreed to in it."""
        key = self._keys[self._writing.id]
        content = {
            "receipt": "consent",
            "tenant": tenant,
            "person": person,
            "onboarding": receipt.onboarding,
            "link": receipt.link,
            "agreed_at": datetime.fromtimestamp(receipt.consent_at, tz=UTC).isoformat(),
            "text_version": receipt.consent.text_version,
            "text_sha256": receipt.consent.sha256,
            "locale": receipt.consent.locale,
            "text": text,
            "key_id": self._writing.id,
            "public_key": _public_text(key),
        }
        signature = base64.urlsafe_b64encode(key.sign(_signed_part(content))).decode()
        signed = {**content, "signature": signature}
        return json.dumps(signed, indent=2, ensure_ascii=False).encode()


def verify(receipt: bytes, public_key: str) -> bool:
    """Tell whether the holder of ``public_key`` signed ``receipt``, unchanged since."""
    try:
        content = json.loads(receipt)
        signature = base64.urlsafe_b64decode(content.pop("signature"))
        raw = base64.urlsafe_b64decode(public_key)
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, _signed_part(content))
    except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature):
        return False
    return True


def _signed_part(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _private_key(key: Key) -> Ed25519PrivateKey:
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.secret)
    return Ed25519PrivateKey.from_private_bytes(seed)


def _public_text(key: Ed25519PrivateKey) -> str:
    return base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).decode()
