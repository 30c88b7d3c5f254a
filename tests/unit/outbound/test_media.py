"""What the first bytes of a file tell, and that no bytes at all can hurt."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from likeness.asset_reasons import AssetReason
from likeness.messages.onboarding import AssetKind
from outbound.limits import unfit
from outbound.media import Media, media_in
from simulator.jpeg import jpeg
from simulator.media import Shape, video_file

IMAGE, VIDEO = AssetKind.IMAGE, AssetKind.VIDEO
MIB = 1024**2

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">IIBBBBB", 640, 480, 8, 2, 0, 0, 0)
GIF = b"GIF89a" + struct.pack("<HH", 640, 480) + b"\x00" * 20
BMP = b"BM" + b"\x00" * 12 + struct.pack("<Iii", 40, 640, -480) + b"\x00" * 40
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8X" + struct.pack("<II", 10, 0) + b"\x7f\x02\x00\xdf\x01\x00"
TIFF = b"II*\x00\x08\x00\x00\x00\x02\x00" + struct.pack(
    "<HHIIHHIII", 256, 3, 1, 640, 257, 3, 1, 480, 0
)


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


def heic() -> bytes:
    """The boxes in which a phone's picture tells its sides."""
    size = box(b"ispe", struct.pack(">III", 0, 640, 480))
    ties = box(b"ipma", struct.pack(">IIHBB", 0, 1, 1, 1, 1))
    primary = box(b"pitm", struct.pack(">IH", 0, 1))
    properties = box(b"iprp", box(b"ipco", size) + ties)
    return box(b"ftyp", b"heic\x00\x00\x00\x00mif1heic") + box(
        b"meta", b"\x00" * 4 + primary + properties
    )


def movie(*boxes: bytes) -> bytes:
    return box(b"ftyp", b"qt  \x00\x00\x02\x00qt  ") + box(b"moov", b"".join(boxes))


class TestImages:
    @pytest.mark.parametrize(
        "head",
        [jpeg(seed="a", width=640, height=480), PNG, GIF, BMP, WEBP, TIFF, heic()],
        ids=["jpeg", "png", "gif", "bmp", "webp", "tiff", "heic"],
    )
    def test_the_sides_are_read_in_every_format_the_provider_takes(self, head: bytes) -> None:
        assert Media(IMAGE, 640, 480) == media_in(head)

    @pytest.mark.parametrize("length", [3, 20, 64])
    def test_bytes_that_end_too_early_leave_the_sides_unknown(self, length: int) -> None:
        assert Media(IMAGE) == media_in(jpeg(seed="a", width=640, height=480)[:length])

    @pytest.mark.parametrize(
        "head",
        [
            b"",
            b"<!doctype html><title>Sign in</title>",
            b"<svg xmlns='http://www.w3.org/2000/svg' width='640' height='480'/>",
            b"%PDF-1.7",
            b"\x1aE\xdf\xa3webm",
            b"ID3\x04",
            b"RIFF\x00\x00\x00\x00WAVE",
            box(b"ftyp", b"avif\x00\x00\x00\x00avif"),
            box(b"ftyp", b"M4A \x00\x00\x00\x00M4A "),
        ],
    )
    def test_anything_else_is_no_media(self, head: bytes) -> None:
        assert media_in(head) is None


class TestVideos:
    def test_sides_and_duration_stand_in_the_index(self) -> None:
        file = video_file(seed="a", size=1000, shape=Shape(1920, 1080, duration_s=12.5))

        assert Media(VIDEO, 1920, 1080, 12.5) == media_in(file)

    def test_long_forms_are_read_too(self) -> None:
        length = box(b"mvhd", b"\x01\x00\x00\x00" + struct.pack(">QQIQ", 0, 0, 600, 3000))
        sides = box(b"tkhd", b"\x01" + b"\x00" * 87 + struct.pack(">II", 1280 << 16, 720 << 16))

        assert Media(VIDEO, 1280, 720, 5) == media_in(movie(length, box(b"trak", sides)))

    def test_a_sound_track_before_the_picture_has_no_sides(self) -> None:
        sound = box(b"trak", box(b"tkhd", b"\x00" * 84))
        sides = box(b"tkhd", b"\x00" * 76 + struct.pack(">II", 1280 << 16, 720 << 16))

        assert Media(VIDEO, 1280, 720) == media_in(movie(sound, box(b"trak", sides)))

    @pytest.mark.parametrize(
        "head",
        [
            # The index stands behind the pictures.
            box(b"ftyp", b"isom\x00\x00\x02\x00") + box(b"mdat", b"\x00" * 50),
            box(b"ftyp", b"isom\x00\x00\x02\x00") + struct.pack(">I4sQ", 1, b"mdat", 10**9),
            movie(box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 0, 5000))),
            movie(box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, 0xFFFFFFFF))),
            movie(box(b"mvhd", b"\x07" + b"\x00" * 30)),
            movie(box(b"mvhd", b"")),
            movie(box(b"trak", box(b"tkhd", b""))),
            struct.pack(">I4s", 0, b"mdat"),
        ],
    )
    def test_what_is_not_told_in_front_is_unknown(self, head: bytes) -> None:
        assert Media(VIDEO) == media_in(head)


