"""The public app: the person's pages, and the relays of callbacks and webhooks."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from web.answers import AnswerPages
from web.below import Below
from web.callback_relay import CallbackRelay
from web.deps import PublicDeps
from web.invite import InvitePages
from web.pages import Page
from web.person_pages import DECLINE, FINISHED, WITHDRAW
from web.reader import Reader
from web.receipt_page import ReceiptPage
from web.shield import Shield, strict_headers
from web.start import StartPages
from web.webhook_relay import WebhookRelay

_STATIC = Path(__file__).parent / "static"
_STYLE = (_STATIC / "style.css").read_bytes()
_SCRIPT = (_STATIC / "follow.js").read_bytes()
_LOOKING = ["GET", "HEAD"]


def public_app(deps: PublicDeps) -> FastAPI:
    """Build the app."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    _serve_files(app, deps)
    _serve_visits(app, deps)
    relay = CallbackRelay(deps)
    _route(app, "/callback/{token}", relay.receive, [*_LOOKING, "POST"])
    _route(app, "/webhook/{token}/callback", WebhookRelay(deps).receive, ["POST"])

    async def refused(request: Request, error: Exception) -> Response:
        return _refused(request, error, deps)

    app.add_exception_handler(HTTPException, refused)
    headers = strict_headers(deps.h5_hosts.form_action(), https=deps.https)
    app.add_middleware(Shield, headers=headers, renderer=deps.renderer, tally=deps.tally)
    if deps.path:
        app.add_middleware(Below, path=deps.path)
    return app


def _serve_visits(app: FastAPI, deps: PublicDeps) -> None:
    invite, starting, answers = InvitePages(deps), StartPages(deps), AnswerPages(deps)
    base = "/i/{token}"
    _route(app, base, invite.show)
    _route(app, f"{base}/again", invite.show_again)
    _route(app, f"{base}/state", invite.tell_state)
    _route(app, f"{base}/start", starting.start, ["POST"])
    tap = f"{base}/preparing/{{tap}}"
    _route(app, tap, starting.look_on)
    _route(app, tap, starting.go_on, ["POST"])
    _route(app, f"{base}/{DECLINE}", answers.ask_decline)
    _route(app, f"{base}/{DECLINE}", answers.decline, ["POST"])
    _route(app, f"{base}/{WITHDRAW}", answers.ask_withdraw)
    _route(app, f"{base}/{WITHDRAW}", answers.withdraw, ["POST"])
    _route(app, f"{base}/{FINISHED}", answers.finished, ["POST"])
    _route(app, f"{base}/receipt", ReceiptPage(deps).download)


def _serve_files(app: FastAPI, deps: PublicDeps) -> None:
    style = _STYLE + deps.brand.accent_css.encode()

    async def healthy() -> Response:
        return JSONResponse({"healthy": True})

    async def stylesheet() -> Response:
        return Response(style, media_type="text/css")

    async def script() -> Response:
        return Response(_SCRIPT, media_type="text/javascript")

    async def logo() -> Response:
        if deps.brand.logo is None:
            raise HTTPException(404)
        return Response(deps.brand.logo, media_type=deps.brand.logo_type)

    _route(app, "/healthz", healthy)
    _route(app, "/style.css", stylesheet)
    _route(app, "/follow.js", script)
    _route(app, "/brand/logo", logo)


def _route(
    app: FastAPI,
    path: str,
    endpoint: Callable[..., Awaitable[Response]],
    methods: list[str] = _LOOKING,
) -> None:
    app.add_api_route(path, endpoint, methods=methods, response_model=None)


_PAGES = {405: Page.WRONG_METHOD, 408: Page.BROKEN, 413: Page.TOO_LARGE}


def _refused(request: Request, error: Exception, deps: PublicDeps) -> Response:
    """Answer what the router or a body's size refuses, without repeating what was asked."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    page = _PAGES.get(status, Page.NEUTRAL)
    response = deps.renderer.page(Reader.of(request), page, status)
    response.headers.update(headers or {})
    return response
