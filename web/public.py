"""The public app: the person's pages and the callback relay, ready without Temporal."""

from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from web.callback_relay import CallbackRelay
from web.deps import PublicDeps
from web.invite import InvitePages
from web.pages import Page
from web.rendering import rendered
from web.shield import Shield, strict_headers
from web.start import StartPages

_STYLE = (Path(__file__).parent / "static" / "style.css").read_bytes()


def public_app(deps: PublicDeps) -> FastAPI:
    """Build the app."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    invite, starting, relay = InvitePages(deps), StartPages(deps), CallbackRelay(deps)
    looking = ["GET", "HEAD"]
    app.add_api_route("/healthz", _healthy, methods=looking, response_model=None)
    app.add_api_route("/style.css", _style, methods=looking, response_model=None)
    app.add_api_route("/i/{token}", invite.show, methods=looking, response_model=None)
    app.add_api_route("/i/{token}/again", invite.show_again, methods=looking, response_model=None)
    app.add_api_route("/i/{token}/start", starting.start, methods=["POST"], response_model=None)
    tap = "/i/{token}/preparing/{tap}"
    app.add_api_route(tap, starting.look_on, methods=looking, response_model=None)
    app.add_api_route(tap, starting.go_on, methods=["POST"], response_model=None)
    app.add_api_route(
        "/callback/{token}", relay.receive, methods=[*looking, "POST"], response_model=None
    )
    app.add_exception_handler(HTTPException, _refused)
    headers = strict_headers(deps.h5_hosts.form_action(), https=deps.https)
    app.add_middleware(Shield, headers=headers, tally=deps.tally)
    return app


async def _healthy() -> Response:
    return JSONResponse({"healthy": True})


async def _style() -> Response:
    return Response(_STYLE, media_type="text/css")


_PAGES = {405: Page.WRONG_METHOD, 408: Page.BROKEN, 413: Page.TOO_LARGE}


async def _refused(_request: Request, error: Exception) -> Response:
    """Answer what the router or a body's size refuses, without repeating what was asked."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    response = rendered(_PAGES.get(status, Page.NEUTRAL), status)
    response.headers.update(headers or {})
    return response
