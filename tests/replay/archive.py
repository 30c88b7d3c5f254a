"""The committed histories: one file a run, as the server had it, encrypted under a key of ours."""

import hashlib
import json
import tomllib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client, WorkflowHistory

from likeness.temporal.keyring import Key, KeyRing

ROOT = Path(__file__).parents[2]
HISTORIES = Path(__file__).parent / "histories"

RECORDING_KEY = KeyRing.of(Key.of(hashlib.sha256(b"what the recorded histories hold").digest()))
"""No secret: what is recorded was made up. It is fixed, so that old payloads stay readable."""


@dataclass(frozen=True)
class Recorded:
    """One run: the path that made it, its id, and the namespace its payloads are bound to."""

    path: str
    version: str
    namespace: str
    history: WorkflowHistory

    @property
    def label(self) -> str:
        """Name it in a test's output."""
        return f"{self.version}/{self.path}:{self.history.workflow_id.partition('/')[2]}"

    def write(self) -> Path:
        """Put it into its file, one event a line, and give the file's place."""
        folder = HISTORIES / self.version
        folder.mkdir(parents=True, exist_ok=True)
        run = self.history.workflow_id.removeprefix("likeness/").replace("/", ".")
        place = folder / f"{self.path}--{run}.json"
        events = ",\n".join(
            json.dumps(event, sort_keys=True, separators=(",", ":"))
            for event in self.history.to_json_dict()["events"]
        )
        said = json.dumps({"path": self.path, "namespace": self.namespace})
        identity = json.dumps(self.history.workflow_id)
        place.write_text(f'{said[:-1]}, "workflow_id": {identity}, "events": [\n{events}\n]}}\n')
        return place


def recorded() -> Iterator[Recorded]:
    """Give every committed history, by version and name."""
    for place in sorted(HISTORIES.glob("*/*.json")):
        content = json.loads(place.read_text())
        yield Recorded(
            path=content["path"],
            version=place.parent.name,
            namespace=content["namespace"],
            history=WorkflowHistory.from_json(
                content["workflow_id"], {"events": content["events"]}
            ),
        )


async def histories_of(client: Client) -> AsyncIterator[WorkflowHistory]:
    """Fetch every run of the client's namespace."""
    async for run in client.list_workflows():
        yield await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()


def forget(path: str, version: str) -> None:
    """Delete a path's histories of a version."""
    for place in (HISTORIES / version).glob(f"{path}--*.json"):
        place.unlink()


def current_version() -> str:
    """Give the version that the next histories belong to."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version: str = project["version"]
    return version


def is_released(version: str) -> bool:
    """Tell whether runs of that version may be out there, so that its histories stay."""
    return f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()
