"""Keeps the stack running for a person to play with, until Ctrl-C or ``make down``."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from devstack import real
from devstack.commands import ROOT, CommandFailedError, Starter
from devstack.interrupts import InterruptedBySignalError, Interrupts, interrupts
from devstack.lan import HostError, lan_address
from devstack.namespaces import SearchAttributeTypeError
from devstack.narrator import Narrator
from devstack.ports import PortTakenError, free_port
from devstack.running import AlreadyRunningError, end_running, only_one
from devstack.stack import Stack, moved_ports, remembered_ports, temporal_running
from devstack.supervisor import ProcessFailedError, ProcessSpec, ProcessState, Supervisor
from devstack.temporal_cli import TemporalCliError, find
from devstack.temporal_server import DevServer, TemporalServerError
from devstack.what_is_where import (
    print_real,
    print_targets,
    print_what_is_where,
    write_environment,
)
from runtime.settings import SettingsError, WorkerSettings, load
from runtime.temporal import ConnectError

STATE = ROOT / ".likeness"
NAMESPACE = "likeness"
WATCH_EVERY_S = 0.5
DOWN_WITHIN_S = 150.0
H5_PORT = 9001

EXPECTED_ERRORS = (
    AlreadyRunningError,
    CommandFailedError,
    ConnectError,
    HostError,
    PortTakenError,
    ProcessFailedError,
    SearchAttributeTypeError,
    SettingsError,
    TemporalCliError,
    TemporalServerError,
)


def run_up(
    environ: Mapping[str, str],
    console: Console,
    *,
    directory: Path = STATE,
    host: str | None = None,
) -> int:
    """Run until told to end; returns the exit code, 0 for Ctrl-C and ``make down``.

    Args:
        environ: The user's; UP_REAL=1 in it takes her own Temporal and upstream.
        console: Where it says what is where.
        directory: Keeps everything over restarts.
        host: This machine's address in a private network, or ``auto``: a phone there reaches the
            pages. Without it nothing leaves loopback.

    """
    narrator = Narrator(console)
    with interrupts() as state:
        try:
            with only_one(directory):
                up = _Up(environ, directory, narrator=narrator, state=state)
                up.on_real(host) if real.is_asked_for(environ) else up.on_own(host)
        except InterruptedBySignalError:
            narrator.tell("every process is ended; everything is kept")
            return 0
        except EXPECTED_ERRORS as error:
            narrator.failure(error, logs=directory / "logs")
    return 1


def run_down(console: Console, *, directory: Path = STATE) -> int:
    """End a running ``make up``; returns the exit code."""
    try:
        ended = end_running(directory, within_s=DOWN_WITHIN_S)
    except TimeoutError as error:
        console.print(str(error))
        return 1
    console.print("Ended; everything is kept." if ended else "Nothing was running.")
    return 0


class _Up:
    """One run of ``make up``."""

    def __init__(
        self,
        environ: Mapping[str, str],
        directory: Path,
        *,
        narrator: Narrator,
        state: Interrupts,
    ) -> None:
        self._environ = environ
        self._directory = directory
        self._narrator = narrator
        self._state = state

    def on_own(self, host: str | None) -> None:
        """Run on a Temporal server of our own and the simulator."""
        address = None if host is None else lan_address(host)
        memory = self._directory / "ports.json"
        is_first = not memory.exists()
        ports = remembered_ports(memory)
        print_targets(
            self._narrator.console,
            temporal=f"127.0.0.1:{ports.temporal}, namespace {NAMESPACE} (our own dev server)",
            upstream=f"http://127.0.0.1:{ports.simulator} (our own simulator)",
        )
        for sentence in moved_ports(ports) if is_first else ():
            self._narrator.tell(sentence)
        cli = find(self._environ, say=self._narrator.tell)
        with temporal_running(cli, self._directory, ports=ports, namespace=NAMESPACE) as (
            local,
            server,
        ):
            stack = local if address is None else _on_lan(local, address)
            self._make_keys(stack.environment())
            write_environment(self._directory, stack.settings())
            specs = (stack.simulator(), stack.web(), stack.worker())
            self._run(specs, server=server, announce=lambda: self._announce(stack))

    def on_real(self, host: str | None) -> None:
        """Run on the Temporal server and the upstream that the user's variables name."""
        if host is not None:
            raise HostError(f"HOST is for the pretended upstream. {real.NEEDS}")
        console = self._narrator.console
        print_targets(console, **real.targets())
        base = load(WorkerSettings).public_base_url
        given = real.environment(self._environ, self._directory)
        self._make_keys(given)
        specs = real.processes(self._environ, self._directory)
        self._run(specs, server=None, announce=lambda: print_real(console, given, base))

    def _announce(self, stack: Stack) -> None:
        print_what_is_where(self._narrator.console, stack)

    def _make_keys(self, environment: Mapping[str, str]) -> None:
        files = (environment["PAYLOAD_KEYS_FILE"], environment["WEBHOOK_KEYS_FILE"])
        if not all(Path(file).exists() for file in files):
            Starter(environment).new_keys()
            self._narrator.tell("new keys are made")

    def _run(
        self,
        specs: Sequence[ProcessSpec],
        *,
        server: DevServer | None,
        announce: Callable[[], None],
    ) -> None:
        with Supervisor(hurry=lambda: self._state.hurry) as processes:
            self._state.insist()
            try:
                for spec in specs:
                    with self._narrator.waiting(f"starting {spec.name}"):
                        processes.start(spec)
                announce()
                while True:
                    self._revive(processes, server)
                    time.sleep(WATCH_EVERY_S)
            finally:
                self._state.close()

    def _revive(self, processes: Supervisor, server: DevServer | None) -> None:
        if server is not None and not server.alive:
            self._narrator.tell("the Temporal server ended; starting it again")
            asyncio.run(server.restart())
        for name, process in processes.states().items():
            if process is ProcessState.ENDED:
                self._narrator.tell(f"{name} ended; starting it again")
                processes.restart(name)


def _on_lan(stack: Stack, address: str) -> Stack:
    """Let a phone reach the pages and the pretended check, and nothing else of the stack."""
    return stack.model_copy(update={"host": address, "h5_port": free_port(H5_PORT, host=address)})
