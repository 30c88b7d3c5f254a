import asyncio
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.sdk.v1 import WorkflowMetadata

from likeness.summaries import Summary
from likeness.temporal.codec import (
    ENCODING,
    SENT_IN_CLEAR,
    EncryptingCodec,
    UndecodablePayloadError,
    WatchfulCodec,
)
from likeness.temporal.converter import LikenessPayloadConverter
from likeness.temporal.keyring import Key, KeyRing

ONE, TWO = Key.of(b"1" * 32), Key.of(b"2" * 32)
CODEC = EncryptingCodec(KeyRing.of(ONE), "ns")


def sealed(payload: Payload, codec: EncryptingCodec = CODEC) -> Payload:
    [out] = asyncio.run(codec.encode([payload]))
    return out


def opened(payload: Payload, codec: EncryptingCodec = CODEC) -> Payload:
    [out] = asyncio.run(codec.decode([payload]))
    return out


def json_payload(data: bytes) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=data)


def converted(value: object) -> Payload:
    [payload] = LikenessPayloadConverter().to_payloads([value])
    return payload


class TestSealing:
    @given(
        st.dictionaries(st.sampled_from(["encoding", "messageType", "x"]), st.binary(max_size=20)),
        st.binary(max_size=2000),
    )
    def test_gives_back_any_payload(self, metadata: dict[str, bytes], data: bytes) -> None:
        payload = Payload(metadata=metadata, data=data)
        if metadata.get("encoding") != ENCODING:
            assert opened(sealed(payload)) == payload

    @given(st.binary(max_size=5000))
    def test_gives_back_any_json(self, data: bytes) -> None:
        assert opened(sealed(json_payload(data))) == json_payload(data)

    def test_names_the_key_and_hides_the_rest(self) -> None:
        out = sealed(json_payload(b'{"canary":1}'))

        assert dict(out.metadata) == {"encoding": ENCODING, "encryption-key-id": ONE.id.encode()}
        assert b"canary" not in out.data

    def test_never_seals_alike_twice(self) -> None:
        assert sealed(json_payload(b"1")).data != sealed(json_payload(b"1")).data

    def test_leaves_what_is_sealed_already(self) -> None:
        once = sealed(json_payload(b"1"))

        assert sealed(once) == once

    def test_adds_30_bytes_to_small_json_and_shrinks_repetitive_json(self) -> None:
        small, large = json_payload(b'"ab"'), json_payload(b'{"name":"front"},' * 50)

        assert len(sealed(small).data) - len(small.data) <= 30
        assert len(sealed(large).data) < len(large.data) / 3


class TestWhatStaysClear:
    @pytest.mark.parametrize("sentence", list(Summary))
    def test_is_every_summary_sentence(self, sentence: Summary) -> None:
        payload = converted(sentence)

        assert sealed(payload) == payload

    def test_is_the_metadata_answer(self) -> None:
        payload = converted(WorkflowMetadata(current_details="**Stage**: invited"))

        assert payload.metadata["messageType"] == b"temporal.api.sdk.v1.WorkflowMetadata"
        assert sealed(payload) == payload

    @pytest.mark.parametrize(
        "payload",
        [
            converted("Onboarding of one person!"),
            converted(None),
            converted(b"bytes"),
            Payload(
                metadata={"encoding": b"json/plain", "canary": b"x"},
                data=converted(Summary.VIDEO).data,
            ),
            Payload(
                metadata={
                    "encoding": b"binary/plain",
                    "messageType": b"temporal.api.sdk.v1.WorkflowMetadata",
                },
                data=b"canary",
            ),
        ],
        ids=["another sentence", "null", "bytes", "more metadata", "another encoding"],
    )
    def test_is_nothing_else(self, payload: Payload) -> None:
        assert sealed(payload).metadata["encoding"] == ENCODING


class TestOpening:
    def test_takes_any_key_of_the_ring(self) -> None:
        rotated = EncryptingCodec(KeyRing.of(TWO, ONE), "ns")

        assert opened(sealed(json_payload(b"1")), rotated) == json_payload(b"1")

    def test_leaves_what_was_never_sealed(self) -> None:
        assert opened(json_payload(b"1")) == json_payload(b"1")

    def test_names_an_unknown_key(self) -> None:
        with pytest.raises(UndecodablePayloadError, match=f"under key {ONE.id}, which is not"):
            opened(sealed(json_payload(b"1")), EncryptingCodec(KeyRing.of(TWO), "ns"))

    def test_does_not_quote_a_key_id_of_no_known_form(self) -> None:
        forged = Payload(metadata={"encoding": ENCODING, "encryption-key-id": b"canary\n"})

        with pytest.raises(UndecodablePayloadError, match="of no known form") as caught:
            opened(forged)
        assert "canary" not in str(caught.value)

    def test_refuses_another_namespace(self) -> None:
        with pytest.raises(UndecodablePayloadError, match="another namespace or changed"):
            opened(sealed(json_payload(b"1")), EncryptingCodec(KeyRing.of(ONE), "ns2"))

    def test_refuses_every_single_changed_byte(self) -> None:
        whole = sealed(json_payload(b'{"a":1}'))

        for place in range(len(whole.data)):
            data = bytearray(whole.data)
            data[place] ^= 1 << (place % 8)
            with pytest.raises(UndecodablePayloadError):
                opened(Payload(metadata=whole.metadata, data=bytes(data)))

    @given(st.binary(max_size=60))
    def test_refuses_bytes_that_nobody_sealed(self, data: bytes) -> None:
        metadata = {"encoding": ENCODING, "encryption-key-id": ONE.id.encode()}

        with pytest.raises(UndecodablePayloadError):
            opened(Payload(metadata=metadata, data=data))

    def test_of_a_short_payload_refuses_too(self) -> None:
        metadata = {"encoding": ENCODING, "encryption-key-id": ONE.id.encode()}

        with pytest.raises(UndecodablePayloadError):
            opened(Payload(metadata=metadata, data=os.urandom(5)))


class TestWatching:
    def test_marks_what_nobody_had_sealed(self) -> None:
        watchful = WatchfulCodec(KeyRing.of(ONE), "ns")

        in_clear = opened(json_payload(b'{"reason":"canary"}'), watchful)

        assert in_clear.metadata[SENT_IN_CLEAR] == b"1"
        assert in_clear.data == b'{"reason":"canary"}'

    def test_marks_nothing_that_was_sealed_or_is_clear_by_construction(self) -> None:
        watchful = WatchfulCodec(KeyRing.of(ONE), "ns")
        sentence = converted(Summary.DEADLINE)

        assert opened(sealed(json_payload(b"1")), watchful) == json_payload(b"1")
        assert opened(sentence, watchful) == sentence
