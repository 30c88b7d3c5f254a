"""The public app: the person's pages, and the relays of callbacks and webhooks."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

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


def public_app(deps: PublicDeps) -> Starlette:
    """Build the app."""
    headers = strict_headers(deps.h5_hosts.form_action(), https=deps.https)
    shield = Middleware(Shield, headers=headers, renderer=deps.renderer, tally=deps.tally)
    below = [Middleware(Below, path=deps.path)] if deps.path else []

    async def refused(request: Request, error: Exception) -> Response:
        return _refused(request, error, deps)

    app = Starlette(
        routes=[*_relays(deps), *_visits(deps), *_files(deps)],
        middleware=[*below, shield],
        exception_handlers={HTTPException: refused},
    )
    app.router.redirect_slashes = False
    return app


def _relays(deps: PublicDeps) -> Iterator[Route]:
    # Before the pages: a router asks its routes in turn, and nobody waits for a page as a run does.
    relay = CallbackRelay(deps)
    yield _route("/callback/{token}", relay.receive, [*_LOOKING, "POST"])
    yield _route("/webhook/{token}/callback", WebhookRelay(deps).receive, ["POST"])


def _visits(deps: PublicDeps) -> Iterator[Route]:
    invite, starting, answers = InvitePages(deps), StartPages(deps), AnswerPages(deps)
    base = "/i/{token}"
    yield _route(base, invite.show)
    yield _route(f"{base}/again", invite.show_again)
    yield _route(f"{base}/state", invite.tell_state)
    yield _route(f"{base}/start", starting.start, ["POST"])
    tap = f"{base}/preparing/{{tap}}"
    yield _route(tap, starting.look_on)
    yield _route(tap, starting.go_on, ["POST"])
    yield _route(f"{base}/{DECLINE}", answers.ask_decline)
    yield _route(f"{base}/{DECLINE}", answers.decline, ["POST"])
    yield _route(f"{base}/{WITHDRAW}", answers.ask_withdraw)
    yield _route(f"{base}/{WITHDRAW}", answers.withdraw, ["POST"])
    yield _route(f"{base}/{FINISHED}", answers.finished, ["POST"])
    yield _route(f"{base}/receipt", ReceiptPage(deps).download)


def _files(deps: PublicDeps) -> Iterator[Route]:
    style = _STYLE + deps.brand.accent_css.encode()

    async def healthy(_: Request) -> Response:
        return JSONResponse({"healthy": True})

    async def stylesheet(_: Request) -> Response:
        return Response(style, media_type="text/css")

    async def script(_: Request) -> Response:
        return Response(_SCRIPT, media_type="text/javascript")

    async def logo(_: Request) -> Response:
        if deps.brand.logo is None:
            raise HTTPException(404)
        return Response(deps.brand.logo, media_type=deps.brand.logo_type)

    yield _route("/healthz", healthy)
    yield _route("/style.css", stylesheet)
    yield _route("/follow.js", script)
    yield _route("/brand/logo", logo)


def _route(
    path: str, endpoint: Callable[..., Awaitable[Response]], methods: list[str] = _LOOKING
) -> Route:
    """Make a route whose ``endpoint`` takes the path's parameters by name."""

    async def answered(request: Request) -> Response:
        return await endpoint(request, **request.path_params)

    return Route(path, answered, methods=methods)


_PAGES = {405: Page.WRONG_METHOD, 408: Page.BROKEN, 413: Page.TOO_LARGE}


def _refused(request: Request, error: Exception, deps: PublicDeps) -> Response:
    """Answer what the router or a body's size refuses, without repeating what was asked."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    page = _PAGES.get(status, Page.NEUTRAL)
    response = deps.renderer.page(Reader.of(request), page, status)
    response.headers.update(headers or {})
    return response
