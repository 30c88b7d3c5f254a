"""Which addresses a setting may hold: https, and plain http only where it cannot leave."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


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


def base_url(text: str) -> str:
    """Give an address to which paths are appended, without a slash at its end.

    Raises:
        AddressError: Not http or https, plain http to a host that is not local, or with user
            name, query or fragment.

    """
    parts = _checked(text)
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def origin(text: str) -> str:
    """Give ``scheme://host[:port]`` of a bare host (https is meant) or of a whole origin.

    Raises:
        AddressError: As ``base_url``; or there is a path.

    """
    parts = _checked(text if "://" in text else f"https://{text}")
    if parts.path.strip("/"):
        raise AddressError("an origin has no path")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _checked(text: str) -> SplitResult:
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise AddressError("this is no address") from None
    if parts.scheme not in ("http", "https") or port == 0 or not _is_host(host):
        raise AddressError("an http or https address with a host is wanted")
    if parts.scheme == "http" and not is_local(host):
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
