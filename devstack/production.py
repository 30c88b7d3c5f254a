"""Runs docker-compose.yml's server, schema and namespace on a PostgreSQL, without Docker."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devstack.child import Child
from devstack.commands import ROOT
from devstack.compose import Service, replaced, service
from devstack.isolation import child_environment
from devstack.ports import LOOPBACK, free_port
from devstack.postgres import Postgres, database_folder
from devstack.scripts import run_script
from devstack.server_programs import ServerPrograms
from devstack.supervisor import ProcessFailedError, ProcessSpec, Supervisor

DEPLOY = ROOT / "deploy"
SERVER_PORTS = (
    "FRONTEND_GRPC_PORT",
    "FRONTEND_HTTP_PORT",
    "FRONTEND_MEMBERSHIP_PORT",
    "MATCHING_GRPC_PORT",
    "MATCHING_MEMBERSHIP_PORT",
    "HISTORY_GRPC_PORT",
    "HISTORY_MEMBERSHIP_PORT",
    "WORKER_GRPC_PORT",
    "WORKER_MEMBERSHIP_PORT",
)
"""What the server's configuration template asks for; in a container the defaults are free."""

SCRIPT_TIMEOUT_S = 180
READY_TIMEOUT_S = 60.0
ASK_TIMEOUT_S = 20.0
STOP_GRACE_S = 30.0
POLL_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Programs:
    """What the images hold that docker-compose.yml names."""

    cli: Path
    server: ServerPrograms
    postgres: Path


