"""Answers everything of 400 and above as a problem, whoever noticed it."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from temporalio.service import RPCError

from likeness.failures import FailureCode
from likeness.temporal.codec import UndecodablePayloadError
from likeness.temporal.errors import OnboardingError, TemporalAwayError
from likeness.temporal.glance import temporal_away
from web.api.problems import ProblemError
from web.shield import where

_log = structlog.get_logger("likeness.api")

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_OF_HTTP: Mapping[int, tuple[FailureCode, str | None]] = {
    HTTPStatus.BAD_REQUEST: (FailureCode.BAD_INPUT, "The body is not JSON that can be read."),
    HTTPStatus.NOT_FOUND: (FailureCode.NO_SUCH_PAGE, None),
    HTTPStatus.METHOD_NOT_ALLOWED: (FailureCode.METHOD_NOT_ALLOWED, None),
    HTTPStatus.REQUEST_TIMEOUT: (
        FailureCode.BAD_INPUT,
        "The body did not arrive whole within its time.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (FailureCode.BODY_TOO_LARGE, None),
}


def answer_problems(app: FastAPI) -> None:
    """Have the app answer with problems only."""
    app.add_exception_handler(ProblemError, _refused)
    app.add_exception_handler(OnboardingError, _refused)
    app.add_exception_handler(RPCError, _refused)
    app.add_exception_handler(UndecodablePayloadError, _refused)
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_exception_handler(HTTPException, _refused)
    app.add_middleware(LastDoor)


class LastDoor:
    """ASGI middleware: adds the headers of every answer, and makes a problem of every fault.

    The fault's text may quote what must not be told, so only its type and place are logged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and see that it ends well."""
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers.update(_ALWAYS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001  # the last door: everything becomes a problem
            _log.error("fault", reason=where(error))
            # Half an answer is left as it is: the server then cuts the connection.
            if not started:
                bug = ProblemError(FailureCode.BUG, 500, detail="The log has it as a fault.")
                await bug.response()(scope, receive, send_with_headers)


async def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _other_method(request)
    return _problem(error).response()


def _problem(error: Exception) -> ProblemError:
    match error:
        case ProblemError():
            return error
        case OnboardingError():
            return ProblemError.of(error)
        case RPCError():
            return ProblemError.of(temporal_away(error))
        case UndecodablePayloadError():
            return ProblemError.of(TemporalAwayError("The run's key is not here."))
        case RequestValidationError():
            return _misfit(error)
        case HTTPException(status_code=status):
            code, detail = _OF_HTTP.get(status, (FailureCode.BAD_INPUT, None))
            return ProblemError(code, status, detail=detail)
    raise error


def _misfit(error: RequestValidationError) -> ProblemError:
    errors = error.errors()
    if any(each["type"] == "json_invalid" for each in errors):
        code, detail = _OF_HTTP[HTTPStatus.BAD_REQUEST]
        return ProblemError(code, HTTPStatus.BAD_REQUEST, detail=detail)
    return ProblemError.of_fields(errors)


def _other_method(request: Request) -> Response:
    allow = {"Allow": ", ".join(sorted(_methods_at(request)))}
    if request.method == "OPTIONS":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=allow)
    return ProblemError(FailureCode.METHOD_NOT_ALLOWED, 405, headers=allow).response()


def _methods_at(request: Request) -> set[str]:
    """Give what the address takes: its routes each know their own method only."""
    methods = {"OPTIONS"}
    for route in request.app.routes:
        if not isinstance(route, Route):
            continue
        for method in (*(route.methods or ()), "HEAD"):
            match, _ = route.matches({**request.scope, "method": method})
            if match is Match.FULL:
                methods.add(method)
    return methods
