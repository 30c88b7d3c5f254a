"""The sandbox of a worker: each run loads its own story anew, and shares what stories are made of.

Left alone the sandbox executes every module of this package again for every run, for about a sixth
of what a worker spends on an onboarding and half a megabyte for as long as the run is cached. The
chapters hold nothing between runs, so one copy of each serves all of them; tests/replay plays every
committed history with nothing shared.
"""

import pkgutil
from collections.abc import Iterable
from pathlib import Path

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

_HERE = str(Path(__file__).parent)


def sandbox(workflows: Iterable[type]) -> SandboxedWorkflowRunner:
    """Give the runner for a worker that hosts these workflows."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*chapters(workflows))
    )


def chapters(workflows: Iterable[type]) -> tuple[str, ...]:
    """Name every module of this package but those in which the workflows are defined."""
    stories = {workflow.__module__ for workflow in workflows}
    found = (f"{__package__}.{each.name}" for each in pkgutil.iter_modules([_HERE]))
    return tuple(name for name in found if name not in stories)
