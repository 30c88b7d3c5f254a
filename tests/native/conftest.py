"""A service that has a Temporal client and the package ``likeness``, and nothing else of ours."""

import asyncio
import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from devstack.isolation import child_environment
from devstack.temporal_server import RunningServer
from likeness.temporal.keyring import KeyRing
from tests.native.blocks import ROOT, modules
from tests.workflows.conftest import TASK_QUEUE, Journey, client, journey, key_ring, scenario

__all__ = ["client", "journey", "key_ring", "scenario"]

# Our other packages are in this machine's environment; a service of somebody else has none.
_ALONE = """
import runpy, sys
for name in {others!r}:
    sys.modules[name] = None
sys.path.insert(0, {folder!r})
runpy.run_path({script!r}, run_name="__main__")
"""


@dataclass(frozen=True)
class Said:
    """What a program of the service has printed, and how it ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Service:
    """Runs its programs; ``variables`` are what it knows of us."""

    folder: Path
    variables: Mapping[str, str]

    async def runs(self, *argv: str, **more: str) -> Said:
        """Run a program to its end."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=self.folder,
            env=child_environment(self.folder, {**self.variables, **more}),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        return Said(process.returncode or 0, out.decode(), err.decode())

    async def runs_block(self, script: str, **more: str) -> Said:
        """Run a block of the page, with ``likeness`` alone."""
        packages = tomllib.loads((ROOT / "pyproject.toml").read_text())
        others = set(packages["tool"]["importlinter"]["root_packages"]) - {"likeness"}
        code = _ALONE.format(
            others=sorted(others | {"worker", "starter"}),
            folder=str(self.folder),
            script=str(self.folder / script),
        )
        return await self.runs(sys.executable, "-c", code, **more)


@pytest.fixture
def service(
    tmp_path: Path, temporal_server: RunningServer, journey: Journey, key_ring: KeyRing
) -> Service:
    folder = tmp_path / "service"
    folder.mkdir()
    for name, text in modules().items():
        (folder / name).write_text(text)
    keys = folder / "payload.keys"
    keys.write_text(key_ring.to_text())
    variables = {
        "TEMPORAL_ADDRESS": temporal_server.address,
        "TEMPORAL_NAMESPACE": journey.client.namespace,
        "PAYLOAD_KEYS_FILE": str(keys),
        "PORTRAIT_URL": f"{journey.base_url}/portraits/a.jpg",
        "TASK_QUEUE": TASK_QUEUE,
        "PATH": os.environ["PATH"],
    }
    journey.onboarding = "order-4711"
    return Service(folder, variables)