class Production:
    """The services ``postgres``, ``temporal-schema``, ``temporal`` and ``temporal-namespace``.

    Each runs the file's own command with the file's own variables; only addresses, ports and the
    places of files are others.
    """

    def __init__(
        self, programs: Programs, directory: Path, database: Path, supervisor: Supervisor
    ) -> None:
        """Lay out the folders; nothing runs yet.

        Args:
            programs: Found by their own modules.
            directory: Keeps logs, the password and what stands for the images' search path.
            database: Keeps PostgreSQL's files, from ``database_folder``.
            supervisor: Owns both processes.

        """
        self._programs = programs
        self._directory = directory
        self._supervisor = supervisor
        self._ports = _distinct_ports()
        self._secret = directory / "secrets" / "postgres_password"
        self._run("make-secrets", ["sh", str(DEPLOY / "make-secrets.sh"), str(self._secret.parent)])
        self.postgres = Postgres(
            programs.postgres,
            database,
            user=service("postgres").environment["POSTGRES_USER"],
            password=self._secret.read_text(),
        )
        self._lay_out_image()

    @property
    def address(self) -> str:
        """``host:port`` of the frontend; stays the same over restarts."""
        return f"{LOOPBACK}:{self._ports['FRONTEND_GRPC_PORT']}"

    @property
    def log_folder(self) -> Path:
        """Where the database and the server log."""
        return self._directory / "logs"

    @property
    def shards(self) -> str:
        """How many history shards the file asks for."""
        return service("temporal").environment["NUM_HISTORY_SHARDS"]

    def start_database(self) -> None:
        """Make an empty PostgreSQL and serve it.

        Raises:
            PostgresError, ProcessFailedError: It cannot be made, or did not come up.

        """
        self.postgres.make()
        self._supervisor.start(self.postgres.process(self._log("postgres")))

    def set_up_schema(self) -> None:
        """Run the service ``temporal-schema`` to its end.

        Raises:
            ScriptFailedError: It failed.

        """
        it = self._shown("temporal-schema")
        self._run(it.name, it.argv, **it.environment)

    def start_server(self) -> None:
        """Run the service ``temporal``, and wait until it serves.

        Raises:
            ProcessFailedError: It ended or did not serve in time.

        """
        it = self._shown("temporal")
        self._supervisor.spawn(
            ProcessSpec(
                name=it.name,
                argv=tuple(it.argv),
                environment=self._environment({**it.environment, **self._ports}),
                log_path=self._log(it.name),
                directory=self._directory,
                stop_grace_s=STOP_GRACE_S,
            )
        )
        self._wait_until_it_serves()

    def restart_server(self) -> None:
        """Stop the service ``temporal`` as Docker would, and start it on the same database.

        Raises:
            ProcessFailedError: It ended or did not serve in time.

        """
        self._supervisor.stop("temporal")
        self.start_server()

    def set_up_namespace(self, namespace: str) -> None:
        """Run the service ``temporal-namespace`` to its end, for a namespace of another name.

        Raises:
            ScriptFailedError: It failed.

        """
        it = self._shown("temporal-namespace")
        self._run(it.name, [*it.argv[:-1], namespace], **it.environment)

    def pid(self, name: str) -> int:
        """Return the process id of ``temporal`` or ``postgres``, the parent of all it started."""
        pid = self._supervisor.child(name).pid
        if pid is None:
            raise RuntimeError(f"{name} was never started.")
        return pid

    def _shown(self, name: str) -> Service:
        texts = {
            # The network's names, then its ports, then what is mounted.
            "temporal:7233": self.address,
            "postgres": LOOPBACK,
            "0.0.0.0": LOOPBACK,  # noqa: S104 - what the container binds, replaced here
            "5432": str(self.postgres.port),
            "/deploy": str(DEPLOY / "temporal"),
        }
        return replaced(service(name), texts)

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        given = child_environment(self._directory / "home", {})
        return {
            **given,
            "PATH": f"{self._directory / 'bin'}:{given['PATH']}",
            "POSTGRES_PASSWORD_FILE": str(self._secret),
            "SCHEMA_DIR": str(self._programs.server.schema),
            "TEMPORAL_ENTRYPOINT": str(self._directory / "bin" / "entrypoint.sh"),
            **settings,
        }

    def _lay_out_image(self) -> None:
        programs = self._directory / "bin"
        programs.mkdir(parents=True)
        (programs / "temporal").symlink_to(self._programs.cli)
        (programs / "temporal-server").symlink_to(self._programs.server.server)
        (programs / "temporal-sql-tool").symlink_to(self._programs.server.sql_tool)
        entrypoint = programs / "entrypoint.sh"
        # The image's /bin/sh knows `pipefail`, as bash does and Debian's sh does not.
        entrypoint.write_text(f"#!/bin/sh\nexec bash '{self._programs.server.entrypoint}'\n")
        entrypoint.chmod(0o700)

    def _run(self, name: str, argv: list[str], **settings: str) -> None:
        script = Child(
            name,
            argv,
            environment=self._environment(settings),
            log_path=self._log(name),
            directory=self._directory,
        )
        run_script(script, within_s=SCRIPT_TIMEOUT_S)

    def _wait_until_it_serves(self) -> None:
        child = self._supervisor.child("temporal")
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not self._serves():
            self._supervisor.check()
            if time.monotonic() >= deadline:
                raise ProcessFailedError(
                    f"temporal did not serve within {READY_TIMEOUT_S:.0f} s.", child=child
                )
            time.sleep(POLL_S)

    def _serves(self) -> bool:
        # It listens some seconds before it serves, which is all that Docker's health check tells.
        try:
            asked = subprocess.run(  # noqa: S603 - the CLI that was found
                [self._programs.cli, "operator", "cluster", "health", "--address", self.address],
                capture_output=True,
                env=self._environment({}),
                check=False,
                timeout=ASK_TIMEOUT_S,
            )
        except subprocess.TimeoutExpired:
            return False
        return asked.returncode == 0

    def _log(self, name: str) -> Path:
        return self.log_folder / f"{name}.log"


@contextmanager
def production_prepared(programs: Programs, directory: Path) -> Iterator[Production]:
    """Lay out a production server in an empty folder; whatever it started ends with the block."""
    directory.mkdir(parents=True, exist_ok=True)
    with database_folder(directory / "postgres") as database, Supervisor() as supervisor:
        yield Production(programs, directory, database, supervisor)


@contextmanager
def production_running(
    programs: Programs, directory: Path, *, namespace: str
) -> Iterator[Production]:
    """Run the production server on an empty PostgreSQL, with one namespace of ours.

    Raises:
        PostgresError, ProcessFailedError, ScriptFailedError: Something of it did not come up.

    """
    with production_prepared(programs, directory) as production:
        production.start_database()
        production.set_up_schema()
        production.start_server()
        production.set_up_namespace(namespace)
        yield production


def _distinct_ports() -> dict[str, str]:
    ports: set[int] = set()
    while len(ports) < len(SERVER_PORTS):
        ports.add(free_port())
    return dict(zip(SERVER_PORTS, map(str, sorted(ports)), strict=True))
