"""Keeps tests, the demo and the stack away from the user's own Temporal, keys and upstream."""

import ipaddress
import os
import secrets
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from runtime.loading import SECRETS_DIR_VARIABLE
from runtime.settings import StarterSettings, WebSettings, WorkerSettings

TEST_ADDRESS_VARIABLE = "TEST_TEMPORAL_ADDRESS"
NAMESPACE_PREFIX = "likeness-test-"
NO_PROFILE = "/dev/null"
"""Where TEMPORAL_CONFIG_FILE points: an empty profile, so that no ``temporal.toml`` is read."""

FOREIGN_PREFIXES = ("TEMPORAL_", "APIMART_", "AWS_")
OWN_SETTINGS = frozenset(
    {
        field.upper()
        for settings in (WorkerSettings, WebSettings, StarterSettings)
        for field in settings.model_fields
    }
    | {SECRETS_DIR_VARIABLE}
)
PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy"})


class NotLoopbackError(ValueError):
    """The address given for tests is not on this machine."""


def is_loopback(address: str) -> bool:
    """Say whether ``host:port`` names this machine, without asking a resolver."""
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def given_test_address(environ: Mapping[str, str]) -> str | None:
    """Read the one variable that may name a running Temporal server for tests.

    Raises:
        NotLoopbackError: It names another machine, which might be somebody's production.

    """
    address = environ.get(TEST_ADDRESS_VARIABLE, "").strip()
    if not address:
        return None
    if not is_loopback(address):
        raise NotLoopbackError(
            f"{TEST_ADDRESS_VARIABLE} must be a loopback address such as 127.0.0.1:7233, because "
            "tests never talk to another machine; unset it to let the tests start their own server."
        )
    return address


def new_test_namespace() -> str:
    """Make up a namespace that nobody else has: ``likeness-test-`` and twelve hex digits."""
    return NAMESPACE_PREFIX + secrets.token_hex(6)


def is_foreign(variable: str) -> bool:
    """Say whether a variable could lead one of our processes to the user's own accounts."""
    return (
        variable.startswith(FOREIGN_PREFIXES)
        or variable in OWN_SETTINGS
        or variable.lower() in PROXIES
    )


def scrub(environ: MutableMapping[str, str]) -> None:
    """Remove every foreign variable, in place, and bar the way to the user's Temporal profile."""
    for variable in [name for name in environ if is_foreign(name)]:
        del environ[variable]
    environ["TEMPORAL_CONFIG_FILE"] = NO_PROFILE


def child_environment(home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Build a process environment from nothing: search path, language, a home of its own, settings.

    Args:
        home: Directory that stands for the user's home; made here, so no profile is found in it.
        settings: The variables this process shall see; they decide where they name one of ours.

    """
    no_secrets = home / "no-secrets"
    no_secrets.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),  # noqa: S108 - the system's own default
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "TEMPORAL_CONFIG_FILE": NO_PROFILE,
        # Named, or the files of /run/secrets would be read.
        SECRETS_DIR_VARIABLE: str(no_secrets),
        **settings,
    }
