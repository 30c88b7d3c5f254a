"""Draws a link as a QR code, so that a phone can open what a terminal shows."""

import io

import segno

QUIET_ZONE = 2


def drawn(url: str) -> str:
    """Give the code in half blocks, to be shown light on dark; as small as it can be."""
    text = io.StringIO()
    # Read off a screen, not off paper: the lowest correction makes the biggest squares.
    code = segno.make_qr(url, error="l", boost_error=False)
    code.terminal(text, border=QUIET_ZONE, compact=True)
    return text.getvalue().rstrip("\n")


def width(drawing: str) -> int:
    """Give how many columns it needs; wrapped it could not be read."""
    return len(drawing.partition("\n")[0])
