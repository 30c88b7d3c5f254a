"""Hold all that the pretended upstream knows: clock, sessions, groups, assets, videos, money."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from simulator.courier import Courier
from simulator.faults import FaultQueue, Hold, HoldRequest
from simulator.idempotency import KeyStore
from simulator.ledger import EntryKind, Ledger, Vault
from simulator.scenario import HAPPY, Scenario

NEVER = float("inf")


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
    task_kind: Literal["session"] = "session"


@dataclass
class GroupQuery:
    """A query of step 2 that was answered with a task."""

    task_id: str
    created_at: float
    byted_token: str
    task_kind: Literal["query"] = "query"


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
    task_kind: Literal["review"] = "review"


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
    task_kind: Literal["video"] = "video"


Task = Session | GroupQuery | Review | Video


@dataclass
class World:
    """The whole state behind one server.

    `scenario` is replaced as a whole; `h5_base` is the origin of the person's page where it is
    not the API's own; `narrate` gets one line per call.
    `files` are the videos under the token in their URL.
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
    sessions_by_token: dict[str, Session] = field(default_factory=dict)
    sessions_by_code: dict[str, Session] = field(default_factory=dict)
    files: dict[str, Video] = field(default_factory=dict)
    unsettled: list[Review | Video] = field(default_factory=list)
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

    def add(self, task: Task) -> None:
        """Take in a task, findable by all that names it."""
        self.tasks[task.task_id] = task
        if isinstance(task, Session):
            self.sessions_by_token[task.byted_token] = task
            self.sessions_by_code[task.h5_code] = task
            if task.group is not None:
                self.groups[task.group.id] = task.group
        elif isinstance(task, Review):
            self.assets.update({asset.id: asset for asset in task.assets})
        elif isinstance(task, Video):
            self.files[task.file_token] = task
        if isinstance(task, Review | Video) and not task.settled:
            self.unsettled.append(task)

    def balance_usd(self) -> float:
        """Return what is left to spend."""
        return self.scenario.balance_usd - self.spent_usd

    def settle(self) -> None:
        """Note the ends that the clock has brought since the last look."""
        now = self.now()
        over = [task for task in self.unsettled if task.done_at <= now]
        if over:
            self.unsettled = [task for task in self.unsettled if task.done_at > now]
        for task in over:
            self._settle(task)

    def _settle(self, task: Review | Video) -> None:
        task.settled = True
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
