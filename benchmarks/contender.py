"""What every contender must be able to do, so that all of them are measured alike."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from devstack.supervisor import ProcessSpec


@dataclass(frozen=True, kw_only=True)
class RunningStore:
    """A store while it runs.

    ``roots`` names the process trees to be measured apart (``server``, ``database``) by the
    process ids at their roots; ``settings`` is what a reader must know of it (versions, fsync).
    """

    name: str
    temporal_address: str
    namespace: str
    roots: Mapping[str, tuple[int, ...]]
    settings: Mapping[str, str]
    database_url: str | None = None
    """Where a contender may keep a database of its own; None where the store has none."""


class Store(Protocol):
    """Where histories are kept: a way to start it in a folder of its own."""

    name: str

    def running(self, directory: Path) -> AbstractContextManager[RunningStore]:
        """Start it empty; whatever was started has ended when the block is left."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one contender runs in one round: one store, one simulator, a folder of its own."""

    store: RunningStore
    upstream_url: str
    directory: Path
    upstream_rps: float = 200.0
    poll_interval_s: float = 5.0
    """How long every contender waits between two polls of the same task."""


@dataclass(frozen=True, kw_only=True)
class RunCost:
    """What one run's history costs: events, bytes, billable actions (heartbeats not included)."""

    workflow_type: str
    events: int
    bytes: int
    actions: int


@dataclass(frozen=True, kw_only=True)
class Costs:
    """The histories of all runs a contender made, and what they add up to."""

    runs: tuple[RunCost, ...] = field(default=())


class LinkLostError(RuntimeError):
    """The session that was asked for is lost, and the contender knows; ask again."""


class LinkRefusedError(RuntimeError):
    """No session was asked for at the upstream; ask again in a moment."""


class Caller(Protocol):
    """The load driver's side of one contender; the driver plays the person's phone itself."""

    async def begin(self, person: str) -> None:
        """Start one onboarding with one asset, ``{upstream_url}/portraits/{person}.jpg``."""

    async def link(self, person: str) -> str:
        """Have the person's ``h5_link`` of a session minted now.

        Raises:
            LinkLostError, LinkRefusedError: There is none; the person may ask again.

        """

    async def came_back(self, person: str) -> None:
        """Tell that the person's browser came back from the check."""

    async def ended(self, person: str) -> bool:
        """Wait until it is over; tell whether there is a usable asset."""

    async def costs(self) -> Costs | None:
        """Read every history; None for a contender without histories."""


@runtime_checkable
class TellsHolds(Protocol):
    """A caller whose contender may stop and have somebody decide, and says so."""

    async def is_held(self, person: str) -> bool:
        """Tell whether the person's onboarding stands in a hold."""


class Contender(Protocol):
    """One way to onboard people: processes that do the work, and a client to order it."""

    name: str

    def processes(self, place: Place) -> tuple[ProcessSpec, ...]:
        """Give the app's processes, in the order of their start."""

    def called(self, place: Place) -> AbstractAsyncContextManager[Caller]:
        """Connect a client to the running app."""
