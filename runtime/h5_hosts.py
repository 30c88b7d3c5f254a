"""The hosts a person may be sent to for the camera check."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class H5Hosts:
    """Origins, in the order of the setting."""

    origins: tuple[str, ...]

    @classmethod
    def of(cls, entries: Iterable[str]) -> "H5Hosts":
        """Read ``H5_HOSTS``: a bare host means https, a whole origin is taken as it stands."""
        return cls(tuple(dict.fromkeys(_origin(entry) for entry in entries)))

    def allows(self, url: str) -> bool:
        """Tell whether ``url`` leads to a listed origin, without tricks in it.

        Backslashes, spaces, control characters and user names are read differently by different
        browsers, so an address with one leads nowhere.
        """
        if not _PRINTABLE.fullmatch(url) or "\\" in url:
            return False
        try:
            parts = urlsplit(url)
            origin = _normal(parts.scheme, parts.hostname or "", parts.port)
        except ValueError:
            return False
        return "@" not in parts.netloc and origin in self.origins

    def unlisted(self, url: str) -> str | None:
        """Name the host of a ``url`` that leads elsewhere, for an operator to list; else None."""
        if self.allows(url):
            return None
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""
        return host if _HOST.fullmatch(host) else "a host that is no name"

    def form_action(self) -> str:
        """Give the sources for the policy's ``form-action``.

        Chromium applies it to the redirect that follows a form, too.
        https://www.w3.org/TR/CSP3/#directive-form-action
        """
        return " ".join(self.origins)


def _origin(entry: str) -> str:
    url = entry if "://" in entry else f"https://{entry}"
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not (_HOST.fullmatch(host) or ":" in host):
        raise ValueError("an H5 host is a host name, or an origin with http or https")
    return _normal(parts.scheme, parts.hostname or "", parts.port)


def _normal(scheme: str, host: str, port: int | None) -> str:
    usual = {"http": 80, "https": 443}.get(scheme)
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" if port in (None, usual) else f"{scheme}://{host}:{port}"
