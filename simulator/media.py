"""Make the bytes of pretended media: a video file and a portrait, the same for the same seed."""

import hashlib
import struct
import zlib

from fastapi import APIRouter, Response

PORTRAIT_PX = 320


def media_routes() -> APIRouter:
    """Return the routes that serve sample portraits, so that demo assets have URLs."""
    router = APIRouter()

    @router.get("/portraits/{name}.mp4")
    async def clip(name: str) -> Response:
        return Response(video_file(seed=name, size=100_000), media_type="video/mp4")

    @router.get("/portraits/{name}.jpg")
    async def portrait(name: str) -> Response:
        return Response(png(seed=name, side_px=PORTRAIT_PX), media_type="image/png")

    return router


def video_file(*, seed: str, size: int) -> bytes:
    """Return an MP4 container of about `size` bytes; its boxes are real, its picture is noise."""
    kind = _box(b"ftyp", b"isom\x00\x00\x02\x00isomiso2avc1mp41")
    header = struct.pack(">IIIII", 0, 0, 0, 1000, 5000) + b"\x00" * 80
    movie = _box(b"moov", _box(b"mvhd", header))
    noise = hashlib.shake_256(seed.encode()).digest(size)
    return kind + movie + _box(b"mdat", noise)


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


def png(*, seed: str, side_px: int) -> bytes:
    """Return a square PNG of one colour."""
    colour = hashlib.sha256(seed.encode()).digest()[:3]
    rows = (b"\x00" + colour * side_px) * side_px
    size = struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", size), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check
