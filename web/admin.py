"""The admin app, on loopback by default: API, codec endpoint, readiness and counters."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from likeness.failures import FailureCode
from web.api.app import PREFIX
from web.api.problems import ProblemError
from web.codec_endpoint import CodecEndpoint, refused_in_json
from web.tally import Tally


@dataclass(frozen=True, kw_only=True)
class AdminDeps:
    """What the admin app is built of; ``unready_because`` gives None when all is well."""

    api: ASGIApp
    codec: CodecEndpoint
    unready_because: Callable[[], Awaitable[str | None]]
    tally: Tally


def admin_app(deps: AdminDeps) -> FastAPI:
    """Build the app."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)

    async def ready() -> Response:
        reason = await deps.unready_because()
        if reason is None:
            return JSONResponse({"ready": True})
        return JSONResponse({"ready": False, "reason": reason}, 503)

    async def counts() -> Response:
        return JSONResponse(dict(deps.tally.counts))

    app.add_api_route("/readyz", ready, methods=["GET", "HEAD"], response_model=None)
    app.add_api_route("/counts", counts, response_model=None)
    app.add_api_route("/codec/encode", deps.codec.encode, methods=["POST"], response_model=None)
    app.add_api_route("/codec/decode", deps.codec.decode, methods=["POST"], response_model=None)
    app.mount(PREFIX, deps.api)
    # A mount is asked for what stands behind its slash only.
    app.router.routes.append(Route(PREFIX, deps.api))
    app.add_exception_handler(HTTPException, _refused)
    app.add_middleware(
        _CodecsCors,
        allow_origins=deps.codec.gate.ui_origins,
        allow_methods=["POST"],
        allow_headers=["content-type", "x-namespace", "authorization"],
        # Chromium asks before a page from elsewhere may speak to this machine.
        # https://wicg.github.io/local-network-access/
        allow_private_network=True,
    )
    return app


class _CodecsCors(CORSMiddleware):
    """Speaks for the codec alone: no page is let into anything else, and the API answers itself."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not the codec's."""
        if scope["path"].startswith("/codec/"):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)


async def _refused(request: Request, error: Exception) -> Response:
    """Refuse in JSON; also where a line break in the path has kept it from the API's own app."""
    if request.url.path.startswith(f"{PREFIX}/"):
        return ProblemError(FailureCode.NO_SUCH_PAGE, HTTPStatus.NOT_FOUND).response()
    return await refused_in_json(request, error)
