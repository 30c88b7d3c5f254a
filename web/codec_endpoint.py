"""The codec endpoint: lets the Temporal UI and CLI read what is encrypted.

https://docs.temporal.io/production-deployment/data-encryption#set-up-a-codec-server
"""

import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from google.protobuf import json_format
from pydantic import SecretStr
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec

from likeness.temporal.codec import UndecodablePayloadError
from web.bodies import body_of

CODEC_BODY_BYTES = 16 * 1024 * 1024
"""The UI sends all payloads of a view in one request; Temporal's own limit is 4 MB a message."""

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_log = structlog.get_logger("likeness.web")


@dataclass(frozen=True, kw_only=True)
class CodecGate:
    """Who may use the endpoint.

    ``on_loopback`` tells that the listener is bound to this machine alone. ``ui_origins`` are the
    only pages whose browsers may ask.
    """

    token: SecretStr | None
    on_loopback: bool
    ui_origins: tuple[str, ...]

    def check(self, request: Request) -> str:
        """Give the word for who asks; raise ``HTTPException`` 401 or 403 for everybody else."""
        origin = request.headers.get("origin")
        if origin is not None and origin not in self.ui_origins:
            raise HTTPException(403, "This origin is not listed in UI_ORIGINS.")
        if self._has_token(request.headers.get("authorization", "")):
            return "token"
        if self._is_this_machine(request):
            return "loopback"
        raise HTTPException(
            401,
            "The codec endpoint asks for CODEC_TOKEN as a bearer token.",
            headers={"WWW-Authenticate": "Bearer"},
        )

    def _has_token(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        if self.token is None or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(given.encode(), self.token.get_secret_value().encode())

    def _is_this_machine(self, request: Request) -> bool:
        # A foreign name that resolves to this machine (DNS rebinding) shows in the Host header.
        named = urlsplit(f"//{request.headers.get('host', '')}").hostname
        peer = request.client.host if request.client else ""
        return self.on_loopback and is_loopback(peer) and named in _LOOPBACK_NAMES


@dataclass(frozen=True, kw_only=True)
class CodecEndpoint:
    """Answers ``POST /codec/encode`` and ``/codec/decode``: ``Payloads`` in proto-JSON."""

    codec: PayloadCodec
    namespace: str
    gate: CodecGate

    async def encode(self, request: Request) -> Response:
        """Encrypt, so that the UI can send input."""
        return await self._answer(request, "codec_encoded", self.codec.encode)

    async def decode(self, request: Request) -> Response:
        """Decrypt; each answer leaves one line in the log, without content."""
        return await self._answer(request, "codec_decoded", self.codec.decode)

    async def _answer(
        self,
        request: Request,
        event: str,
        recode: Callable[[Sequence[Payload]], Awaitable[list[Payload]]],
    ) -> Response:
        who = self.gate.check(request)
        given = _payloads(await body_of(request, CODEC_BODY_BYTES))
        # Payloads are bound to the namespace; of another one they would only fail to authenticate.
        if request.headers.get("x-namespace", self.namespace) != self.namespace:
            raise HTTPException(400, "This endpoint holds the keys of another namespace.")
        try:
            recoded = await recode(given)
        except UndecodablePayloadError as error:
            _log.warning(event, who=who, payloads=len(given), outcome="undecodable")
            raise HTTPException(400, str(error)) from None
        _log.info(event, who=who, payloads=len(given), outcome="done")
        body = json_format.MessageToJson(Payloads(payloads=recoded))
        return Response(body, media_type="application/json")


async def refused_in_json(_request: Request, error: Exception) -> Response:
    """Answer an ``HTTPException`` of the admin side with its sentence."""
    if not isinstance(error, HTTPException):
        return JSONResponse({"error": "fault"}, 500)
    return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` is this machine's own address, by number or as localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _payloads(body: bytes) -> Sequence[Payload]:
    try:
        return json_format.Parse(body, Payloads()).payloads
    except (json_format.ParseError, ValueError, RecursionError):
        raise HTTPException(400, "The body must be Payloads in proto-JSON.") from None
