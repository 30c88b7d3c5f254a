"""The cookie that tells one browser from another, and what the run gets to know of it."""

import hashlib

from starlette.responses import Response

from runtime.links import INVITE_PATH
from web.forms import FormSeals
from web.reader import DEVICE, Reader

_COOKIE_S = 30 * 24 * 3600


def device_of(reader: Reader, forms: FormSeals, nonce: str) -> str:
    """Give the browser's own secret; where it brought none, the one that goes with its form.

    Both taps of a double tap come without a cookie, and must not count as two devices.
    """
    return reader.device or forms.device(nonce)


def told_apart(device: str) -> str:
    """Give what the run is told of a device: a digest that leads back to no browser."""
    return hashlib.sha256(device.encode()).hexdigest()


def is_same(reader: Reader, told: str | None) -> bool:
    """Tell whether the run means this reader's browser."""
    return reader.device is not None and told_apart(reader.device) == told


def remember(response: Response, device: str, *, https: bool, below: str = "") -> Response:
    """Have the browser keep its secret; it comes back to invite pages only, ``below`` a path."""
    response.set_cookie(
        DEVICE,
        device,
        max_age=_COOKIE_S,
        path=f"{below}{INVITE_PATH}",
        secure=https,
        httponly=True,
        samesite="lax",
    )
    return response
