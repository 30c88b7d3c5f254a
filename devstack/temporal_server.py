"""Runs a Temporal dev server on a SQLite file; it can be killed and revived on the spot."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from devstack.child import Child
from devstack.isolation import child_environment
from devstack.namespaces import ensure_namespace
from devstack.ports import LOOPBACK, free_port

START_TIMEOUT_S = 30.0
PORT_ATTEMPTS = 3
STOP_GRACE_S = 10.0
POLL_S = 0.05


class TemporalServerError(RuntimeError):
    """The dev server did not come up; the end of its log is in the sentence."""


@dataclass(frozen=True)
class RunningServer:
    """A Temporal server that somebody else starts and stops."""

    address: str
    """``host:port`` of its frontend."""


async def connected(address: str) -> Client:
    """Connect to a server that somebody else started.

    Raises:
        TemporalServerError: Nobody answers there.

    """
    try:
        return await Client.connect(address)
    except (RPCError, RuntimeError) as error:
        raise TemporalServerError(
            f"No Temporal server answers at {address}; start one there, or unset "
            "TEST_TEMPORAL_ADDRESS to have one started."
        ) from error


class DevServer:
    """``temporal server start-dev`` on loopback, with one namespace of ours beside ``default``.

    Dynamic configuration and the codec endpoint are not kept in the SQLite file, so every start
    passes them again; search attributes are kept, and their types are checked at every start.
    """

    def __init__(
        self,
        cli: Path,
        directory: Path,
        *,
        namespace: str = "default",
        search_attributes: Mapping[str, str] | None = None,
        ui: bool = False,
        ui_codec_endpoint: str | None = None,
        port: int | None = None,
        ui_port: int | None = None,
        dynamic_config: Mapping[str, object] | None = None,
    ) -> None:
        """Prepare a server; nothing runs before ``start``.

        Args:
            cli: The Temporal CLI.
            directory: Keeps ``temporal.sqlite`` and ``temporal.log``.
            namespace: Made at start, with a retention of thirty days.
            search_attributes: Name to type, as the CLI spells types.
            ui: Whether to serve the web UI.
            ui_codec_endpoint: Base URL of our codec endpoint, without ``/decode``.
            port: Wanted port; a free one is taken when it is None or not free.
            ui_port: The same for the UI.
            dynamic_config: Server settings by key, values as JSON.

        """
        self.namespace = namespace
        self._cli = cli
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._search_attributes = dict(search_attributes or {})
        self._ui = ui
        self._ui_codec_endpoint = ui_codec_endpoint
        self._wanted_ports = (port, ui_port)
        self._dynamic_config = dict(dynamic_config or {})
        self._port: int | None = None
        self._ui_port: int | None = None
        self._child: Child | None = None

    @property
    def address(self) -> str:
        """``host:port`` of the frontend; stays the same over restarts."""
        if self._port is None:
            raise TemporalServerError("The Temporal server was never started.")
        return f"{LOOPBACK}:{self._port}"

    @property
    def ui_url(self) -> str | None:
        """Address of the web UI, or None without one."""
        return f"http://{LOOPBACK}:{self._ui_port}" if self._ui_port is not None else None

    @property
    def log_path(self) -> Path:
        """Where the server's output goes."""
        return self._directory / "temporal.log"

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self._child is not None and self._child.alive

    @property
    def pid(self) -> int | None:
        """Process id of the server."""
        return None if self._child is None else self._child.pid

    async def start(self) -> None:
        """Start and wait until the namespace can be used; later starts take the same ports.

        Raises:
            TemporalServerError: It ended or kept silent for thirty seconds.
            SearchAttributeTypeError: The file holds a search attribute of another type.

        """
        first = self._port is None
        for attempt in range(1, PORT_ATTEMPTS + 1):
            if first:
                self._choose_ports()
            self._child = self._spawn()
            ready = False
            try:
                await self._wait_until_ready(self._child)
                ready = True
            except TemporalServerError:
                # Another process may have taken a port between our probe and the server's bind.
                taken = "address already in use" in self._child.log_since_start()
                if not taken or attempt == PORT_ATTEMPTS:
                    raise
            finally:
                if not ready:
                    self.kill()
            if ready:
                return

    async def restart(self) -> None:
        """Start again on the same file and the same ports; stops it first where it runs."""
        self.stop()
        await self.start()

    def kill(self) -> None:
        """SIGKILL, as a machine dies."""
        if self._child is not None:
            self._child.kill()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL after ten seconds."""
        if self._child is not None:
            self._child.stop(grace_s=STOP_GRACE_S)

    def _choose_ports(self) -> None:
        port, ui_port = self._wanted_ports
        self._port = free_port(port)
        self._ui_port = free_port(ui_port) if self._ui else None

    def _spawn(self) -> Child:
        child = Child(
            "temporal",
            self.arguments(),
            environment=child_environment(self._directory / "home", {}),
            log_path=self.log_path,
            directory=self._directory,
        )
        child.start()
        return child

    def arguments(self) -> list[str]:
        """Return the command line of the server."""
        argv = [str(self._cli), "server", "start-dev", "--ip", LOOPBACK, "--log-level", "warn"]
        argv += ["--port", str(self._port), "--namespace", self.namespace]
        argv += ["--db-filename", str(self._directory / "temporal.sqlite")]
        if self._ui_port is None:
            argv.append("--headless")
        else:
            argv += ["--ui-ip", LOOPBACK, "--ui-port", str(self._ui_port)]
            if self._ui_codec_endpoint is not None:
                argv += ["--ui-codec-endpoint", self._ui_codec_endpoint]
        for key, value in self._dynamic_config.items():
            argv += ["--dynamic-config-value", f"{key}={json.dumps(value)}"]
        return argv

    async def _wait_until_ready(self, child: Child) -> None:
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                client = await self._connected(child)
        except TimeoutError as error:
            raise TemporalServerError(
                f"The Temporal server did not answer within {START_TIMEOUT_S:.0f} s; the end of "
                f"{self.log_path}: {child.log_tail()}"
            ) from error
        await ensure_namespace(client, self.namespace, search_attributes=self._search_attributes)

    async def _connected(self, child: Child) -> Client:
        while True:
            if not child.alive:
                raise TemporalServerError(
                    f"The Temporal server ended with exit code {child.exit_code}; the end of "
                    f"{self.log_path}: {child.log_tail()}"
                )
            try:
                client = await Client.connect(self.address, namespace=self.namespace)
                if await client.service_client.check_health():
                    return client
            except (RPCError, RuntimeError):
                await asyncio.sleep(POLL_S)


@asynccontextmanager
async def start_dev_server(
    cli: Path,
    directory: Path,
    *,
    namespace: str = "default",
    search_attributes: Mapping[str, str] | None = None,
    ui: bool = False,
    ui_codec_endpoint: str | None = None,
) -> AsyncIterator[DevServer]:
    """Run a dev server for the length of the block; see ``DevServer`` for the arguments."""
    server = DevServer(
        cli,
        directory,
        namespace=namespace,
        search_attributes=search_attributes,
        ui=ui,
        ui_codec_endpoint=ui_codec_endpoint,
    )
    try:
        await server.start()
        yield server
    finally:
        server.stop()
