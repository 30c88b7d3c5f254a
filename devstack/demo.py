"""Sets the stage for the demo, and leaves it swept, whatever happens on it."""

import asyncio
import tempfile
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


def run_demo(environ: Mapping[str, str], console: Console) -> int:
    """Run the demo on processes of its own; returns the exit code.

    Args:
        environ: The user's; read for TEST_TEMPORAL_ADDRESS and to find the Temporal CLI.
        console: Where the story is told.

    """
    narrator = Narrator(console)
    directory = Path(tempfile.mkdtemp(prefix="likeness-demo-"))
    with interrupts() as state:
        try:
            _tell_story(environ, directory, narrator=narrator, state=state)
        except InterruptedBySignalError as ended:
            narrator.tell("interrupted; every process of the demo is ended")
            return ended.exit_code
        except EXPECTED_ERRORS as error:
            narrator.failure(error, logs=directory / "logs")
            return 1
    return 0


def _tell_story(
    environ: Mapping[str, str], directory: Path, *, narrator: Narrator, state: Interrupts
) -> None:
    with (
        _stage(environ, directory, narrator=narrator) as stack,
        Supervisor(hurry=lambda: state.hurry) as processes,
    ):
        narrator.tell(f"Temporal runs at {stack.temporal_address}, namespace {stack.namespace}")
        try:
            report = DemoStory(stack, processes, narrator=narrator).run()
            print_report(report, narrator.console, took_s=narrator.elapsed_s)
        finally:
            state.close()
    narrator.tell("every process of the demo is ended")


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
