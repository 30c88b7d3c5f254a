"""What may be asked of an address that a stranger chose, as far as the address itself tells."""

from collections.abc import Iterable
from ipaddress import ip_address

import httpx

from outbound.dialling import HTTPS_PORT, AddressForbiddenError
from outbound.public_addresses import is_public

_PORTS = {"http": 80, "https": HTTPS_PORT}


class AddressRule:
    """https on one port, and whatever the operator vouches for; where a name leads is not asked.

    Args:
        allow: origins (``scheme://host[:port]``) that are asked whatever they resolve to.
        port: as in ``CheckedBackend``.

    """

    def __init__(self, allow: Iterable[str] = (), *, port: int = HTTPS_PORT) -> None:
        origins = (_origin(httpx.URL(origin)) for origin in allow)
        self._exempt = {(host, number): scheme for scheme, host, number in origins}
        self._port = port

    @property
    def exempt(self) -> frozenset[tuple[str, int]]:
        """Host and port of each origin that the operator vouches for."""
        return frozenset(self._exempt)

    def judge(self, url: httpx.URL) -> None:
        """Raise ``AddressForbiddenError`` where no request may be sent there."""
        if url.userinfo:
            raise AddressForbiddenError("an address with a user name must not be asked")
        scheme, host, port = _origin(url)
        if not host:
            raise AddressForbiddenError("an address without a host cannot be asked")
        vouched_for = self._exempt.get((host, port))
        if scheme != (vouched_for or "https"):
            raise AddressForbiddenError("only https may be asked")
        if vouched_for is None and port != self._port:
            raise AddressForbiddenError("only the port of https may be asked")

    def forbids(self, text: str) -> bool:
        """Tell whether dialling would surely refuse the address, without resolving a name."""
        try:
            url = httpx.URL(text)
            self.judge(url)
        except (httpx.InvalidURL, AddressForbiddenError):
            return True
        _, host, port = _origin(url)
        return (host, port) not in self._exempt and _is_surely_not_public(host)


def _is_surely_not_public(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return not is_public(host)


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    host = url.raw_host.decode("ascii").lower()
    return url.scheme, host, url.port or _PORTS.get(url.scheme, 0)
