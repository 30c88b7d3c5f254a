"""Which addresses a setting may hold: https, and plain http only where it cannot leave."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
        "fc00::/7",  # RFC 4193
        *("169.254.0.0/16", "fe80::/10"),  # link-local: RFC 3927, RFC 4291
    )
)
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")


class AddressError(ValueError):
    """The text is not an address of the wanted form; the value is never in the sentence."""


def is_local(host: str) -> bool:
    """Tell whether a request to ``host`` stays on this machine or a private container network.

    A name without a dot, such as a compose service's, never resolves on the public network.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return "." not in host


def is_private(host: str) -> bool:
    """Tell whether ``host`` is an address that is never routed beyond somebody's own network.

    A name is none: it may lead anywhere.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _PRIVATE_NETWORKS)


def base_url(text: str, *, private_http: bool = False) -> str:
    """Give an address to which paths are appended, without a slash at its end.

    ``private_http`` allows plain http to a private address, too.

    Raises:
        AddressError: Not http or https, plain http to a host that is not local, with user name,
            query or fragment, or with a path that would need quoting.

    """
    parts = _checked(text, private_http=private_http)
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise AddressError("a path is letters, digits, '-', '_', '.' and '~' between slashes")
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"


def origin(text: str, *, private_http: bool = False) -> str:
    """Give ``scheme://host[:port]`` of a bare host (https is meant) or of a whole origin.

    ``private_http`` as in ``base_url``.

    Raises:
        AddressError: As ``base_url``; or there is a path.

    """
    parts = _checked(text if "://" in text else f"https://{text}", private_http=private_http)
    if parts.path.strip("/"):
        raise AddressError("an origin has no path")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _checked(text: str, *, private_http: bool) -> SplitResult:
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise AddressError("this is no address") from None
    if parts.scheme not in ("http", "https") or port == 0 or not _is_host(host):
        raise AddressError("an http or https address with a host is wanted")
    if parts.scheme == "http" and not is_local(host) and not (private_http and is_private(host)):
        raise AddressError("plain http is only for this machine")
    if parts.username is not None or parts.query or parts.fragment:
        raise AddressError("user name, query and fragment have no place here")
    return parts


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _HOST.fullmatch(host) is not None
    return True
