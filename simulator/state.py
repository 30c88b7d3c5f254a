"""Keep a world in a file, so that a process that was killed goes on where it was."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.idempotency import Record
from simulator.ledger import Entry, Ledger
from simulator.scenario import Scenario
from simulator.world import Task, World


class StateError(Exception):
    """The file cannot be read or written; the sentence says why and shows nothing of it."""


class Saved(BaseModel):
    """What a world remembers; faults, holds and deliveries under way belong to the process.

    Groups, assets, links and files are found again through the tasks.
    """

    # JSON has no infinity, and NEVER is one; null would not be read back as a float.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    scenario: Scenario
    clock_offset_s: float
    spent_usd: float
    tasks: list[Annotated[Task, Field(discriminator="task_kind")]]
    records: dict[str, Record]
    secrets: dict[str, list[str]]
    entries: list[Entry]

    @classmethod
    def of(cls, world: World) -> "Saved":
        """Return what there is to save of a world."""
        answered = {k: it for k, it in world.keys.records.items() if it.answer is not None}
        return cls.model_construct(
            scenario=world.scenario,
            clock_offset_s=world.clock_offset_s,
            spent_usd=world.spent_usd,
            tasks=list(world.tasks.values()),
            records=answered,
            secrets=world.vault.secrets,
            entries=world.ledger.entries,
        )

    def restore(self, world: World) -> None:
        """Fill an empty world."""
        world.scenario = self.scenario
        world.clock_offset_s = self.clock_offset_s
        world.spent_usd = self.spent_usd
        for task in self.tasks:
            world.add(task)
        world.keys.records.update(self.records)
        world.vault.secrets.update(self.secrets)
        world.ledger = Ledger(self.entries)


class StateFile:
    """The file of one world. Its text is full of secrets, so it is its owner's alone."""

    def __init__(self, path: Path, world: World) -> None:
        self._path = path
        self._world = world
        self._saved_at: object = None

    def load(self) -> None:
        """Fill the world from the file; without a file it stays as it is.

        Raises:
            StateError: The file cannot be read.

        """
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise StateError(f"cannot read {self._path}: {error.strerror}") from error
        try:
            saved = Saved.model_validate_json(text)
        except ValidationError:
            # The error would quote the file.
            raise StateError(
                f"{self._path} is damaged or of another version; without it a new world begins"
            ) from None
        saved.restore(self._world)

    def save(self) -> None:
        """Replace the file as a whole: a kill leaves the one before or the one after.

        Raises:
            StateError: The file cannot be written.

        """
        beside = self._path.with_name(f"{self._path.name}.new")
        text = Saved.of(self._world).model_dump_json().encode()
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(text)
            beside.replace(self._path)
        except OSError as error:
            raise StateError(f"cannot write {self._path}: {error.strerror}") from error
        self._saved_at = self._moment()

    def save_changes(self) -> None:
        """Save where something happened since the last time; calls alone are no reason."""
        if self._saved_at != self._moment():
            self.save()

    def _moment(self) -> tuple[object, ...]:
        world = self._world
        return world.ledger.happenings, world.scenario, world.clock_offset_s


class SavedFirst:
    """An ASGI application whose effects are saved before it says anything or waits for more.

    Otherwise a kill could take back what a client was told already.
    """

    def __init__(self, app: ASGIApp, state: StateFile) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def saved_receive() -> Message:
            self._state.save_changes()
            return await receive()

        async def saved_send(message: Message) -> None:
            self._state.save_changes()
            await send(message)

        await self._app(scope, saved_receive, saved_send)
