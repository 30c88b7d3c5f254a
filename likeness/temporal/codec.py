"""Encrypts every payload but the few sentences that are clear by construction.

A sealed payload is a 12-byte nonce and the AES-256-GCM of one byte that names the form, then the
content: JSON alone for the common ``json/plain`` payload, the whole payload otherwise, deflated
where that is shorter. History bytes are money, and most payloads are small JSON.
"""

import json
import os
import re
import zlib
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from likeness.summaries import Summary
from likeness.temporal.keyring import KeyRing

ENCODING = b"binary/encrypted"
KEY_ID_FIELD = "encryption-key-id"

SENT_IN_CLEAR = "likeness-sent-in-clear"
"""Metadata that a ``WatchfulCodec`` gives to what came unencrypted."""

_NONCE_BYTES = 12
_JSON = b"json/plain"
_FORM_PAYLOAD, _FORM_JSON, _DEFLATED = 0, 1, 2
_MAX_PLAIN_BYTES = 16 * 1024 * 1024
_CLEAR_SENTENCES = frozenset(json.dumps(str(sentence)).encode() for sentence in Summary)
_CLEAR_MESSAGE = b"temporal.api.sdk.v1.WorkflowMetadata"
_KEY_ID = re.compile(r"[0-9a-f]{8}")


class UndecodablePayloadError(RuntimeError):
    """A payload cannot be decrypted: unknown key, other namespace, or tampered with."""


class EncryptingCodec(PayloadCodec):
    """AES-256-GCM with the namespace and the key's id as additional authenticated data.

    A payload that isn't encrypted decodes to itself: the Temporal CLI and UI may send plain ones.
    One that is encrypted and doesn't authenticate raises, always.
    """

    def __init__(self, key_ring: KeyRing, namespace: str) -> None:
        """Prepare a cipher for each key of the ring."""
        self._write_id = key_ring.write.id
        self._ciphers = {
            key.id: (AESGCM(key.secret), f"{namespace}\n{key.id}".encode())
            for key in key_ring.read.values()
        }

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt under the writing key what is neither clear by construction nor sealed yet."""
        return [
            payload if _is_sealed(payload) or _stays_clear(payload) else self._seal(payload)
            for payload in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt what is encrypted.

        Raises:
            UndecodablePayloadError: One of them does not authenticate.

        """
        return [self._open(payload) if _is_sealed(payload) else payload for payload in payloads]

    def _seal(self, payload: Payload) -> Payload:
        cipher, bound_to = self._ciphers[self._write_id]
        nonce = os.urandom(_NONCE_BYTES)
        return Payload(
            metadata={"encoding": ENCODING, KEY_ID_FIELD: self._write_id.encode()},
            data=nonce + cipher.encrypt(nonce, _packed(payload), bound_to),
        )

    def _open(self, payload: Payload) -> Payload:
        key_id = payload.metadata[KEY_ID_FIELD].decode(errors="replace")
        if key_id not in self._ciphers:
            named = key_id if _KEY_ID.fullmatch(key_id) else "of no known form"
            raise UndecodablePayloadError(
                f"A payload is encrypted under key {named}, which is not in the payload key file."
            )
        cipher, bound_to = self._ciphers[key_id]
        nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        try:
            return _unpacked(cipher.decrypt(nonce, sealed, bound_to))
        except (InvalidTag, ValueError, zlib.error):
            raise UndecodablePayloadError(
                f"A payload under key {key_id} does not authenticate: it was made for another "
                "namespace or changed on the way."
            ) from None


class WatchfulCodec(EncryptingCodec):
    """Says of each payload that nobody had encrypted that it is so, for whoever must refuse it.

    What the Temporal UI or CLI sends without the codec endpoint would stay readable in the history.
    """

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt what is encrypted and mark what is not; raises as ``EncryptingCodec``."""
        opened = await super().decode(payloads)
        return [
            after if _is_sealed(before) or _stays_clear(before) else _marked(after)
            for before, after in zip(payloads, opened, strict=True)
        ]


def _marked(payload: Payload) -> Payload:
    return Payload(
        metadata={**payload.metadata, SENT_IN_CLEAR: b"1"},
        data=payload.data,
        external_payloads=payload.external_payloads,
    )


def _is_sealed(payload: Payload) -> bool:
    return payload.metadata.get("encoding") == ENCODING


def _is_plain_json(payload: Payload) -> bool:
    return payload == Payload(metadata={"encoding": _JSON}, data=payload.data)


def _stays_clear(payload: Payload) -> bool:
    # Both are free of personal data by construction, and they make the Temporal UI readable
    # without a key: our enumerated sentences, and the answer that lists handlers and details.
    if payload.metadata.get("messageType") == _CLEAR_MESSAGE:
        return payload.metadata.get("encoding") == b"json/protobuf"
    return _is_plain_json(payload) and payload.data in _CLEAR_SENTENCES


def _packed(payload: Payload) -> bytes:
    plain_json = _is_plain_json(payload)
    form = _FORM_JSON if plain_json else _FORM_PAYLOAD
    content = payload.data if plain_json else payload.SerializeToString()
    deflated = zlib.compress(content, 9, wbits=-zlib.MAX_WBITS)
    if len(deflated) < len(content):
        return bytes([form | _DEFLATED]) + deflated
    return bytes([form]) + content


def _unpacked(packed: bytes) -> Payload:
    form, content = packed[0], packed[1:]
    if form & _DEFLATED:
        inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        content = inflater.decompress(content, _MAX_PLAIN_BYTES)
        if not inflater.eof:
            raise ValueError("the content is larger than any payload may be")
    if form & _FORM_JSON:
        return Payload(metadata={"encoding": _JSON}, data=content)
    return Payload.FromString(content)
