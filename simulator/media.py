"""Make the bytes of pretended media: clips and portraits, the same for the same seed."""

import hashlib
import struct
from collections.abc import Mapping
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from simulator.jpeg import jpeg

HEAVY_BYTES = 40_000_000
"""More than an image may have."""


class Shape(NamedTuple):
    """A picture's or clip's sides in pixels, its duration in seconds, its least size in bytes."""

    width: int = 768
    height: int = 768
    duration_s: float = 5
    least_bytes: int = 0


_FINE = Shape()
_CLIP = Shape(width=1280, height=720)

_ODD_SHAPES: Mapping[str, Shape] = {
    "tiny": Shape(200, 200),
    "vast": Shape(7000, 7000),
    "banner": Shape(2000, 400),
    "heavy": Shape(least_bytes=HEAVY_BYTES),
    "brief": Shape(1280, 720, duration_s=1),
    "endless": Shape(1280, 720, duration_s=60),
}
"""By a word of the file's name, where a name is words with dashes between them."""

_STATUSES: Mapping[str, int] = {"gone": 404, "expired": 403, "busy": 503}


def media_routes() -> APIRouter:
    """Return the routes that serve sample portraits, so that assets have URLs.

    A word in the name makes one that must not pass: see the README.
    """
    router = APIRouter()

    @router.get("/portraits/{name}.mp4")
    async def clip(name: str, request: Request) -> Response:
        words = set(name.split("-"))
        return _trouble(words) or _ranged(request, *_film(name, _shape(words, _CLIP)))

    @router.get("/portraits/{name}.jpg")
    async def portrait(name: str, request: Request) -> Response:
        words = set(name.split("-"))
        shape = _shape(words, _FINE)
        file = _film(name, _CLIP) if "film" in words else _picture(name, shape)
        return _trouble(words) or _ranged(request, *file)

    return router


def _shape(words: set[str], usual: Shape) -> Shape:
    return next((shape for word, shape in _ODD_SHAPES.items() if word in words), usual)


def _picture(name: str, shape: Shape) -> tuple[bytes, str]:
    picture = jpeg(seed=name, width=shape.width, height=shape.height)
    return picture.ljust(shape.least_bytes, b"\x00"), "image/jpeg"


def _film(name: str, shape: Shape) -> tuple[bytes, str]:
    return video_file(seed=name, size=100_000, shape=shape), "video/mp4"


def _trouble(words: set[str]) -> Response | None:
    if "page" in words:
        return Response("<!doctype html><title>Sign in</title>", media_type="text/html")
    if "moved" in words:
        return RedirectResponse("/portraits/front.jpg", status_code=302)
    status = next((status for word, status in _STATUSES.items() if word in words), None)
    return None if status is None else Response(status_code=status)


def _ranged(request: Request, body: bytes, kind: str) -> Response:
    """Give the first bytes where only they are asked for, as file hosts do (RFC 9110, 14.2)."""
    wanted = request.headers.get("range", "").removeprefix("bytes=0-")
    if not wanted.isdecimal():
        return Response(body, media_type=kind, headers={"Accept-Ranges": "bytes"})
    part = body[: int(wanted) + 1]
    told = {"Content-Range": f"bytes 0-{len(part) - 1}/{len(body)}", "Accept-Ranges": "bytes"}
    return Response(part, status_code=206, media_type=kind, headers=told)


def video_file(*, seed: str, size: int, shape: Shape = _CLIP) -> bytes:
    """Return an MP4 container of about `size` bytes; its boxes are real, its picture is noise."""
    kind = _box(b"ftyp", b"isom\x00\x00\x02\x00isomiso2avc1mp41")
    length_ms = int(shape.duration_s * 1000)
    header = struct.pack(">IIIII", 0, 0, 0, 1000, length_ms) + b"\x00" * 80
    track = struct.pack(">IIIIII", 3, 0, 0, 1, 0, length_ms) + b"\x00" * 52
    track += struct.pack(">II", shape.width << 16, shape.height << 16)
    movie = _box(b"moov", _box(b"mvhd", header) + _box(b"trak", _box(b"tkhd", track)))
    noise = hashlib.shake_256(seed.encode()).digest(size)
    return kind + movie + _box(b"mdat", noise)


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content
