"""Makes runs from a seed: a world, what goes wrong, a person, an operator, a moment to die at.

Pure. Run K depends on the seed and on K alone, so that it can be played again by itself.
"""

import hashlib
import json
from collections.abc import Sequence
from enum import StrEnum
from random import Random

from pydantic import BaseModel, ConfigDict

from likeness.messages.conversation import Resolution
from likeness.stages import QueryPolicy
from simulator.faults import Fault, FaultKind, HoldRequest, Route, TaskKind
from simulator.person.journey import PersonScenario
from simulator.scenario import PRESETS, IdempotencyMode, Scenario

KILLED_OF = 3
"""One run in so many loses its worker by SIGKILL."""

STORM_OF = 30
"""One run in so many loses Temporal for some seconds, and one loses the web process."""

ENDLESS = {"session_without_link", "review_stuck", "video_stuck"}
SHORT_DEADLINE_S = 25.0
LONG_DEADLINE_S = 75.0
KILLED_DEADLINE_S = 170.0
"""Above two heartbeat timeouts of a watch, after which a killed worker's work is taken up."""


class Guest(StrEnum):
    """What the person is like; the first ones are those of ``simulator.person``."""

    PASSES = PersonScenario.PASSES.value
    FAILS = PersonScenario.FAILS.value
    ABANDONS = PersonScenario.ABANDONS.value
    FAILS_THEN_PASSES = PersonScenario.FAILS_THEN_PASSES.value
    CLOSES_AFTER_PASSING = PersonScenario.CLOSES_AFTER_PASSING.value
    TAPS_TWICE = PersonScenario.TAPS_TWICE.value
    TRIES_ANOTHER_DEVICE = PersonScenario.TRIES_ANOTHER_DEVICE.value
    DECLINES = "decline"
    STAYS_AWAY = "stay_away"

    @property
    def passes(self) -> bool:
        """Whether this one proves to be real in the end."""
        return self not in {Guest.FAILS, Guest.ABANDONS, Guest.DECLINES, Guest.STAYS_AWAY}


class Mischief(StrEnum):
    """What a stranger, or the way back itself, does to callbacks."""

    FORGED_TOKENS = "forged_tokens"
    EARLY_HINTS = "early_hints"
    FOREIGN_TOKEN = "foreign_token"
    REPEATS = "repeats"


class Verb(StrEnum):
    """What an operator, the caller or the person orders while the run is under way."""

    CANCEL = "cancel"
    WITHDRAW = "withdraw"
    EXTEND_DEADLINE = "extend_deadline"
    CHECK_NOW = "check_now"
    REVOKE_LINK = "revoke_link"
    RELEASE_DEVICE = "release_device"
    RESET_ATTEMPTS = "reset_attempts"


class OnAssets(StrEnum):
    """What the caller does when refused assets wait."""

    REPLACE = "replace_assets"
    ACCEPT = "accept_partial"
    CANCEL = "cancel"
    LEAVE = "leave"


class Storm(StrEnum):
    """What else dies, and comes back after some seconds."""

    TEMPORAL = "temporal"
    WEB = "web"


class Frozen(BaseModel):
    """A part of a plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Order(Frozen):
    """One order, given ``wait_s`` after the ledger holds ``after`` (None: after the start)."""

    verb: Verb
    after: str | None
    wait_s: float


class Blow(Frozen):
    """Something is killed ``wait_s`` after the ledger holds ``after``, and away for ``away_s``."""

    what: Storm
    after: str
    wait_s: float
    away_s: float


class Run(Frozen):
    """One run; its world is ``preset`` with ``changes``.

    ``proven``: the worker is told that the upstream honours idempotency keys, which it does then.
    """

    number: int
    preset: str
    changes: dict[str, float | int | str | bool]
    policy: QueryPolicy
    deadline_s: float
    assets: tuple[str, ...]
    min_usable: int
    video: bool
    guest: Guest
    mischief: tuple[Mischief, ...]
    faults: tuple[Fault, ...]
    orders: tuple[Order, ...]
    on_assets: OnAssets
    on_decision: Resolution | None
    mends: bool
    proven: bool
    kill: HoldRequest | None
    away_s: float
    blow: Blow | None

    @property
    def scenario(self) -> Scenario:
        """The upstream's world."""
        return Scenario.model_validate({**PRESETS[self.preset].model_dump(), **self.changes})

    @property
    def title(self) -> str:
        """A line for whoever watches."""
        parts = [self.preset, self.guest.value, *(f"{f.route}:{f.kind}" for f in self.faults)]
        parts += [*self.mischief, *(order.verb for order in self.orders)]
        if self.kill is not None:
            parts.append(f"SIGKILL {self.kill.when} of {self.kill.route}")
        if self.blow is not None:
            parts.append(f"{self.blow.what} killed")
        return ", ".join(parts)


def plan(seed: int, runs: int) -> tuple[Run, ...]:
    """Return the first runs of a seed."""
    return tuple(planned(seed, number) for number in range(1, runs + 1))


def digest(runs: Sequence[Run]) -> str:
    """Return 16 hex digits that name this plan and no other."""
    texts = [run.model_dump(mode="json") for run in runs]
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:16]


