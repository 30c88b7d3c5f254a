"""Serves below a path of somebody else's gateway, whether it takes the path off or not."""

from starlette.types import ASGIApp, Receive, Scope, Send


class Below:
    """ASGI middleware: takes ``path`` off what comes in with it.

    A gateway may pass ``/avatars/i/…`` on as it is or as ``/i/…``; both are the same page.
    """

    def __init__(self, app: ASGIApp, *, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http" and scope["path"].startswith(f"{self._path}/"):
            scope = {**scope, "path": scope["path"].removeprefix(self._path)}
        await self._app(scope, receive, send)
