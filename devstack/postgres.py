"""Runs PostgreSQL on loopback in a folder of its own, as durable as it is by default."""

import fcntl
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from devstack.isolation import child_environment
from devstack.ports import LOOPBACK, free_port
from devstack.supervisor import ProcessSpec

DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
NEEDED = ("initdb", "postgres", "psql")
REMEDY = (
    "There is no PostgreSQL: install it (`apt-get install postgresql` on Debian), "
    "or put its `initdb`, `postgres` and `psql` on PATH."
)
ACCOUNTS = ("postgres", "nobody")
"""System users as whom root runs PostgreSQL, which refuses to be root."""

OUTSIDE = Path("/var/tmp")  # noqa: S108 - on a disk by tradition, as no /tmp need be
"""Where those users can reach a folder that root makes; another's home is often closed to them."""

PREFIX = "likeness-postgres-"
IN_USE = "in-use"
TRIES = 10

COMMAND_TIMEOUT_S = 60
STOP_GRACE_S = 15.0


class PostgresError(RuntimeError):
    """PostgreSQL is missing or failed; one sentence."""


def find_postgres(environ: Mapping[str, str]) -> Path:
    """Return the folder of PostgreSQL's programs: on PATH, else the newest that Debian has.

    Raises:
        PostgresError: There is none; the sentence names the remedy.

    """
    candidates = sorted(DEBIAN_PROGRAMS.glob("*/bin"), key=_version, reverse=True)
    if on_path := shutil.which("initdb", path=environ.get("PATH", "")):
        # Resolved, because only some of them may be linked into the search path.
        candidates.insert(0, Path(on_path).resolve().parent)
    for folder in candidates:
        if all((folder / name).is_file() for name in NEEDED):
            return folder
    raise PostgresError(REMEDY)


class Postgres:
    """One empty PostgreSQL: a superuser with a password, on a port of its own."""

    def __init__(self, programs: Path, directory: Path, *, user: str, password: str) -> None:
        """Prepare it; nothing runs yet.

        Args:
            programs: The folder that ``find_postgres`` found.
            directory: Keeps all of its files; exists, and can be reached by ``account``.
            user: Name of the superuser.
            password: Theirs.

        """
        self.port = free_port()
        self.account = account()
        self._programs = programs
        self._directory = directory
        self.password = password
        self._user = user

    def url(self, database: str) -> str:
        """Return the address of a database, password included."""
        return f"postgresql://{self._user}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def make(self) -> None:
        """Make an empty database.

        Raises:
            PostgresError: It cannot be made; PostgreSQL's own words.

        """
        password_file = self._directory / "password"
        password_file.write_text(self.password)
        password_file.chmod(0o600)
        if self.account is not None:
            for path in (self._directory, password_file):
                shutil.chown(path, self.account)
        self._run(
            *("initdb", "--pgdata", str(self._data), "--username", self._user),
            *("--pwfile", str(password_file), "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--no-locale"),
        )

    def process(self, log_path: Path) -> ProcessSpec:
        """Describe the process, the parent of every other one that serves the database."""
        return ProcessSpec(
            name="postgres",
            argv=(
                *(str(self._programs / "postgres"), "-D", str(self._data)),
                *("-c", f"listen_addresses={LOOPBACK}", "-c", f"port={self.port}"),
                *("-c", "unix_socket_directories="),
            ),
            environment=self._environment(),
            log_path=log_path,
            directory=self._data,
            ready_line="database system is ready to accept connections",
            # Its SIGTERM would wait for every client.
            stop_by=signal.SIGINT,
            stop_grace_s=STOP_GRACE_S,
            user=self.account,
        )

    def ask(self, statement: str, *, database: str = "postgres") -> str:
        """Run a statement while it is served, and return its first value.

        Raises:
            PostgresError: It failed; PostgreSQL's own words.

        """
        return self._run("psql", "-XAtq", "-d", self.url(database), "-c", statement).strip()

    @property
    def _data(self) -> Path:
        return self._directory / "data"

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, no shell
            [self._programs / program, *arguments],
            capture_output=True,
            text=True,
            env=self._environment(),
            cwd=self._directory,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
            user=self.account,
            extra_groups=None if self.account is None else [],
        )
        if done.returncode != 0:
            raise PostgresError(f"`{program}` failed: {done.stderr.strip()}")
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return child_environment(self._directory / "home", {})


@contextmanager
def database_folder(directory: Path) -> Iterator[Path]:
    """Give a folder for a PostgreSQL for the length of the block: ``directory`` itself, made here.

    Where root runs it it is one of ``/var/tmp`` that goes with the block, because the system user
    that it then runs as can seldom reach ``directory``; what a killed block left there goes too.
    """
    if account() is None:
        directory.mkdir(parents=True, exist_ok=True)
        yield directory
        return
    for left in OUTSIDE.glob(f"{PREFIX}*/{IN_USE}"):
        with _held(left) as is_ours:
            if is_ours:
                shutil.rmtree(left.parent, ignore_errors=True)
    with _folder_outside() as outside:
        yield outside


@contextmanager
def _folder_outside() -> Iterator[Path]:
    """Make a folder and hold it; another one where somebody's sweep was quicker than the lock."""
    for _ in range(TRIES):
        with (
            tempfile.TemporaryDirectory(dir=OUTSIDE, prefix=PREFIX) as outside,
            _held(Path(outside) / IN_USE, make=True) as is_ours,
        ):
            if is_ours:
                yield Path(outside)
                return
    raise PostgresError(f"There is no folder for PostgreSQL to be had in {OUTSIDE}.")


def account() -> str | None:
    """Name the system user that PostgreSQL runs as; None is whoever runs this.

    Raises:
        PostgresError: We are root, and there is no other user.

    """
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in ACCOUNTS:
        if name in known:
            return name
    raise PostgresError("PostgreSQL refuses to run as root: make a system user `postgres` for it.")


@contextmanager
def _held(path: Path, *, make: bool = False) -> Iterator[bool]:
    """Hold a lock file for the length of the block; False where it is another's, or no such file.

    Everybody may write where these folders lie, so what bears the name may be a link or a pipe.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | (os.O_CREAT if make else 0)
    with ExitStack() as stack:
        is_held = False
        with suppress(OSError):
            lock = os.open(path, flags, 0o600)
            stack.callback(os.close, lock)
            is_held = _is_locked(lock, path)
        yield is_held


def _is_locked(lock: int, path: Path) -> bool:
    found = os.fstat(lock)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        return False
    # The kernel drops the lock with the process, however that one ends.
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Between its making and its lock it may have been swept away.
    return os.path.samestat(found, path.lstat())


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdecimal() else 0
