"""The stack against the user's own Temporal and upstream: only where UP_REAL=1 asks for it."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from devstack.stack import WORKER_GRACE_S, WORKER_READY, our_process
from devstack.supervisor import ProcessSpec
from runtime.addresses import is_local, is_private
from runtime.settings import WorkerSettings, load
from runtime.temporal import configuration

VARIABLE = "UP_REAL"
HTTPS_PORT = 443
NEEDS = (
    "The real provider sends the person's own browser back to PUBLIC_BASE_URL, so with UP_REAL=1 "
    "that must be a public https address on port 443, which a tunnel or proxy of yours leads to "
    "WEB_HOST and WEB_PORT of this machine."
)
"""What else than a key the real upstream needs."""


def is_asked_for(environ: Mapping[str, str]) -> bool:
    """Say whether the user wants her own servers: nothing but ``1`` does."""
    return environ.get(VARIABLE) == "1"


def environment(environ: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Return the user's environment, with places in ``directory`` for what she left open.

    The keys are others than those of the simulated stack: what they seal is worth keeping.
    """
    real = directory / "real"
    defaults = {
        "PAYLOAD_KEYS_FILE": str(real / "keys" / "payload.keys"),
        "LINK_KEYS_FILE": str(real / "keys" / "link.keys"),
        "WEBHOOK_KEYS_FILE": str(real / "keys" / "webhook.keys"),
        "API_KEYS_FILE": str(real / "keys" / "api.keys"),
        "ARCHIVE_URL": (real / "archive").as_uri(),
    }
    return {**defaults, **{name: value for name, value in environ.items() if value}}


def is_reachable(public_base_url: str) -> bool:
    """Say whether a phone anywhere could be sent there, as far as the address tells."""
    parts = urlsplit(public_base_url)
    host = parts.hostname or ""
    return (
        parts.scheme == "https"
        and parts.port in (None, HTTPS_PORT)
        and not is_local(host)
        and not is_private(host)
    )


def targets() -> dict[str, str]:
    """Say which Temporal and which upstream our own environment names.

    Raises:
        ConnectError, SettingsError: It names none, or wrongly; one sentence.

    """
    temporal = configuration()
    return {
        "temporal": f"{temporal['target_host']}, namespace {temporal['namespace']} (yours)",
        "upstream": f"{load(WorkerSettings).apimart_base_url} (yours)",
    }


def processes(environ: Mapping[str, str], directory: Path) -> tuple[ProcessSpec, ...]:
    """Describe web and worker on the user's own servers."""
    given = environment(environ, directory)
    return (
        our_process(
            "web",
            "-m",
            "web",
            environment=given,
            directory=directory,
            ready_line='"listening"',
        ),
        our_process(
            "worker",
            "worker.py",
            environment=given,
            directory=directory,
            ready_line=WORKER_READY,
            stop_grace_s=WORKER_GRACE_S,
        ),
    )
