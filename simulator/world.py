"""Hold all that the pretended upstream knows: clock, sessions, groups, assets, videos, money."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import JsonValue

from simulator.courier import Courier
from simulator.faults import FaultQueue, Hold, HoldRequest, TaskKind
from simulator.idempotency import KeyStore
from simulator.ledger import EntryKind, Ledger, Vault
from simulator.scenario import HAPPY, Scenario

NEVER = float("inf")
T = TypeVar("T")


@dataclass
class Group:
    """The person's asset group; `someone_else` means that another face passed the check."""

    id: str
    project: str
    someone_else: bool = False


@dataclass
class Session:
    """One verification session and what became of its link and token."""

    task_id: str
    created_at: float
    ready_at: float
    link_dies_at: float
    token_dies_at: float
    byted_token: str
    h5_code: str
    h5_link: str
    callback_url: str
    project: str
    burnt: bool = False
    attempted: bool = False
    returns_to: str | None = None
    returns_at: float = NEVER
    group: Group | None = None
    group_known_at: float = NEVER
    task_kind: TaskKind = "session"


@dataclass
class GroupQuery:
    """A query of step 2 that was answered with a task."""

    task_id: str
    created_at: float
    session: Session
    task_kind: TaskKind = "query"


@dataclass
class Asset:
    """One submitted asset; `failure` is the upstream's code of its refusal."""

    id: str
    name: str
    failure: str | None
    reviewed_at: float


@dataclass
class Review:
    """One request of step 3."""

    task_id: str
    created_at: float
    done_at: float
    group: Group
    assets: list[Asset]
    settled: bool = False
    task_kind: TaskKind = "review"


@dataclass
class Video:
    """One accepted generation."""

    task_id: str
    created_at: float
    done_at: float
    ends_as: str
    cost_usd: float
    model: str
    file_token: str
    file_url: str
    file_dies_at: float
    webhook: str | None = None
    settled: bool = False
    task_kind: TaskKind = "video"


Task = Session | GroupQuery | Review | Video


@dataclass
class World:
    """The whole state behind one server.

    `scenario` is replaced as a whole; `h5_base` is the origin of the person's page where it is
    not the API's own; `narrate` gets one line per call.
    """

    scenario: Scenario = HAPPY
    h5_base: str | None = None
    narrate: Callable[[str], None] | None = None
    clock_offset_s: float = 0
    ledger: Ledger = field(default_factory=Ledger)
    vault: Vault = field(default_factory=Vault)
    faults: FaultQueue = field(default_factory=FaultQueue)
    holds: dict[str, Hold] = field(default_factory=dict)
    keys: KeyStore = field(default_factory=KeyStore)
    courier: Courier = field(default_factory=Courier)
    tasks: dict[str, Task] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    assets: dict[str, Asset] = field(default_factory=dict)
    spent_usd: float = 0

    def __post_init__(self) -> None:
        self._first_scenario = self.scenario
        self._clock_moved = asyncio.Event()

    def now(self) -> float:
        """Return unix seconds on the simulator's clock."""
        return time.time() + self.clock_offset_s

    async def until(self, due_at: float) -> None:
        """Wait for the simulator's clock, which a test may advance, to reach `due_at`."""
        while (left := due_at - self.now()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._clock_moved.wait(), None if left == NEVER else left)

    def advance(self, seconds: float) -> None:
        """Let the clock jump."""
        self.clock_offset_s += seconds
        self._clock_moved.set()
        self._clock_moved = asyncio.Event()
        self.settle()

    def effect(self, name: str, task_id: str | None = None, **detail: JsonValue) -> None:
        """Note what the upstream did."""
        now = self.now()
        self.ledger.note(EntryKind.EFFECT, name, at=now, task_id=task_id, detail=detail)

    def person(self, name: str, task_id: str | None = None, **detail: JsonValue) -> None:
        """Note what the person did."""
        now = self.now()
        self.ledger.note(EntryKind.PERSON, name, at=now, task_id=task_id, detail=detail)

    def all_tasks(self, kind: type[T]) -> list[T]:
        """Return every task of one kind, oldest first."""
        return [task for task in self.tasks.values() if isinstance(task, kind)]

    def balance_usd(self) -> float:
        """Return what is left to spend."""
        return self.scenario.balance_usd - self.spent_usd

    def settle(self) -> None:
        """Note the ends that the clock has brought since the last look."""
        now = self.now()
        for task in self.tasks.values():
            if isinstance(task, Review | Video) and not task.settled and task.done_at <= now:
                task.settled = True
                self._settle(task)

    def _settle(self, task: Review | Video) -> None:
        if isinstance(task, Review):
            refused = sum(asset.failure is not None for asset in task.assets)
            usable = len(task.assets) - refused
            self.effect("assets_reviewed", task.task_id, usable=usable, refused=refused)
        elif task.ends_as == "completed":
            self.effect("video_completed", task.task_id)
        else:
            self.spent_usd -= task.cost_usd
            self.effect("video_refunded", task.task_id, usd=task.cost_usd)

    def hold(self, asked: HoldRequest) -> Hold:
        """Set up a hold for the next call that fits."""
        hold = Hold(id=secrets.token_hex(4), asked=asked)
        self.holds[hold.id] = hold
        return hold

    async def reset(self) -> None:
        """Forget everything and go back to the first scenario and the real clock."""
        await self.close()
        fresh = World(self._first_scenario, self.h5_base, self.narrate)
        self.__dict__.update(fresh.__dict__)

    async def close(self) -> None:
        """Cut held calls off and stop what is still to be sent."""
        for hold in self.holds.values():
            if not hold.released.is_set():
                hold.give_up()
        await self.courier.close()
