"""Lays out one stack on this machine: its folder, ports, settings, and how each process is run."""

import asyncio
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from devstack.commands import ROOT, Starter
from devstack.isolation import child_environment
from devstack.ports import LOOPBACK, PortTakenError, free_port, is_free
from devstack.supervisor import ProcessSpec
from devstack.temporal_server import DevServer
from likeness.search import SEARCH_ATTRIBUTES

TASK_QUEUE = "likeness"
SIMULATOR_KEY = "sk-simulator-only"
"""The simulator takes any key; this one says what it is good for."""

RECEIVER_ORIGIN = "http://127.0.0.1:9100"
"""Where the receivers of docs/webhooks.md listen: told, although it is no public address."""

WORKER_READY = "worker_ready"
"""The worker logs this event when it polls."""

WORKER_GRACE_S = 150.0
"""Above the worker's own drain, which lets a POST under way end."""

OTHER_GRACE_S = 15.0

FREE_WITHIN_S = 5.0
"""The processes of a stack that was just killed need a moment to let go of their ports."""

LOOK_AGAIN_S = 0.1


class Ports(BaseModel):
    """The ports of one stack, all on loopback."""

    model_config = ConfigDict(frozen=True)

    temporal: int
    ui: int
    web: int
    admin: int
    simulator: int

    @classmethod
    def free(cls, wanted: Mapping[str, int]) -> "Ports":
        """Take each wanted port that is free, and some other where it is not."""
        taken: dict[str, int] = {}
        for name in cls.model_fields:
            port = free_port(wanted.get(name))
            while port in taken.values():
                port = free_port()
            taken[name] = port
        return cls(**taken)


FAMILIAR_PORTS = {"temporal": 7233, "ui": 8233, "web": 8000, "admin": 8001, "simulator": 9000}


def remembered_ports(path: Path, *, within_s: float = FREE_WITHIN_S) -> Ports:
    """Return the ports of last time, so that invite links already sent still lead here.

    The first time they are the familiar ones, and others for those that are taken.

    Args:
        path: The file that remembers them; made where it is missing or damaged.
        within_s: How many seconds to wait until they are free.

    Raises:
        PortTakenError: Another program has one of last time's; the file stays as it is.

    """
    if path.exists():
        try:
            known = Ports.model_validate_json(path.read_bytes())
        except ValidationError:
            path.unlink()
        else:
            _wait_until_free(known, path, within_s=within_s)
            return known
    ports = Ports.free(FAMILIAR_PORTS)
    path.write_text(ports.model_dump_json(indent=2))
    return ports


def moved_ports(ports: Ports) -> list[str]:
    """Say of each part that is not at its familiar port where it is instead."""
    return [
        f"port {FAMILIAR_PORTS[name]} is taken by another program: {name} is at {port} instead"
        for name, port in ports.model_dump().items()
        if port != FAMILIAR_PORTS[name]
    ]


def _wait_until_free(ports: Ports, path: Path, *, within_s: float) -> None:
    give_up_at = time.monotonic() + within_s
    for name, port in ports.model_dump().items():
        while not is_free(port):
            if time.monotonic() >= give_up_at:
                raise PortTakenError(
                    f"Port {port} ({name}), which this stack had last time, is taken by another "
                    f"program; end that one, or delete {path} to move to other ports, after which "
                    "invite links already sent lead nowhere."
                )
            time.sleep(LOOK_AGAIN_S)


