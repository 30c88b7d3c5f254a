"""What the first bytes of a file tell of it: its kind, its pixels, its duration."""

import io
import struct
from collections.abc import Iterator
from typing import NamedTuple

import imagesize

from likeness.messages.onboarding import AssetKind


class Media(NamedTuple):
    """A picture or clip; None is what its first bytes do not tell. Sides in pixels."""

    kind: AssetKind
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None


_IMAGES = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\x00",  # TIFF, either way round
    b"MM\x00*",
)
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_OTHER_BRANDS = frozenset({b"avif", b"avis", b"M4A ", b"M4B ", b"jp2 "})
"""The same boxes, but nothing the provider takes."""

_MATROSKA = b"\x1a\x45\xdf\xa3"
VIDEO_HEAD_BYTES = 16
"""How many first bytes ``is_video`` wants."""

_BOX = struct.Struct(">I4s")
_OLD_MOVIES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
"""Boxes a QuickTime file without ``ftyp`` begins with."""

_MATRIX_END = {0: 76, 1: 88}
"""Where width and height begin in a ``tkhd`` box, by its version."""

_TRACKS = frozenset({b"moov", b"trak"})
_FIXED_POINT = 65536


def media_in(head: bytes) -> Media | None:
    """Read a file's first bytes; None where they are nothing the provider takes.

    The formats are the provider's:
    https://docs.apimart.ai/en/api-reference/videos/doubao-seedance-2-0/private-avatar
    """
    if _is_image(head):
        width, height = imagesize.get(io.BytesIO(head), exif_rotation=False)
        return Media(AssetKind.IMAGE, _side(width), _side(height))
    if _is_movie(head):
        return _movie(head)
    return None


def is_video(head: bytes) -> bool:
    """Tell whether a file begins as a clip does: MP4, QuickTime, or WebM."""
    return _is_movie(head) or head.startswith(_MATROSKA)


def _is_image(head: bytes) -> bool:
    if head.startswith(_IMAGES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return True
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS


def _is_movie(head: bytes) -> bool:
    if head[4:8] == b"ftyp":
        return head[8:12] not in _OTHER_BRANDS | _HEIF_BRANDS
    return head[4:8] in _OLD_MOVIES


def _side(pixels: float) -> int | None:
    return int(pixels) if pixels > 0 else None


def _movie(head: bytes) -> Media:
    duration_s = width = height = None
    for name, content in _boxes(head):
        if name == b"mvhd":
            duration_s = _duration_s(content)
        elif name == b"tkhd":
            found = _sides(content)
            # A track of sound has no sides, and an odd one may stand before the picture's.
            if found is not None and width is None:
                width, height = found
    return Media(AssetKind.VIDEO, width, height, duration_s)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give the boxes of a container by name, those inside a track and the movie too (ISO 14496-12).

    It ends without a word where the boxes end early or make no sense.
    """
    at = 0
    while at + _BOX.size <= len(data):
        size, name = _BOX.unpack_from(data, at)
        if name in _TRACKS:
            at += _BOX.size
            continue
        if size < _BOX.size:
            # 0 is "to the end", 1 a length of 64 bits: media, and behind it what we do not have.
            return
        yield name, data[at + _BOX.size : at + size]
        at += size


def _duration_s(mvhd: bytes) -> float | None:
    form = {0: ">12xII", 1: ">20xIQ"}.get(mvhd[0] if mvhd else -1)
    if form is None or len(mvhd) < struct.calcsize(form):
        return None
    timescale, duration = struct.unpack_from(form, mvhd)
    # All bits set is "unknown"; a fragmented file says 0.
    unknown = duration in (0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF) or timescale == 0
    return None if unknown else duration / timescale


def _sides(tkhd: bytes) -> tuple[int, int] | None:
    at = _MATRIX_END.get(tkhd[0] if tkhd else -1)
    if at is None or len(tkhd) < at + 8:
        return None
    width, height = struct.unpack_from(">II", tkhd, at)
    sides = width // _FIXED_POINT, height // _FIXED_POINT
    return sides if all(sides) else None
