"""What every public response carries, and what becomes of a fault nobody foresaw."""

import traceback
from collections.abc import Mapping
from pathlib import PurePath

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.pages import Page
from web.reader import Reader
from web.rendering import Renderer
from web.tally import Happening, Tally


def strict_headers(form_action: str, *, https: bool) -> Mapping[str, str]:
    """Give the headers of every public response; ``form_action`` are origins beside our own."""
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
        + f"connect-src 'self'; form-action 'self' {form_action}".rstrip()
        + "; frame-ancestors 'none'; base-uri 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }
    return headers | ({"Strict-Transport-Security": "max-age=31536000"} if https else {})


class Shield:
    """ASGI middleware: adds the headers, and answers a fault with a page instead of a trace.

    The fault's text may quote a token or a link, so only its type and place are logged.
    """

    def __init__(
        self, app: ASGIApp, *, headers: Mapping[str, str], renderer: Renderer, tally: Tally
    ) -> None:
        self._app = app
        # As ASGI has them, once: a dictionary would be gone through for each response.
        self._headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ]
        self._names = {name for name, _ in self._headers}
        self._renderer = renderer
        self._tally = tally

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and see that it ends well."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_shielded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                theirs = [pair for pair in message.get("headers", ()) if pair[0] not in self._names]
                message["headers"] = theirs + self._headers
            await send(message)

        try:
            await self._app(scope, receive, send_shielded)
        except Exception as error:  # noqa: BLE001  # the last door: everything becomes one page
            self._tally.note(Happening.FAULT, reason=where(error))
            if not started:
                reader = Reader.of(Request(scope))
                broken = self._renderer.page(reader, Page.BROKEN, 500)
                await broken(scope, receive, send_shielded)


def where(error: Exception) -> str:
    """Name a fault by its type and the line that raised it; its text stays unsaid."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
    return f"{type(error).__name__} at {place}"
