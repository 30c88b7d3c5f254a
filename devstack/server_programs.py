"""Finds Temporal's production server with its SQL tool, laid out as in its images."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack import temporal_build
from devstack.cache import alone, cache_directory
from devstack.temporal_build import OLDEST_GO, SERVER, SERVER_VERSION, SQL_TOOL
from devstack.temporal_cli import version_told_by


class ServerProgramsError(RuntimeError):
    """There is no production server, and the sentence says what to do."""


@dataclass(frozen=True)
class ServerPrograms:
    """A folder with what the images ``temporalio/server`` and ``temporalio/admin-tools`` hold."""

    folder: Path

    @property
    def server(self) -> Path:
        """The server, all four services in one program."""
        return self.folder / "temporal-server"

    @property
    def sql_tool(self) -> Path:
        """The program that makes and updates the databases."""
        return self.folder / "temporal-sql-tool"

    @property
    def schema(self) -> Path:
        """What the SQL tool reads: ``postgresql/v12/{temporal,visibility}/versioned``."""
        return self.folder / "schema"

    @property
    def entrypoint(self) -> Path:
        """The server image's own entry point, a script."""
        return self.folder / "entrypoint.sh"

    def run(self) -> bool:
        """Say whether they are there and both programs answer with the version we expect."""
        return all(_runs(program) for program in (self.server, self.sql_tool))

    def check(self) -> None:
        """Insist on that.

        Raises:
            RuntimeError: They do not.

        """
        if not self.run():
            raise RuntimeError(f"it does not say that it is version {SERVER_VERSION}")


Maker = Callable[[ServerPrograms, Mapping[str, str]], None]


def find(
    environ: Mapping[str, str],
    *,
    say: Callable[[str], None] = print,
    cache: Path | None = None,
    maker: Maker | None = None,
) -> ServerPrograms:
    """Return a production server that runs; build it where there is none, once for all processes.

    Args:
        environ: The user's own environment, in which Go finds its caches and its proxy.
        say: Takes a line of progress whenever there is something to know.
        cache: Folder of the cached programs; by default the user's cache directory.
        maker: Fills an empty folder with them; tests put their own here.

    Raises:
        ServerProgramsError: It cannot be built.

    """
    target = (cache or cache_directory()) / f"temporal-server-{SERVER_VERSION}"
    programs = ServerPrograms(target)
    if programs.run():
        return programs
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = target.with_name(f"{target.name}.lock")
    with alone(lock, what="the Temporal server", say=say):
        if not programs.run():
            say(f"Temporal server {SERVER_VERSION} with its SQL tool: build")
            _make(target, environ, maker or _builder(say))
    return programs


def _make(target: Path, environ: Mapping[str, str], maker: Maker) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="build-") as folder:
        made = ServerPrograms(Path(folder) / "whole")
        made.folder.mkdir()
        try:
            maker(made, environ)
            made.check()
        except (RuntimeError, OSError) as error:
            raise ServerProgramsError(
                f"No production server is to be had ({error}). It is built from Go modules: "
                f"install Go >= {OLDEST_GO}, and let it reach its module proxy."
            ) from error
        shutil.rmtree(target, ignore_errors=True)
        made.folder.replace(target)


def _builder(say: Callable[[str], None]) -> Maker:
    def build(made: ServerPrograms, environ: Mapping[str, str]) -> None:
        temporal_build.build(made.server, environ, say=say, program=SERVER)
        temporal_build.build(made.sql_tool, environ, say=say, program=SQL_TOOL)
        sources = temporal_build.server_sources(environ)
        for file in (sources / "schema" / "postgresql").rglob("*"):
            if file.is_file():
                _copy(file, made.schema / file.relative_to(sources / "schema"))
        _copy(sources / "docker" / "scripts" / "sh" / "entrypoint.sh", made.entrypoint)

    return build


def _copy(source: Path, target: Path) -> None:
    # Without the modes of the module cache: what cannot be written cannot be removed either.
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _runs(program: Path) -> bool:
    return SERVER_VERSION in version_told_by(program).split()
