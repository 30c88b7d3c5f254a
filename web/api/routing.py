"""What every route of the API has in common: a declared scope, known parameters, a bounded body."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Message, Receive, Send
from starlette.types import Scope as Connection

from likeness.failures import FailureCode
from likeness.rest.problems import FieldError
from runtime.api_keys import Scope
from web.api.documenting import EVENT_STREAM, SCOPE_FIELD
from web.api.problems import ProblemError, shown
from web.bodies import body_of

BODY_BYTES = 256 * 1024
"""The largest body of any request here: twenty assets with the longest addresses are 50 KiB."""


def api_router() -> APIRouter:
    """Give a router whose routes are made with ``documenting.operation``."""
    return APIRouter(route_class=GatedRoute)


class GatedRoute(APIRoute):
    """Lets nobody in before the gate has; what is wrong with a request is told only then."""

    @property
    def scope(self) -> Scope | None:
        """The scope that a key must have; None where the route is for everybody."""
        declared = (self.openapi_extra or {}).get(SCOPE_FIELD)
        if declared is None:
            raise TypeError(f"The route {self.path} declares no scope; see documenting.operation.")
        return None if declared == "none" else Scope(declared)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Give what answers a request."""
        answer = super().get_route_handler()
        scope, takes_body = self.scope, self.body_field is not None
        parameters = frozenset(
            each.alias
            for each in get_flat_params(self.dependant)
            if isinstance(each.field_info, Query)
        )

        async def gated(request: Request) -> Response:
            if scope is not None:
                request.state.caller = await request.app.state.admit(request, scope)
            _refuse_unknown(request, parameters)
            return await answer(await _whole(request) if takes_body else request)

        return gated

    def matches(self, scope: Connection) -> tuple[Match, Connection]:
        """Take HEAD wherever GET is taken, but for a stream, whose head alone tells nothing."""
        return super().matches(self._as_get(scope))

    async def handle(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer HEAD as GET; the server leaves the body away."""
        await super().handle(self._as_get(scope), receive, send)

    def _as_get(self, scope: Connection) -> Connection:
        if scope["method"] != "HEAD" or "GET" not in (self.methods or ()) or self._streams:
            return scope
        return {**scope, "method": "GET"}

    @property
    def _streams(self) -> bool:
        return EVENT_STREAM in self.responses.get(200, {}).get("content", {})


def _refuse_unknown(request: Request, known: frozenset[str]) -> None:
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown:
        raise ProblemError(
            FailureCode.BAD_INPUT,
            422,
            detail="There is no such query parameter here.",
            errors=tuple(
                FieldError(field=f"query.{shown(name)}", problem="There is no such parameter.")
                for name in unknown[:10]
            ),
        )


async def _whole(request: Request) -> Request:
    """Read the body within its size and time, and give a request that has it."""
    body = await body_of(request, BODY_BYTES)
    if body and not _is_json(request):
        raise ProblemError(
            FailureCode.BAD_INPUT,
            415,
            detail="Send the body as application/json in UTF-8, without a Content-Encoding.",
        )
    return Request(request.scope, _with(body, request.receive))


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" and "content-encoding" not in request.headers


def _with(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