def planned(seed: int, number: int) -> Run:
    """Return run ``number`` of a seed."""
    dice = Random(f"{seed}/{number}")  # noqa: S311 - the same again is the point
    preset = dice.choice(sorted(PRESETS))
    storm = _storm(number)
    killed = storm is None and number % KILLED_OF == 0
    guest = _guest(dice, passing_only=killed)
    video = dice.random() < 0.65
    assets = tuple(dice.choice(("a", "b", "c", "refused")) for _ in range(dice.randint(1, 3)))
    kill = _kill(dice, video=video) if killed else None
    changes = _changes(dice, preset)
    return Run(
        number=number,
        preset=preset,
        changes=changes,
        policy=QueryPolicy.POLL if dice.random() < 0.15 else QueryPolicy.FRUGAL,
        deadline_s=_deadline_s(preset, guest, killed=killed or storm is not None),
        assets=assets,
        min_usable=dice.randint(1, len(assets)),
        video=video,
        guest=guest,
        mischief=_mischief(dice),
        faults=_faults(dice),
        orders=_orders(dice),
        on_assets=dice.choice(tuple(OnAssets)),
        on_decision=dice.choice((None, *Resolution)),
        mends=dice.random() < 0.5,
        proven=_honours(preset, changes) and dice.random() < 0.4,
        kill=kill,
        away_s=round(dice.uniform(0, 2), 2),
        blow=None if storm is None else _blow(dice, storm, video=video),
    )


def _storm(number: int) -> Storm | None:
    return {7: Storm.TEMPORAL, 22: Storm.WEB}.get(number % STORM_OF)


def _guest(dice: Random, *, passing_only: bool) -> Guest:
    # Whoever never passes shows little of what comes after, so those are fewer.
    weights = [4 if guest.passes else int(not passing_only) for guest in Guest]
    return dice.choices(tuple(Guest), weights)[0]


def _deadline_s(preset: str, guest: Guest, *, killed: bool) -> float:
    endless = preset in ENDLESS or not guest.passes
    if killed:
        return LONG_DEADLINE_S if endless else KILLED_DEADLINE_S
    return SHORT_DEADLINE_S if endless else LONG_DEADLINE_S


def _changes(dice: Random, preset: str) -> dict[str, float | int | str | bool]:
    """Make a world quick, without taking from it what it is named after."""
    quick: dict[str, float | int | str | bool] = {
        "session_s": round(dice.uniform(0, 0.8), 2),
        "review_seconds": round(dice.uniform(0.1, 1.5), 2),
        "video_seconds": round(dice.uniform(0.1, 1.5), 2),
        "callback_delay_s": round(dice.uniform(0.2, 2), 2),
        "video_bytes": dice.choice((1, 20_000, 300_000)),
        "single_use_token": dice.random() < 0.2,
    }
    if preset not in ("no_idempotency", "indeterminate"):
        quick["idempotency"] = dice.choice(tuple(IdempotencyMode)).value
    named = PRESETS[preset].model_dump(exclude_defaults=True)
    return {name: value for name, value in quick.items() if name not in named or preset == "quick"}


def _honours(preset: str, changes: dict[str, float | int | str | bool]) -> bool:
    known = PRESETS[preset].idempotency
    return changes.get("idempotency", known) == IdempotencyMode.HONOURED


def _mischief(dice: Random) -> tuple[Mischief, ...]:
    return tuple(each for each in Mischief if dice.random() < 0.2)


_POINTS: tuple[tuple[Route, TaskKind | None], ...] = (
    ("create_session", None),
    ("get_task", "session"),
    ("query_group", None),
    ("submit_assets", None),
    ("get_task", "review"),
    ("batch", None),
)
_VIDEO_POINTS: tuple[tuple[Route, TaskKind | None], ...] = (
    ("generate_video", None),
    ("get_task", "video"),
    ("download", None),
)


def _faults(dice: Random) -> tuple[Fault, ...]:
    return tuple(_fault(dice) for _ in range(dice.choices((0, 1, 2, 3), (3, 4, 2, 1))[0]))


def _fault(dice: Random) -> Fault:
    route, task_kind = dice.choice((*_POINTS, *_VIDEO_POINTS, ("balance", None)))
    kind = dice.choice(tuple(FaultKind))
    waits = kind in (FaultKind.RATE_LIMITED, FaultKind.OVERLOADED)
    lasting = kind in (FaultKind.UNAUTHORIZED_LIVE, FaultKind.PAYMENT, FaultKind.FORBIDDEN)
    return Fault(
        route=route,
        kind=kind,
        task_kind=task_kind,
        times=None if lasting and dice.random() < 0.3 else dice.choice((1, 1, 1, 2, 3)),
        after=dice.choice((0, 0, 0, 1)),
        delay_s=round(dice.uniform(0.2, 2.5), 2) if kind is FaultKind.DELAY else 0,
        retry_after_s=dice.choice((1, 2)) if waits else None,
    )


_MOMENTS = ("session_created", "h5_opened", "h5_passed", "assets_submitted", "video_charged")


def _orders(dice: Random) -> tuple[Order, ...]:
    count = dice.choices((0, 1, 2), (5, 4, 1))[0]
    return tuple(
        Order(
            verb=dice.choice(tuple(Verb)),
            after=None if dice.random() < 0.1 else dice.choice(_MOMENTS),
            wait_s=round(dice.uniform(0, 1.5), 2),
        )
        for _ in range(count)
    )


def _kill(dice: Random, *, video: bool) -> HoldRequest:
    route, task_kind = dice.choice((*_POINTS, *_VIDEO_POINTS) if video else _POINTS)
    when = dice.choice(("before_effect", "after_effect"))
    return HoldRequest.model_validate({"route": route, "when": when, "task_kind": task_kind})


def _blow(dice: Random, storm: Storm, *, video: bool) -> Blow:
    moments = [moment for moment in _MOMENTS if video or moment != "video_charged"]
    return Blow(
        what=storm,
        after=dice.choice(moments),
        wait_s=round(dice.uniform(0, 0.5), 2),
        away_s=round(dice.uniform(1, 6), 2),
    )
