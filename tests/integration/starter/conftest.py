import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from commands.key_files import make_keys
from devstack.isolation import child_environment
from devstack.temporal_server import RunningServer
from likeness.temporal.plugin import likeness_plugin
from runtime.keys import load_key_file
from runtime.settings import StarterSettings
from workflows.onboard_person import OnboardPerson

ROOT = Path(__file__).parents[3]
TASK_QUEUE = "starter-test"
CANARIES = ("canary-of-an-asset", "canary of a prompt", "Canary Name", "Canary Sender")
ORDER = (
    "--person",
    "p-1",
    "--asset",
    f"https://files.example/{CANARIES[0]}.jpg",
    "--prompt",
    CANARIES[1],
    "--display-name",
    CANARIES[2],
    "--sender",
    CANARIES[3],
)


@dataclass(frozen=True)
class Ended:
    """What a run of the command line left."""

    code: int | None
    out: str
    err: str

    @property
    def answer(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return json.loads(self.err.splitlines()[-1])["error"]


@dataclass(frozen=True)
class Operator:
    """Somebody at a terminal who types ``python starter.py``."""

    environment: dict[str, str]

    async def runs(self, *arguments: str, stdin: str = "") -> Ended:
        child = await self.begins(*arguments)
        out, err = await asyncio.wait_for(child.communicate(stdin.encode()), 60)
        return Ended(code=child.returncode, out=out.decode(), err=err.decode())

    async def begins(self, *arguments: str) -> asyncio.subprocess.Process:
        return await self._begins("starter.py", *arguments)

    async def begins_module(self, module: str) -> asyncio.subprocess.Process:
        return await self._begins("-m", module)

    async def _begins(self, *words: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *words,
            cwd=ROOT,
            env=self.environment,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        )

    async def starts(self, onboarding: str) -> dict[str, Any]:
        ended = await self.runs("start", *ORDER, "--id", onboarding, "-o", "json")
        assert ended.code == 0, ended.err
        answer: dict[str, Any] = ended.answer
        return answer

    def whose(self, **variables: str) -> "Operator":
        return replace(self, environment={**self.environment, **variables})


@pytest.fixture
def settings(tmp_path: Path) -> StarterSettings:
    made = StarterSettings(
        payload_keys_file=tmp_path / "keys" / "payload.keys",
        link_keys_file=tmp_path / "keys" / "link.keys",
        webhook_keys_file=tmp_path / "keys" / "webhook.keys",
        task_queue=TASK_QUEUE,
    )
    make_keys(made)
    return made


@pytest.fixture
def operator(
    temporal_server: RunningServer, namespace: str, settings: StarterSettings, tmp_path: Path
) -> Operator:
    variables = {
        "TEMPORAL_ADDRESS": temporal_server.address,
        "TEMPORAL_NAMESPACE": namespace,
        "TASK_QUEUE": TASK_QUEUE,
        "PAYLOAD_KEYS_FILE": str(settings.payload_keys_file),
        "LINK_KEYS_FILE": str(settings.link_keys_file),
        "WEBHOOK_KEYS_FILE": str(settings.webhook_keys_file),
        "PUBLIC_BASE_URL": "https://invites.example",
        # Its assets are made-up addresses.
        "PREFLIGHT": "0",
    }
    return Operator(child_environment(tmp_path / "home", variables))


@pytest.fixture
async def client(
    temporal_server: RunningServer, namespace: str, settings: StarterSettings
) -> Client:
    plugin = likeness_plugin(load_key_file(settings.payload_keys_file), namespace=namespace)
    return await Client.connect(temporal_server.address, namespace=namespace, plugins=[plugin])


WorkerRunning = Callable[[], AbstractAsyncContextManager[None]]


@pytest.fixture
def worker(client: Client) -> WorkerRunning:
    """A worker for the story alone: it has no steps, so nothing gets further than an invitation."""

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with Worker(client, task_queue=TASK_QUEUE, workflows=[OnboardPerson]):
            yield

    return running
