"""Where a process stands still for a test: one file asks for it, another one tells that it does."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

FOLDER_VARIABLE = "PAUSES_FOLDER"
LOOK_S = 0.02

Side = Literal["before", "after"]


@dataclass(frozen=True)
class Pause:
    """One place to stand still at, before or after what ``whose`` run has done there."""

    path: Path

    @property
    def is_reached(self) -> bool:
        """Tell whether a process stands there, or has stood there when it died."""
        return self._reached.exists()

    async def until_reached(self) -> None:
        """Wait until a process stands there; the test's own timeout is the limit."""
        while not self.is_reached:  # noqa: ASYNC110  # a file tells nobody
            await asyncio.sleep(LOOK_S)

    @property
    def _reached(self) -> Path:
        return self.path.with_name(f"{self.path.name}.reached")

    def lift(self) -> None:
        """Let pass whoever stands there and whoever comes."""
        self.path.unlink(missing_ok=True)

    async def stand(self) -> None:
        """Stand still for as long as the pause is asked for; pass where it is not."""
        if self.path.exists():
            self._reached.touch()
        while self.path.exists():  # noqa: ASYNC110  # a file tells nobody
            await asyncio.sleep(LOOK_S)


class Pauses:
    """The pauses of one house, in a folder that its processes look into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of_environment(cls) -> Self:
        """Give those that this process shall heed."""
        return cls(Path(os.environ[FOLDER_VARIABLE]))

    def at(self, place: str, side: Side, whose: str) -> Pause:
        """Give the pause at ``place`` for one run, by its workflow id."""
        return Pause(self.folder / f"{place}.{side}.{whose.replace('/', '+')}")

    def ask(self, place: str, side: Side, whose: str) -> Pause:
        """Ask for it."""
        pause = self.at(place, side, whose)
        self.folder.mkdir(exist_ok=True)
        pause.path.touch()
        return pause

    def lift_all(self) -> None:
        """Let everybody pass."""
        for path in self.folder.glob("*"):
            path.unlink(missing_ok=True)
