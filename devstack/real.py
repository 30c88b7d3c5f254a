"""The stack against the user's own Temporal and upstream: only where UP_REAL=1 asks for it."""

from collections.abc import Mapping
from pathlib import Path

from devstack.stack import WORKER_GRACE_S, WORKER_READY, our_process
from devstack.supervisor import ProcessSpec
from runtime.settings import WorkerSettings, load
from runtime.temporal import configuration

VARIABLE = "UP_REAL"


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
        "ARCHIVE_URL": (real / "archive").as_uri(),
    }
    return {**defaults, **{name: value for name, value in environ.items() if value}}


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
