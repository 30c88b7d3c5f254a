"""The code by which a phone takes over from a computer: our own link, drawn as inline SVG."""

import functools

import segno
from markupsafe import Markup

_QUIET_ZONE = 4
"""Modules of white around the code, which scanners need on a dark page, too."""


@functools.lru_cache(maxsize=64)
def qr_of(url: str) -> Markup:
    """Draw ``url``: black on white whatever the page's colours, without sizes or styles."""
    code = segno.make(url, error="m", micro=False)
    svg: str = code.svg_inline(
        omitsize=True, svgclass=None, lineclass=None, border=_QUIET_ZONE, dark="#000", light="#fff"
    )
    return Markup(svg)  # noqa: S704 - numbers and colours only: the text is not in it
