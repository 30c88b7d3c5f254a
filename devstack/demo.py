"""Sets the stage for the demo, and leaves it swept, whatever happens on it."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from devstack.commands import CommandFailedError
from devstack.demo_report import print_report
from devstack.demo_story import DemoFailedError, DemoStory
from devstack.interrupts import InterruptedBySignalError, Interrupts, interrupts
from devstack.isolation import NotLoopbackError, given_test_address, new_test_namespace
from devstack.namespaces import ensure_namespace
from devstack.narrator import Narrator
from devstack.stack import Ports, Stack, temporal_running
from devstack.supervisor import ProcessFailedError, Supervisor
from devstack.temporal_cli import TemporalCliError, find
from devstack.temporal_server import TemporalServerError, connected
from likeness.search import SEARCH_ATTRIBUTES

EXPECTED_ERRORS = (
    CommandFailedError,
    DemoFailedError,
    NotLoopbackError,
    ProcessFailedError,
    TemporalCliError,
    TemporalServerError,
)

FOLDER_PREFIX = "likeness-demo-"
EARLIER_KEPT = 2
"""Folders of earlier runs that stay, for whoever still looks at their videos and logs."""

SURELY_OVER_S = 3600.0
"""A run takes about a minute; a folder younger than this may be in use."""


def run_demo(environ: Mapping[str, str], console: Console) -> int:
    """Run the demo on processes of its own; returns the exit code.

    Args:
        environ: The user's; read for TEST_TEMPORAL_ADDRESS and to find the Temporal CLI.
        console: Where the story is told.

    """
    narrator = Narrator(console)
    directory = new_folder()
    kept = f"what it made lies in {directory}"
    with interrupts() as state:
        try:
            _tell_story(environ, directory, narrator=narrator, state=state)
        except InterruptedBySignalError as ended:
            narrator.tell(f"interrupted; every process of the demo is ended, {kept}")
            return ended.exit_code
        except EXPECTED_ERRORS as error:
            narrator.failure(error, logs=directory / "logs")
            return 1
        narrator.tell(f"every process of the demo is ended, {kept}")
    return 0


def new_folder() -> Path:
    """Make a folder for one run below the temporary directory, and sweep up after old ones."""
    found = Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*")
    mine = [folder for folder in found if not folder.is_symlink() and folder.is_dir()]
    ages = sorted((age, folder) for folder in mine if (age := _age_s(folder)) is not None)
    for age, folder in ages[EARLIER_KEPT:]:
        if age > SURELY_OVER_S:
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))


def _age_s(folder: Path) -> float | None:
    """Seconds since something was put into the folder; None where it is not ours or gone."""
    try:
        about = folder.stat()
    except FileNotFoundError:
        return None
    return time.time() - about.st_mtime if about.st_uid == os.getuid() else None


def _tell_story(
    environ: Mapping[str, str], directory: Path, *, narrator: Narrator, state: Interrupts
) -> None:
    with (
        _stage(environ, directory, narrator=narrator) as stack,
        Supervisor(hurry=lambda: state.hurry) as processes,
    ):
        narrator.tell(f"Temporal runs at {stack.temporal_address}, namespace {stack.namespace}")
        narrator.tell("links work only while the demo runs; `make up` is for clicking")
        state.insist()
        try:
            report = DemoStory(stack, processes, narrator=narrator).run()
            print_report(report, narrator.console, took_s=narrator.elapsed_s)
        finally:
            state.close()


@contextmanager
def _stage(environ: Mapping[str, str], directory: Path, *, narrator: Narrator) -> Iterator[Stack]:
    ports, namespace = Ports.free({}), new_test_namespace()
    if address := given_test_address(environ):
        asyncio.run(_make_namespace(address, namespace))
        yield Stack(directory=directory, ports=ports, namespace=namespace, temporal_address=address)
        return
    cli = find(environ, say=narrator.tell)
    with temporal_running(cli, directory, ports=ports, namespace=namespace) as (stack, _):
        yield stack


async def _make_namespace(address: str, namespace: str) -> None:
    client = await connected(address)
    await ensure_namespace(client, namespace, search_attributes=SEARCH_ATTRIBUTES)