class TestHostileBytes:
    @settings(max_examples=500, deadline=None)
    @given(
        st.sampled_from([jpeg(seed="a", width=640, height=480), PNG, GIF, BMP, WEBP, TIFF, heic()])
        | st.just(video_file(seed="a", size=100)),
        st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=12),
        st.integers(0, 600),
    )
    def test_no_mutation_of_a_header_raises(
        self, head: bytes, changes: list[tuple[int, int]], length: int
    ) -> None:
        changed = bytearray(head)
        for at, value in changes:
            changed[at % len(changed)] = value

        media = media_in(bytes(changed[:length]))

        assert media is None or unfit(media, IMAGE, total_bytes=None) in {None, *AssetReason}

    @settings(max_examples=300, deadline=None)
    @given(st.binary(max_size=200))
    def test_no_bytes_raise(self, head: bytes) -> None:
        for prefix in (b"", b"\x00\x00\x00\x10ftypisom", b"\xff\xd8\xff", b"II*\x00", b"BM"):
            media_in(prefix + head)


class TestLimits:
    @pytest.mark.parametrize(
        ("media", "kind", "total_bytes", "reason"),
        [
            (None, IMAGE, None, AssetReason.NOT_MEDIA),
            (Media(VIDEO), IMAGE, None, AssetReason.WRONG_KIND),
            (Media(IMAGE), VIDEO, None, AssetReason.WRONG_KIND),
            (Media(IMAGE, 300, 300), IMAGE, 30 * MIB, None),
            (Media(IMAGE, 300, 300), IMAGE, 30 * MIB + 1, AssetReason.TOO_MANY_BYTES),
            (Media(VIDEO), VIDEO, 200 * MIB, None),
            (Media(VIDEO), VIDEO, 200 * MIB + 1, AssetReason.TOO_MANY_BYTES),
            (Media(IMAGE, 299, 300), IMAGE, None, AssetReason.TOO_FEW_PIXELS),
            (Media(IMAGE, 6000, 6000), IMAGE, None, None),
            (Media(IMAGE, 6000, 6001), IMAGE, None, AssetReason.TOO_MANY_PIXELS),
            (Media(IMAGE, 1000, 2500), IMAGE, None, None),
            (Media(IMAGE, 2500, 1000), IMAGE, None, None),
            (Media(IMAGE, 2501, 1000), IMAGE, None, AssetReason.RATIO_OUT_OF_RANGE),
            (Media(IMAGE, 1000, 2501), IMAGE, None, AssetReason.RATIO_OUT_OF_RANGE),
            (Media(IMAGE), IMAGE, None, None),
            (Media(VIDEO, 854, 480, 5), VIDEO, None, None),
            (Media(VIDEO, 3840, 2160, 5), VIDEO, None, None),
            (Media(VIDEO, 640, 360, 5), VIDEO, None, AssetReason.TOO_FEW_PIXELS),
            (Media(VIDEO, 4096, 2304, 5), VIDEO, None, AssetReason.TOO_MANY_PIXELS),
            (Media(VIDEO, 1280, 400, 5), VIDEO, None, AssetReason.RATIO_OUT_OF_RANGE),
            (Media(VIDEO, 1280, 720, 1.96), VIDEO, None, None),
            (Media(VIDEO, 1280, 720, 1.5), VIDEO, None, AssetReason.TOO_SHORT),
            (Media(VIDEO, 1280, 720, 30.04), VIDEO, None, None),
            (Media(VIDEO, 1280, 720, 31), VIDEO, None, AssetReason.TOO_LONG),
            (Media(VIDEO, 1280, 720), VIDEO, None, None),
        ],
    )
    def test_only_what_is_surely_refused_is_unfit(
        self,
        media: Media | None,
        kind: AssetKind,
        total_bytes: int | None,
        reason: AssetReason | None,
    ) -> None:
        assert reason == unfit(media, kind, total_bytes=total_bytes)
