"""The wire over a caller's own httpx client, which stays the caller's to close."""

import time
from collections.abc import Mapping

import httpx

from apimart.protocol import MAX_BODY_BYTES, Answer, Outgoing
from apimart.wires import CONNECT_TIMEOUT_S, FIRST_ERROR, BrokenOffError, NeverLeftError

_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class HttpxWire:
    """Requests through a client somebody else has made, be it a pretended one."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def aclose(self) -> None:
        """Do nothing: closing the client stays the caller's affair."""

    async def exchange(
        self, outgoing: Outgoing, url: str, headers: Mapping[str, str], *, timeout_s: float
    ) -> Answer:
        """Send one request once, whatever the client would do with redirects.

        Raises:
            NeverLeftError: DNS, connection, handshake, or no free connection.
            BrokenOffError: anything else that went wrong.
        """
        request = self._http.build_request(
            outgoing.method,
            url,
            content=outgoing.body,
            headers=dict(headers),
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S, pool=CONNECT_TIMEOUT_S),
        )
        try:
            response = await self._http.send(
                request, stream=True, auth=None, follow_redirects=False
            )
            try:
                body = await _bounded_body(response)
            finally:
                await response.aclose()
        except httpx.PoolTimeout:
            raise NeverLeftError("pool_timeout") from None
        except _NEVER_LEFT:
            raise NeverLeftError("not_connected") from None
        except httpx.TimeoutException:
            raise BrokenOffError("timeout") from None
        except httpx.DecodingError:
            raise BrokenOffError("unreadable_answer") from None
        except httpx.HTTPError:
            raise BrokenOffError("connection_lost") from None
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
        if response.status_code < FIRST_ERROR:
            raise
    return bytes(body[: MAX_BODY_BYTES + 1])
