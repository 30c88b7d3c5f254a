"""Makes screenshots small: a palette instead of full colour, coded as tightly as PNG allows."""

import base64
import struct
import zlib
from typing import NamedTuple

from playwright.async_api import Page

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BY_PALETTE = 3
_MOST_COLOURS = 48
_GROUNDS = 12
"""So many of the most frequent colours stay whatever they are: the grounds are close together."""

_APART = 20
"""How far all others that stay are from them, of the 441 between black and white."""

# Colours that differ by less than an eye sees count as one; every pixel takes the nearest of those
# that stay.
_REDUCE = """
async ([png, most, grounds, apart]) => {
  const blob = await (await fetch("data:image/png;base64," + png)).blob();
  const picture = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  const { data, width, height } = pen.getImageData(0, 0, picture.width, picture.height);
  const seen = new Map();
  const keys = new Uint32Array(width * height);
  for (let at = 0; at < keys.length; at += 1) {
    const [r, g, b] = [data[4 * at], data[4 * at + 1], data[4 * at + 2]];
    const key = ((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3);
    keys[at] = key;
    const colours = seen.get(key) || seen.set(key, new Map()).get(key);
    const whole = (r << 16) | (g << 8) | b;
    colours.set(whole, (colours.get(whole) || 0) + 1);
  }
  const total = (colours) => [...colours.values()].reduce((sum, count) => sum + count, 0);
  const usual = (colours) => [...colours].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  const groups = [...seen].sort((a, b) => total(b[1]) - total(a[1]));
  const channels = (whole) => [whole >> 16, (whole >> 8) & 255, whole & 255];
  const distance = (one, other) => {
    const [a, b] = [channels(one), channels(other)];
    return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  };
  const palette = [];
  const index = new Map();
  for (const [key, colours] of groups) {
    const mine = usual(colours);
    let best = 0;
    palette.forEach((colour, place) => {
      if (distance(colour, mine) < distance(palette[best], mine)) best = place;
    });
    const isNew = palette.length < grounds || distance(palette[best], mine) >= apart;
    if (isNew && palette.length < most) best = palette.push(mine) - 1;
    index.set(key, best);
  }
  let pixels = "";
  for (const key of keys) pixels += String.fromCharCode(index.get(key));
  return { width, height, palette: palette.flatMap(channels), pixels: btoa(pixels) };
}
"""


class Reduced(NamedTuple):
    """A picture by palette: three bytes a colour, one byte a pixel."""

    width: int
    height: int
    palette: bytes
    pixels: bytes


async def small_png(workshop: Page, png: bytes) -> bytes:
    """Give ``png`` with few colours; ``workshop`` is a blank page whose browser does the work."""
    asked = [base64.b64encode(png).decode(), _MOST_COLOURS, _GROUNDS, _APART]
    told = await workshop.evaluate(_REDUCE, asked)
    return png_of(
        Reduced(
            width=told["width"],
            height=told["height"],
            palette=bytes(told["palette"]),
            pixels=base64.b64decode(told["pixels"]),
        )
    )


def png_of(picture: Reduced) -> bytes:
    """Write a PNG of one byte a pixel.

    https://www.w3.org/TR/png-3/
    """
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 8, _BY_PALETTE, 0, 0, 0)
    width = picture.width
    rows = b"".join(
        b"\0" + picture.pixels[start : start + width]
        for start in range(0, len(picture.pixels), width)
    )
    chunks = (
        (b"IHDR", header),
        (b"PLTE", picture.palette),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
