"""Finds the Temporal CLI with its dev server: named, on PATH, cached, downloaded or built."""

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from devstack import temporal_build, temporal_download
from devstack.cache import alone, cache_directory

CLI_VERSION = temporal_build.CLI_VERSION
PATH_VARIABLE = "TEMPORAL_CLI_PATH"
VERSION_TIMEOUT_S = 30

Maker = Callable[[Path, Mapping[str, str]], None]

REMEDIES = (
    f"set {PATH_VARIABLE} to a Temporal CLI",
    "put `temporal` on PATH (https://docs.temporal.io/cli)",
    "open the network to https://temporal.download, from where it is downloaded",
    f"install Go >= {temporal_build.OLDEST_GO}, with which it is built",
)


class TemporalCliError(RuntimeError):
    """There is no Temporal CLI, and the sentence says what to do."""


def find(
    environ: Mapping[str, str],
    *,
    say: Callable[[str], None] = print,
    cache: Path | None = None,
    makers: Mapping[str, Maker] | None = None,
) -> Path:
    """Return a Temporal CLI that runs; download or build it where there is none.

    The order: TEMPORAL_CLI_PATH, ``temporal`` on PATH, the cache, the SDK's download, a Go build.
    Two processes that miss it at once make it once: the second waits for the first.

    Args:
        environ: The user's own environment: it names the CLI and lets Go find its caches.
        say: Takes a line of progress whenever there is something to know.
        cache: Folder of the cached files; by default the user's cache directory.
        makers: How a missing CLI is had, by name, in order; tests put their own here.

    Raises:
        TemporalCliError: None is to be had, or TEMPORAL_CLI_PATH names something else.

    """
    if named := environ.get(PATH_VARIABLE):
        if not runs(Path(named)):
            raise TemporalCliError(
                f"{PATH_VARIABLE} must name a Temporal CLI that answers `temporal --version`; "
                "correct it or unset it."
            )
        return Path(named)
    on_path = shutil.which("temporal", path=environ.get("PATH", ""))
    if on_path is not None and runs(Path(on_path)):
        return Path(on_path)
    target = (cache or cache_directory()) / f"temporal-{CLI_VERSION}"
    if not runs(target):
        _make(target, environ, say=say, makers=default_makers(say) if makers is None else makers)
    return target


def runs(program: Path) -> bool:
    """Say whether this is a Temporal CLI: it answers ``--version`` with the words we expect."""
    return version_told_by(program).startswith("temporal version")


def version_told_by(program: Path) -> str:
    """Give what a program answers to ``--version``; nothing where it is none or does not answer."""
    if not program.is_file():
        return ""
    try:
        answer = subprocess.run(  # noqa: S603 - the program is what the caller asks about
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=VERSION_TIMEOUT_S,
            env={},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout if answer.returncode == 0 else ""


def default_makers(say: Callable[[str], None]) -> dict[str, Maker]:
    """Return the two ways to have a missing CLI, in the order in which they are tried."""

    def download(target: Path, _environ: Mapping[str, str]) -> None:
        asyncio.run(temporal_download.download(target))

    def build(target: Path, environ: Mapping[str, str]) -> None:
        temporal_build.build(target, environ, say=say)

    return {"download": download, "build": build}


def _make(
    target: Path,
    environ: Mapping[str, str],
    *,
    say: Callable[[str], None],
    makers: Mapping[str, Maker],
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with alone(target.with_name(f"{target.name}.lock"), what="the Temporal CLI", say=say):
        if runs(target):
            return
        reasons = []
        for name, maker in makers.items():
            say(f"Temporal CLI {CLI_VERSION}: {name}")
            try:
                maker(target, environ)
            except (RuntimeError, OSError) as error:
                reasons.append(f"{name}: {error}")
                continue
            if runs(target):
                return
            reasons.append(f"{name}: the file does not answer `temporal --version`")
    tried = "; ".join(reasons)
    raise TemporalCliError(
        f"No Temporal server is to be had ({tried}). Do one of these: {_list()}."
    )


def _list() -> str:
    return "; ".join(f"({number}) {remedy}" for number, remedy in enumerate(REMEDIES, start=1))
