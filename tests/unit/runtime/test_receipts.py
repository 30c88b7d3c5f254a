import json
from typing import Any

import pytest

from likeness.messages.conversation import Consent
from likeness.messages.person import ConsentReceipt
from likeness.temporal.keyring import Key, KeyRing
from runtime.receipts import ReceiptSigner, verify

OLD, NEW = Key.of(b"o" * 32), Key.of(b"n" * 32)
TEXT = "I agree.\n你好\n"
CONSENT = Consent(
    text_version="en-2",
    sha256="6bc3b4417c290b028c4c6596856d0b48b7c34da2d445bc790bc170d81ca5e860",
    locale="en",
)
AT = 1_800_000_000.25


def receipt() -> ConsentReceipt:
    return ConsentReceipt(onboarding="ob-1", link=2, consent=CONSENT, consent_at=AT)


def signed(signer: ReceiptSigner) -> bytes:
    return signer.sign("default", "p-1", receipt(), TEXT)


@pytest.fixture
def signer() -> ReceiptSigner:
    return ReceiptSigner.of(KeyRing.of(OLD))


def changed(whole: bytes, **fields: Any) -> bytes:
    return json.dumps(json.loads(whole) | fields).encode()


class TestSigning:
    def test_it_says_who_agreed_to_what_and_when(self, signer: ReceiptSigner) -> None:
        said = json.loads(signed(signer))

        assert {
            "kind": "likeness consent receipt",
            "version": 1,
            "tenant": "default",
            "person": "p-1",
            "onboarding": "ob-1",
            "link": 2,
            "consent": {**CONSENT.model_dump(), "text": TEXT},
            "consented_at": "2027-01-15T08:00:00.250Z",
            "algorithm": "Ed25519",
            "key_id": OLD.id,
            "public_key": signer.public_keys()[OLD.id],
        } == {name: value for name, value in said.items() if name != "signature"}

    def test_the_same_agreement_gives_the_same_bytes(self, signer: ReceiptSigner) -> None:
        assert signed(signer) == signed(ReceiptSigner.of(KeyRing.of(OLD)))

    def test_a_text_that_was_not_agreed_to_is_not_signed(self, signer: ReceiptSigner) -> None:
        with pytest.raises(ValueError, match="not the one that the consent names"):
            signer.sign("default", "p-1", receipt(), TEXT + " And more.")

    def test_without_its_text_it_still_names_the_digest(self, signer: ReceiptSigner) -> None:
        whole = signer.sign("default", "p-1", receipt(), "")

        assert verify(whole, signer.public_keys()[OLD.id])
        assert CONSENT.sha256 == json.loads(whole)["consent"]["sha256"]

    def test_no_key_shows_in_a_repr(self, signer: ReceiptSigner) -> None:
        assert f"ReceiptSigner(key_id='{OLD.id}')" == repr(signer)


class TestVerifying:
    def test_its_own_public_key_proves_it(self, signer: ReceiptSigner) -> None:
        whole = signed(signer)

        assert verify(whole, json.loads(whole)["public_key"])

    def test_another_spelling_of_the_same_json_is_the_same_receipt(
        self, signer: ReceiptSigner
    ) -> None:
        whole = signed(signer)

        assert verify(json.dumps(json.loads(whole)).encode(), signer.public_keys()[OLD.id])

    @pytest.mark.parametrize(
        "fields",
        [
            {"person": "p-2"},
            {"link": 3},
            {"consented_at": "2027-01-15T08:00:00.251Z"},
            {"consent": {**CONSENT.model_dump(), "text": TEXT.upper()}},
            {"version": 2},
            {"more": 1},
            {"public_key": ReceiptSigner.of(KeyRing.of(NEW)).public_keys()[NEW.id]},
            {"signature": ""},
            {"signature": "ü"},
            {"signature": 1},
            {"signature": "A" * 88},
        ],
    )
    def test_whatever_is_changed_shows(
        self, signer: ReceiptSigner, fields: dict[str, object]
    ) -> None:
        assert not verify(changed(signed(signer), **fields), signer.public_keys()[OLD.id])

    @pytest.mark.parametrize(
        ("field", "twice"),
        [
            (b'"person": "p-1"', b'"person": "p-2", "person": "p-1"'),
            (b'"locale": "en"', b'"locale": "de", "locale": "en"'),
            (b'"signature": ', b'"signature": "AA", "signature": '),
        ],
    )
    def test_a_key_that_stands_twice_proves_nothing(
        self, signer: ReceiptSigner, field: bytes, twice: bytes
    ) -> None:
        whole = signed(signer)
        assert 1 == whole.count(field)

        assert not verify(whole.replace(field, twice), signer.public_keys()[OLD.id])

    def test_a_signature_has_one_spelling(self, signer: ReceiptSigner) -> None:
        whole = signed(signer)
        signature = json.loads(whole)["signature"]
        assert set("-_") & set(signature)
        standard = signature.replace("-", "+").replace("_", "/")
        # Of the last character before the padding four bits do not count.
        stray = f"{signature[:-3]}{chr(ord(signature[-3]) + 1)}=="

        for other in (standard, stray, f"{signature}\n", f"!{signature}", signature.rstrip("=")):
            assert not verify(changed(whole, signature=other), signer.public_keys()[OLD.id])

    def test_a_public_key_has_one_spelling(self, signer: ReceiptSigner) -> None:
        assert not verify(signed(signer), f"{signer.public_keys()[OLD.id]}!")

    @pytest.mark.parametrize(
        "garbage", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 99999, b'{"signature": "AA"}']
    )
    def test_what_is_no_receipt_proves_nothing(self, signer: ReceiptSigner, garbage: bytes) -> None:
        assert not verify(garbage, signer.public_keys()[OLD.id])

    @pytest.mark.parametrize("key", ["", "ü", "A", "A" * 44, "!" * 44])
    def test_what_is_no_key_proves_nothing(self, signer: ReceiptSigner, key: str) -> None:
        assert not verify(signed(signer), key)

    def test_a_rotation_leaves_old_receipts_good(self, signer: ReceiptSigner) -> None:
        rotated = ReceiptSigner.of(KeyRing.of(NEW, OLD))
        old, new = signed(signer), signed(rotated)

        assert verify(old, rotated.public_keys()[OLD.id])
        assert verify(new, rotated.public_keys()[NEW.id])
        assert not verify(old, rotated.public_keys()[NEW.id])
        assert NEW.id == json.loads(new)["key_id"]

    def test_the_link_key_itself_is_nobodys_signing_key(self, signer: ReceiptSigner) -> None:
        assert OLD.line() not in signer.public_keys().values()
