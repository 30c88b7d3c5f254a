"""Make a JPEG of one colour: small, valid, and of any number of pixels (ITU T.81)."""

import hashlib
import struct

_ZIGZAG = 64
_MCU_PX = 8
_COMPONENTS = (1, 2, 3)
_UNCHANGED = "00"
"""A block like the one before: no difference (the code 0), then end of block (the code 0)."""

_SIZES = range(1, 12)
_SIZE_BITS = 5


def jpeg(*, seed: str, width: int, height: int) -> bytes:
    """Return a baseline JPEG of `width` by `height` pixels in a colour made of `seed`."""
    colour = hashlib.sha256(seed.encode()).digest()[:3]
    first = "".join(_block(level - 128) for level in colour)
    blocks = -(-width // _MCU_PX) * -(-height // _MCU_PX)
    frame = struct.pack(">BHHB", 8, height, width, 3)
    frame += b"".join(bytes((number, 0x11, 0)) for number in _COMPONENTS)
    scan = bytes((3,)) + b"".join(bytes((number, 0)) for number in _COMPONENTS) + b"\x00\x3f\x00"
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
            _segment(0xDB, b"\x00" + b"\x01" * _ZIGZAG),
            _segment(0xC0, frame),
            _segment(0xC4, b"\x00" + _codes({1: b"\x00", _SIZE_BITS: bytes(_SIZES)})),
            _segment(0xC4, b"\x10" + _codes({1: b"\x00"})),
            _segment(0xDA, scan),
            _stuffed(first, len(_COMPONENTS) * (blocks - 1)),
            b"\xff\xd9",
        )
    )


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _codes(symbols: dict[int, bytes]) -> bytes:
    """Give a table of the symbols that have codes of each length in bits (B.2.4.2)."""
    counts = bytes(len(symbols.get(length, b"")) for length in range(1, 17))
    return counts + b"".join(symbols.values())


def _block(level: int) -> str:
    """Code the first block of a component: its mean alone, eight times the level (A.3.3)."""
    mean = level * 8
    size = abs(mean).bit_length()
    if size == 0:
        return _UNCHANGED
    code = (1 << (_SIZE_BITS - 1)) + size - 1
    bits = mean if mean > 0 else mean + (1 << size) - 1
    return f"{code:0{_SIZE_BITS}b}{bits:0{size}b}0"


def _stuffed(first: str, unchanged: int) -> bytes:
    bits = len(first) + len(_UNCHANGED) * unchanged
    padding = -bits % 8
    value = int(first, 2) << len(_UNCHANGED) * unchanged << padding | (1 << padding) - 1
    return value.to_bytes((bits + padding) // 8).replace(b"\xff", b"\xff\x00")
