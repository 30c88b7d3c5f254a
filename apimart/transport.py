"""One HTTP exchange: a request goes to one origin; a bounded answer or a typed error returns."""

import asyncio
import re
import time
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from apimart.errors import ApimartError, NotSent, OutcomeUnknown, Unavailable
from apimart.protocol import MAX_BODY_BYTES, Answer, Effect, Outgoing

CONNECT_TIMEOUT_S = 5.0

# Shorter than any usual idle time (Node's and uvicorn's are 5 s): a POST that leaves in the moment
# in which the server hangs up has an unknown outcome, though nothing has happened.
_KEEPALIVE_S = 3.0
_MAX_CONNECTIONS = 32
_FIRST_ERROR = 400
_VISIBLE_ASCII = re.compile(r"[!-~]{1,1024}")
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class Transport:
    """The API key, the one origin it may be sent to, and the connections to it."""

    def __init__(
        self, *, api_key: SecretStr, base_url: str, http: httpx.AsyncClient | None
    ) -> None:
        if not _VISIBLE_ASCII.fullmatch(api_key.get_secret_value()):
            raise ValueError("the API key must be 1 to 1024 visible ASCII characters, no spaces")
        self._api_key = api_key
        self._base_url = _checked_base_url(base_url)
        self._owns_http = http is None
        self._http = http or httpx.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=_MAX_CONNECTIONS, keepalive_expiry=_KEEPALIVE_S),
        )

    async def aclose(self) -> None:
        """Close the connections, unless they belong to the caller's own client."""
        if self._owns_http:
            await self._http.aclose()

    async def exchange(self, outgoing: Outgoing, timeout_s: float) -> Answer:
        """Send one request once; up to 10 s to connect, `timeout_s` for the whole answer.

        Raises:
            ApimartError: no complete answer came back; an answer of any status is none.
        """
        failure: ApimartError
        try:
            async with asyncio.timeout(2 * CONNECT_TIMEOUT_S + timeout_s):
                return await self._send(outgoing, timeout_s)
        except _NEVER_SENT as error:
            failure = _not_sent(outgoing.effect, error)
        except (httpx.TimeoutException, TimeoutError):
            failure = _unclear(outgoing.effect, "timeout")
        except httpx.DecodingError:
            failure = _unclear(outgoing.effect, "unreadable_answer")
        except httpx.HTTPError:
            failure = _unclear(outgoing.effect, "connection_lost")
        # Out here on purpose: the exceptions above carry the request, the API key and the link.
        raise failure

    async def _send(self, outgoing: Outgoing, timeout_s: float) -> Answer:
        request = self._http.build_request(
            outgoing.method,
            self._base_url + outgoing.path,
            content=outgoing.body,
            headers={
                "Authorization": f"Bearer {self._api_key.get_secret_value()}",
                "Accept": "application/json",
                # Uncompressed, so that the size limit is one on the wire too.
                "Accept-Encoding": "identity",
                "User-Agent": "likeness-apimart/1",
                **outgoing.headers,
            },
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S, pool=CONNECT_TIMEOUT_S),
        )
        response = await self._http.send(request, stream=True, auth=None, follow_redirects=False)
        try:
            body = await _bounded_body(response)
        finally:
            await response.aclose()
        return Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=body,
            received_at=time.time(),
        )


async def _bounded_body(response: httpx.Response) -> bytes:
    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                break
    except httpx.HTTPError:
        # An error status says enough even when its body breaks off.
        if response.status_code < _FIRST_ERROR:
            raise
    return bytes(body[: MAX_BODY_BYTES + 1])


def _not_sent(effect: Effect, error: httpx.HTTPError) -> ApimartError:
    code = "pool_timeout" if isinstance(error, httpx.PoolTimeout) else NotSent.default_code
    return Unavailable(code=code) if effect is Effect.NONE else NotSent(code=code)


def _unclear(effect: Effect, code: str) -> ApimartError:
    return Unavailable(code=code) if effect is Effect.NONE else OutcomeUnknown(code=code)


def _checked_base_url(base_url: str) -> str:
    """Reduce to origin and path prefix, without `/v1`, which every path brings along.

    Raises:
        ValueError: the text never holds the URL, which might hold a password.
    """
    refusal = "base_url must look like https://host, or http://127.0.0.1:port for this machine"
    try:
        parts = urlsplit(base_url.strip())
        port_is_fine = parts.port is None or parts.port > 0
        host = parts.hostname or ""
    except ValueError:
        port_is_fine, host = False, ""
    if not host or not port_is_fine:
        raise ValueError(refusal)
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))
    if not secure or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(refusal)
    path = parts.path.rstrip("/").removesuffix("/v1")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
