"""Signs consent receipts, so that a person can prove without us what they agreed to.

A receipt is JSON. Its signature is Ed25519 over the other fields in one spelling: keys sorted, no
spaces, UTF-8. The keys are derived from the link keys: whoever keeps those can sign again, and a
receipt outlives every rotation, because it names the public key that it was signed with.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from likeness.messages.person import ConsentReceipt
from likeness.temporal.keyring import Key, KeyRing

KIND = "likeness consent receipt"
VERSION = 1

_PURPOSE = b"likeness consent receipt signing key 1"
_SEED_BYTES = 32
_MAX_BYTES = 256 * 1024


@dataclass(frozen=True)
class ReceiptSigner:
    """Signs with the key of the first link key; knows the public keys of all of them."""

    key_id: str
    _key: Ed25519PrivateKey = field(repr=False)
    _public_keys: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, link_keys: KeyRing) -> Self:
        """Derive the signing keys from the link keys."""
        public = {key.id: _spelled(_derived(key).public_key()) for key in link_keys.read.values()}
        return cls(link_keys.write.id, _derived(link_keys.write), MappingProxyType(public))

    def sign(self, tenant: str, person: str, receipt: ConsentReceipt, text: str) -> bytes:
        """Give the signed receipt as JSON, the same bytes for the same input.

        Args:
            tenant: The caller's tenant.
            person: The caller's own reference of the person.
            receipt: What was agreed to and when.
            text: The whole consent text, whose digest the receipt names; empty where its file is
                no longer at hand.

        Raises:
            ValueError: ``text`` is not the text that was agreed to.

        """
        if text and hashlib.sha256(text.encode()).hexdigest() != receipt.consent.sha256:
            raise ValueError("the text given is not the one that the consent names by its SHA-256")
        signed = {
            "kind": KIND,
            "version": VERSION,
            "tenant": tenant,
            "person": person,
            "onboarding": receipt.onboarding,
            "link": receipt.link,
            "consent": {
                "text_version": receipt.consent.text_version,
                "sha256": receipt.consent.sha256,
                "locale": receipt.consent.locale,
                "text": text,
            },
            "consented_at": _moment(receipt.consent_at),
            "algorithm": "Ed25519",
            "key_id": self.key_id,
            "public_key": self._public_keys[self.key_id],
        }
        signature = base64.urlsafe_b64encode(self._key.sign(_canonical(signed))).decode()
        whole = json.dumps(signed | {"signature": signature}, ensure_ascii=False, indent=2)
        return f"{whole}\n".encode()

    def public_keys(self) -> Mapping[str, str]:
        """Give every public key (base64url) by its key id, to be published or kept offline."""
        return self._public_keys


def verify(receipt: bytes, public_key: str) -> bool:
    """Tell whether ``receipt`` is unchanged and signed with the key of ``public_key`` (base64url).

    Take the public key from ``ReceiptSigner.public_keys`` or from where it was published: the one
    in the receipt only tells which one that must be. Needs no connection and no secret.
    """
    try:
        signed = _read(receipt) if len(receipt) <= _MAX_BYTES else None
        if not isinstance(signed, dict) or not isinstance(given := signed.pop("signature"), str):
            return False
        key = Ed25519PublicKey.from_public_bytes(_decoded(public_key))
        key.verify(_decoded(given), _canonical(signed))
    except (InvalidSignature, KeyError, ValueError, RecursionError):
        return False
    named = signed.get("public_key") == public_key
    return named and (signed.get("kind"), signed.get("version")) == (KIND, VERSION)


def _derived(key: Key) -> Ed25519PrivateKey:
    # https://www.rfc-editor.org/rfc/rfc5869
    derive = HKDF(algorithm=SHA256(), length=_SEED_BYTES, salt=None, info=_PURPOSE)
    return Ed25519PrivateKey.from_private_bytes(derive.derive(key.secret))


def _spelled(key: Ed25519PublicKey) -> str:
    return base64.urlsafe_b64encode(key.public_bytes_raw()).decode()


def _read(receipt: bytes) -> object:
    # Of two equal keys one reader shows the first and another the last.
    return json.loads(receipt, object_pairs_hook=_each_once)


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        raise ValueError("a key stands twice in the JSON")
    return whole


def _decoded(text: str) -> bytes:
    decoded = base64.b64decode(text, altchars=b"-_", validate=True)
    # The standard library also takes "+", "/" and stray last bits.
    if base64.urlsafe_b64encode(decoded).decode() != text:
        raise ValueError("not in the one base64url spelling")
    return decoded


def _canonical(signed: Mapping[str, object]) -> bytes:
    return json.dumps(signed, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
        errors="strict"
    )


def _moment(at: float) -> str:
    moment = datetime.fromtimestamp(at, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
