"""The wire of our own: aiohttp, whose native parser makes a call far cheaper than httpx's."""

import time
from collections.abc import Mapping

import aiohttp
import httpx
from yarl import URL

from apimart.protocol import MAX_BODY_BYTES, Answer, Outgoing
from apimart.wires import (
    CONNECT_TIMEOUT_S,
    FIRST_ERROR,
    KEEPALIVE_S,
    MAX_CONNECTIONS,
    BrokenOffError,
    NeverLeftError,
)

_NEVER_LEFT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)
# aiohttp rounds longer timeouts up to whole seconds, which would outlast the time of the call.
_EXACT_UP_TO_S = 24 * 3600
# Of a request that was taken no answer may be lost to limits that a gateway on the way outgrows.
_LONGEST_HEADER = 64 * 1024
_MOST_HEADERS = 1000


class AiohttpWire:
    """Connections of its own to one origin; no proxy, no redirect, no cookie, no second try.

    `secure` tells that the origin is https.
    """

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def exchange(
        self, outgoing: Outgoing, url: str, headers: Mapping[str, str], *, timeout_s: float
    ) -> Answer:
        """Send one request once.

        Raises:
            NeverLeftError: DNS, connection, handshake, or no free connection.
            BrokenOffError: anything else that went wrong.
        """
        try:
            async with self._opened().request(
                outgoing.method,
                # As it is: yarl would write %3A and the like in its own manner.
                URL(url, encoded=True),
                data=outgoing.body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=2 * CONNECT_TIMEOUT_S,
                    sock_connect=CONNECT_TIMEOUT_S,
                    sock_read=timeout_s,
                    ceil_threshold=_EXACT_UP_TO_S,
                ),
            ) as response:
                body = await _bounded_body(response)
                return Answer(
                    status=response.status,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=body,
                    received_at=time.time(),
                )
        except _NEVER_LEFT:
            raise NeverLeftError("not_connected") from None
        except TimeoutError:
            raise BrokenOffError("timeout") from None
        except (aiohttp.ClientError, OSError):
            raise BrokenOffError("connection_lost") from None

    def _opened(self) -> aiohttp.ClientSession:
        # Not in the constructor: a session belongs to the loop in which it was made.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=MAX_CONNECTIONS,
                    keepalive_timeout=KEEPALIVE_S,
                    # The authorities httpx brings along, whatever machine this is; reading them
                    # takes 30 ms, so not for plain http.
                    ssl=httpx.create_ssl_context(trust_env=False) if self._secure else True,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                max_line_size=_LONGEST_HEADER,
                max_field_size=_LONGEST_HEADER,
                max_headers=_MOST_HEADERS,
                trust_env=False,
            )
            # aiohttp would send a GET once more when the kept connection it left by was closed:
            # every call is counted and paced, so whoever asked decides. There is no public switch.
            self._session._retry_connection = False  # noqa: SLF001
        return self._session


async def _bounded_body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    try:
        while chunk := await response.content.readany():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                response.close()
                break
    except (aiohttp.ClientError, OSError):
        # An error status says enough even when its body breaks off.
        if response.status < FIRST_ERROR:
            raise
    return bytes(body[: MAX_BODY_BYTES + 1])
