import struct
import zlib

from devstack.pictures import Reduced, png_of

PICTURE = Reduced(
    width=3, height=2, palette=bytes([0, 0, 0, 255, 255, 255]), pixels=b"\0\1\0\1\0\1"
)


def chunks_of(png: bytes) -> dict[bytes, bytes]:
    found, at = {}, 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        name, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size : at + 12 + size]) == (
            zlib.crc32(name + content),
        )
        found[name] = content
        at += 12 + size
    return found


class TestASmallPng:
    def test_says_its_size_and_that_it_goes_by_palette(self) -> None:
        header = chunks_of(png_of(PICTURE))[b"IHDR"]

        assert (3, 2, 8, 3, 0, 0, 0) == struct.unpack(">IIBBBBB", header)

    def test_holds_every_colour_and_pixel_row_by_row(self) -> None:
        chunks = chunks_of(png_of(PICTURE))

        assert PICTURE.palette == chunks[b"PLTE"]
        assert b"\0\0\1\0" + b"\0\1\0\1" == zlib.decompress(chunks[b"IDAT"])

    def test_ends_as_a_png_does(self) -> None:
        assert [b"IHDR", b"PLTE", b"IDAT", b"IEND"] == list(chunks_of(png_of(PICTURE)))
