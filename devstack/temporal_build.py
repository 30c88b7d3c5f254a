"""Builds Temporal's programs from Go modules whose checksums are committed beside this file."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack.child import Child

CLI_VERSION = "1.8.2"
SERVER_VERSION = "1.31.2"
OLDEST_GO = "1.26"
MODULE = Path(__file__).parent / "temporal"
SERVER_MODULE = "go.temporal.io/server"
REPORT_EVERY_S = 10.0
BUILD_TIMEOUT_S = 1800.0


@dataclass(frozen=True)
class Program:
    """A program of the module graph: its package, and what the linker writes into it."""

    package: str
    symbols: str = ""


CLI = Program(
    "github.com/temporalio/cli/cmd/temporal",
    f"-X github.com/temporalio/cli/internal/temporalcli.Version={CLI_VERSION}",
)
SERVER = Program(f"{SERVER_MODULE}/cmd/server")
SQL_TOOL = Program(f"{SERVER_MODULE}/cmd/tools/sql")


def build(
    target: Path,
    environ: Mapping[str, str],
    *,
    say: Callable[[str], None],
    program: Program = CLI,
) -> None:
    """Build a program into ``target``: minutes at first, and the file appears only when whole.

    Args:
        target: The file to make; its folder exists.
        environ: The user's environment, in which Go finds its caches and its proxy.
        say: Takes a line every ten seconds: how long it runs and what it came to.
        program: Which one.

    Raises:
        RuntimeError: No Go, one too old, or a build that failed (with the end of its output).

    """
    go = find_go(environ)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="build-") as folder:
        made = Path(folder) / "program"
        compiler = Child(
            "go build",
            [go, *arguments(made, program)],
            environment=_alone(environ),
            log_path=Path(folder) / "build.log",
            directory=MODULE,
        )
        compiler.start()
        try:
            _follow(compiler, say)
        finally:
            compiler.kill()
        if compiler.exit_code != 0:
            raise RuntimeError(f"`go build` failed: {compiler.log_tail(5)}")
        made.replace(target)


def arguments(made: Path, program: Program = CLI) -> list[str]:
    """Return the arguments of ``go`` that make a program at ``made``."""
    return [
        "build",
        "-v",
        "-mod=readonly",
        "-trimpath",
        "-ldflags",
        f"-s -w {program.symbols}".rstrip(),
        "-o",
        str(made),
        program.package,
    ]


def server_sources(environ: Mapping[str, str]) -> Path:
    """Return the folder of the server's module, which also holds its schema and entry point.

    Raises:
        RuntimeError: No Go, one too old, or one that cannot get the module.

    """
    answer = subprocess.run(  # noqa: S603 - found on the user's own PATH
        [find_go(environ), "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SERVER_MODULE],
        capture_output=True,
        text=True,
        env=_alone(environ),
        cwd=MODULE,
        check=False,
    )
    folder = answer.stdout.strip()
    if answer.returncode != 0 or not folder:
        raise RuntimeError(f"`go list -m {SERVER_MODULE}` failed: {answer.stderr.strip()}")
    return Path(folder)


def find_go(environ: Mapping[str, str]) -> str:
    """Return the path of a Go that is new enough.

    Raises:
        RuntimeError: There is none.

    """
    go = shutil.which("go", path=environ.get("PATH", ""))
    if go is None:
        raise RuntimeError("there is no `go` on PATH")
    answer = subprocess.run(  # noqa: S603 - found on the user's own PATH
        [go, "version"], capture_output=True, text=True, env=dict(environ), check=False
    )
    found = re.search(r"\bgo(\d+)\.(\d+)", answer.stdout)
    oldest = tuple(int(part) for part in OLDEST_GO.split("."))
    if found is None or (int(found[1]), int(found[2])) < oldest:
        raise RuntimeError(f"`go version` must say {OLDEST_GO} or newer")
    return go


def _alone(environ: Mapping[str, str]) -> dict[str, str]:
    # A workspace of the user's would replace the committed module graph.
    return {**environ, "GOWORK": "off"}


def _follow(compiler: Child, say: Callable[[str], None]) -> None:
    began = time.monotonic()
    say(f"building it from Go modules in {os.fspath(MODULE)}: a few minutes, once")
    while not compiler.wait(REPORT_EVERY_S):
        elapsed = time.monotonic() - began
        if elapsed > BUILD_TIMEOUT_S:
            raise RuntimeError(f"`go build` took more than {BUILD_TIMEOUT_S:.0f} s")
        # `go build -v` names each package when it is done with it.
        packages = compiler.log_path.read_text(errors="replace").splitlines()
        latest = packages[-1] if packages else "modules"
        say(f"building for {elapsed:.0f} s, {len(packages)} packages so far, now {latest}")
