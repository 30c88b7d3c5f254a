"""Dialling: a name is resolved, every address is judged, and a judged one is connected to.

Judging the name beforehand would not do: it may resolve to another address a moment later.
"""

import asyncio
import functools
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpcore

from outbound.public_addresses import is_public

HTTPS_PORT = 443
_LOOKUPS = ThreadPoolExecutor(32, thread_name_prefix="strangers-names")
"""Their own threads: a name whose servers keep silent must not keep our own calls waiting."""

MOST_ADDRESSES = 4
"""A name with more of them is tried at these only, each with its share of the time."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class AddressForbiddenError(Exception):
    """The address must not be asked; the text never holds it."""


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to public addresses on port 443, and to ``exempt`` hosts and ports as they are.

    Args:
        exempt: ``(host, port)`` that the operator vouches for.
        resolve: gives the addresses of a name, or raises ``OSError``.
        connections: what really connects.
        port: the port that is allowed; tests have no right to listen on 443.

    """

    def __init__(
        self,
        *,
        exempt: frozenset[tuple[str, int]] = frozenset(),
        resolve: Resolve | None = None,
        connections: httpcore.AsyncNetworkBackend | None = None,
        port: int = HTTPS_PORT,
    ) -> None:
        self._exempt = exempt
        self._resolve = resolve or addresses_of
        self._connections = connections or httpcore.AnyIOBackend()
        self._port = port

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect, to a judged address where ``host`` is not exempt.

        Raises:
            AddressForbiddenError: another port, or one of its addresses is not public.
            httpcore.ConnectError: it has no address, or none that answers.
            httpcore.ConnectTimeout: not within ``timeout`` seconds.

        """
        if (host.lower(), port) in self._exempt:
            addresses: Sequence[str] = (host,)
        else:
            addresses = await self._judged(host, port, timeout)
        share_s = None if timeout is None else timeout / len(addresses)
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                return await self._connections.connect_tcp(
                    address, port, share_s, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait, as the pool asks for between tries."""
        await self._connections.sleep(seconds)

    async def _judged(self, host: str, port: int, timeout_s: float | None) -> Sequence[str]:
        if port != self._port:
            raise AddressForbiddenError("only the port of https may be asked")
        try:
            async with asyncio.timeout(timeout_s):
                addresses = await self._resolve(host, port)
        except TimeoutError:
            raise httpcore.ConnectTimeout("the name was not resolved in time") from None
        except (OSError, UnicodeError):
            # UnicodeError: a label that no name server could be asked for.
            raise httpcore.ConnectError("the name has no address") from None
        if not addresses:
            raise httpcore.ConnectError("the name has no address")
        if not all(is_public(address) for address in addresses):
            raise AddressForbiddenError("the address leads into a network that must not be asked")
        return addresses[:MOST_ADDRESSES]


async def addresses_of(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver, which also reads every old spelling of an IPv4 address."""
    loop = asyncio.get_running_loop()
    ask = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await loop.run_in_executor(_LOOKUPS, ask)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
