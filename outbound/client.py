"""The HTTP client for strangers' addresses: https, port 443, no redirect, cookie or proxy."""

import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpcore
import httpx

from outbound.address_rule import AddressRule
from outbound.dialling import HTTPS_PORT, CheckedBackend, Resolve

_FAILURES: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.ReadTimeout, httpx.ReadTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ReadError, httpx.ReadError),
    (httpcore.WriteError, httpx.WriteError),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.RemoteProtocolError, httpx.RemoteProtocolError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
)
"""Which failure of httpcore is which of httpx; the texts stay behind, they may hold the name."""


def checked_client(
    allow: Iterable[str] = (),
    *,
    timeout: httpx.Timeout,
    accept: str = "*/*",
    resolve: Resolve | None = None,
    connections: httpcore.AsyncNetworkBackend | None = None,
    port: int = HTTPS_PORT,
) -> httpx.AsyncClient:
    """Give a client for addresses that strangers chose; whoever opens it closes it.

    It raises ``AddressForbiddenError`` beside what httpx raises. Bodies come as they are on the
    wire, so that a limit on bytes is one.

    Args:
        allow: origins (``scheme://host[:port]``) that are asked whatever they resolve to.
        timeout: of each operation, in seconds; the whole is the caller's to limit.
        accept: what kinds of content are wanted.
        resolve: as in ``CheckedBackend``.
        connections: as in ``CheckedBackend``.
        port: as in ``CheckedBackend``.

    """
    rule = AddressRule(allow, port=port)
    backend = CheckedBackend(
        exempt=rule.exempt,
        resolve=resolve,
        connections=connections,
        port=port,
    )
    return httpx.AsyncClient(
        transport=_CheckedTransport(rule, backend),
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        headers={"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "likeness/1"},
    )


class _CheckedTransport(httpx.AsyncBaseTransport):
    """Judges the address of each request, then hands it to connections that judge the dialling."""

    def __init__(self, rule: AddressRule, backend: CheckedBackend) -> None:
        self._rule = rule
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=100,
            keepalive_expiry=5,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request.

        Raises:
            AddressForbiddenError: it may not go there.
            httpx.TransportError: it did not come through.

        """
        self._rule.judge(request.url)
        stream = request.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError("a request of an asynchronous client is wanted")
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            answer = await self._pool.handle_async_request(asked)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    """The bytes of an answer, as they come."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        """Let go of the connection."""
        with _as_httpx():
            await self._answer.aclose()


@contextlib.contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        for theirs, ours in _FAILURES:
            if isinstance(error, theirs):
                raise ours(theirs.__name__) from None
        raise
