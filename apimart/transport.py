"""One HTTP exchange: a request goes to one origin; a bounded answer or a typed error returns."""

import asyncio
import re
from importlib import import_module
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from apimart.errors import ApimartError, NotSent, OutcomeUnknown, Unavailable
from apimart.protocol import Answer, Effect, Outgoing
from apimart.wires import CONNECT_TIMEOUT_S, BrokenOffError, NeverLeftError, Wire

if TYPE_CHECKING:
    import httpx

_VISIBLE_ASCII = re.compile(r"[!-~]{1,1024}")
# https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4; with the underscore of container networks.
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")


class Transport:
    """The API key, the one origin it may be sent to, and the wire there."""

    def __init__(
        self, *, api_key: SecretStr, base_url: str, http: "httpx.AsyncClient | None"
    ) -> None:
        if not _VISIBLE_ASCII.fullmatch(api_key.get_secret_value()):
            raise ValueError("the API key must be 1 to 1024 visible ASCII characters, no spaces")
        self._api_key = api_key
        self._base_url = _checked_base_url(base_url)
        self._wire = _wire(http, secure=self._base_url.startswith("https:"))

    async def aclose(self) -> None:
        """Close the connections, unless they belong to the caller's own client."""
        await self._wire.aclose()

    async def exchange(self, outgoing: Outgoing, timeout_s: float) -> Answer:
        """Send one request once; up to 10 s to connect, `timeout_s` for the whole answer.

        Raises:
            ApimartError: no complete answer came back; an answer of any status is none.
        """
        failure: ApimartError
        try:
            async with asyncio.timeout(2 * CONNECT_TIMEOUT_S + timeout_s):
                return await self._wire.exchange(
                    outgoing,
                    self._base_url + outgoing.path,
                    self._headers(outgoing),
                    timeout_s=timeout_s,
                )
        except NeverLeftError as error:
            failure = _not_sent(outgoing.effect, error.code)
        except BrokenOffError as error:
            failure = _unclear(outgoing.effect, error.code)
        except TimeoutError:
            failure = _unclear(outgoing.effect, "timeout")
        # Out here on purpose: the exceptions above carry the request, the API key and the link.
        raise failure

    def _headers(self, outgoing: Outgoing) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._api_key.get_secret_value()}",
            "Accept": "application/json",
            # Uncompressed, so that the size limit is one on the wire too.
            "Accept-Encoding": "identity",
            "User-Agent": "likeness-apimart/1",
            **outgoing.headers,
        }


def _wire(http: "httpx.AsyncClient | None", *, secure: bool) -> Wire:
    """Take the wire that is wanted; who only reads callbacks loads no HTTP library at all."""
    if http is None:
        own: Wire = import_module("apimart.aiohttp_wire").AiohttpWire(secure=secure)
        return own
    theirs: Wire = import_module("apimart.httpx_wire").HttpxWire(http)
    return theirs


def _not_sent(effect: Effect, code: str) -> ApimartError:
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
    # A wire would meet a name that cannot be written only when a request is to leave.
    if not _is_host(host) or not port_is_fine or not _VISIBLE_ASCII.fullmatch(base_url.strip()):
        raise ValueError(refusal)
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))
    if not secure or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(refusal)
    path = parts.path.rstrip("/").removesuffix("/v1")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return _NAME.fullmatch(host) is not None
    return True


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