class Stack(BaseModel):
    """One stack: where it keeps its things and what its processes are told."""

    model_config = ConfigDict(frozen=True)

    directory: Path
    ports: Ports
    namespace: str
    temporal_address: str
    ui_url: str | None = None
    host: str = LOOPBACK
    h5_port: int | None = None

    @property
    def public_url(self) -> str:
        """Where invite links lead: the pages of ``host``, which alone may be off loopback."""
        return f"http://{self.host}:{self.ports.web}"

    @property
    def h5_url(self) -> str:
        """Where a phone goes for the pretended camera check."""
        return self.simulator_url if self.h5_port is None else f"http://{self.host}:{self.h5_port}"

    @property
    def api_url(self) -> str:
        """Where other services start onboardings and follow them."""
        return f"{self.admin_url}/v1"

    @property
    def admin_url(self) -> str:
        """Where operators and the Temporal UI's codec endpoint are served."""
        return f"http://{LOOPBACK}:{self.ports.admin}"

    def ui_url_of(self, workflow_id: str) -> str | None:
        """Where the Temporal UI shows one workflow; None where the server is not ours."""
        if self.ui_url is None:
            return None
        return f"{self.ui_url}/namespaces/{self.namespace}/workflows/{quote(workflow_id, safe='')}"

    @property
    def simulator_url(self) -> str:
        """The pretended upstream."""
        return f"http://{LOOPBACK}:{self.ports.simulator}"

    @property
    def archive(self) -> Path:
        """Folder of finished videos."""
        return self.directory / "archive"

    def settings(self) -> dict[str, str]:
        """Return the variables every process of the stack shares; none is a secret."""
        plain_http = {} if self.host == LOOPBACK else {"ALLOW_PLAIN_HTTP": "1"}
        return {
            **plain_http,
            "TEMPORAL_ADDRESS": self.temporal_address,
            "TEMPORAL_NAMESPACE": self.namespace,
            "TASK_QUEUE": TASK_QUEUE,
            "PUBLIC_BASE_URL": self.public_url,
            "PAYLOAD_KEYS_FILE": str(self.directory / "keys" / "payload.keys"),
            "LINK_KEYS_FILE": str(self.directory / "keys" / "link.keys"),
            "WEBHOOK_KEYS_FILE": str(self.directory / "keys" / "webhook.keys"),
            "API_KEYS_FILE": str(self.directory / "keys" / "api.keys"),
            "FETCH_ALLOW": self.simulator_url,
        }

    def environment(self, **settings: str) -> dict[str, str]:
        """Build one process's environment from nothing but the stack's settings and these."""
        return child_environment(self.directory / "home", {**self.settings(), **settings})

    def starter(self) -> Starter:
        """Return the command line of this stack, hasty enough for a simulator's short times."""
        return Starter(self.environment(POLL_INTERVAL_S="1"))

    def simulator(self) -> ProcessSpec:
        """Describe the pretended upstream, which remembers its tasks as Temporal remembers ours."""
        return our_process(
            "simulator",
            "-m",
            "simulator",
            "--port",
            str(self.ports.simulator),
            *self._h5_options(),
            "--state",
            str(self.directory / "simulator.json"),
            environment=child_environment(self.directory / "home", {}),
            directory=self.directory,
            ready_url=f"{self.simulator_url}/_sim/health",
        )

    def _h5_options(self) -> tuple[str, ...]:
        if self.h5_port is None:
            return ()
        return ("--h5-host", self.host, "--h5-port", str(self.h5_port))

    def web(self) -> ProcessSpec:
        """Describe the web process, which serves before Temporal is reached."""
        environment = self.environment(
            WEB_HOST=self.host,
            WEB_PORT=str(self.ports.web),
            ADMIN_HOST=LOOPBACK,
            ADMIN_PORT=str(self.ports.admin),
            UI_ORIGINS=f"http://{LOOPBACK}:{self.ports.ui},http://localhost:{self.ports.ui}",
            H5_HOSTS=self.h5_url,
            WEBHOOK_ALLOW=RECEIVER_ORIGIN,
        )
        return our_process(
            "web",
            "-m",
            "web",
            environment=environment,
            directory=self.directory,
            ready_url=f"{self.public_url}/healthz",
        )

    def worker(self) -> ProcessSpec:
        """Describe the worker, the only one that knows the upstream."""
        environment = self.environment(
            APIMART_API_KEY=SIMULATOR_KEY,
            APIMART_BASE_URL=self.simulator_url,
            ARCHIVE_URL=self.archive.as_uri(),
            UPSTREAM_RPS="20",
            WEBHOOK_ALLOW=RECEIVER_ORIGIN,
            H5_HOSTS=self.h5_url,
        )
        return our_process(
            "worker",
            "worker.py",
            environment=environment,
            directory=self.directory,
            ready_line=WORKER_READY,
            stop_grace_s=WORKER_GRACE_S,
        )


def our_process(
    name: str,
    *arguments: str,
    environment: Mapping[str, str],
    directory: Path,
    ready_url: str | None = None,
    ready_line: str | None = None,
    stop_grace_s: float = OTHER_GRACE_S,
) -> ProcessSpec:
    """Describe a Python process of this checkout whose log goes to ``directory``."""
    return ProcessSpec(
        name=name,
        argv=(sys.executable, *arguments),
        environment=environment,
        log_path=directory / "logs" / f"{name}.log",
        directory=ROOT,
        ready_url=ready_url,
        ready_line=ready_line,
        stop_grace_s=stop_grace_s,
    )


@contextmanager
def temporal_running(
    cli: Path, directory: Path, *, ports: Ports, namespace: str
) -> Iterator[tuple[Stack, DevServer]]:
    """Run our own Temporal server for the length of the block; yields the stack that uses it too.

    Raises:
        TemporalServerError: It did not come up.
        SearchAttributeTypeError: The SQLite file has a search attribute of another type.

    """
    server = DevServer(
        cli,
        directory,
        namespace=namespace,
        search_attributes=SEARCH_ATTRIBUTES,
        ui=True,
        ui_codec_endpoint=f"http://{LOOPBACK}:{ports.admin}/codec",
        port=ports.temporal,
        ui_port=ports.ui,
    )
    try:
        asyncio.run(server.start())
        stack = Stack(
            directory=directory,
            ports=ports,
            namespace=namespace,
            temporal_address=server.address,
            ui_url=server.ui_url,
        )
        yield stack, server
    finally:
        server.stop()
