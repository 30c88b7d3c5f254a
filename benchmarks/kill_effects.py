"""Kills a contender's processes once while people are under way, and counts what came of each."""

import asyncio
import dataclasses
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from benchmarks.contender import Contender, Place, RunningStore
from benchmarks.patient_crowd import PATIENCE_S, PatientCrowd
from devstack.isolation import child_environment
from devstack.ports import LOOPBACK, free_port
from devstack.stack import our_process
from devstack.supervisor import ProcessSpec, Supervisor
from simulator.control import NO_CERTIFICATES, SimulatorControl
from simulator.ledger import fingerprint

Entry = Mapping[str, Any]

POSTS = ("create_session", "submit_assets")
"""What must not be done twice, and nothing but care keeps from it: neither has a key."""

ANSWERED_AFTER_S = 0.4
"""How long the upstream takes over such a POST, so that a death finds some unanswered."""

LOOK_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When the processes die: with the ``nth`` POST of a route just sent; and for how long."""

    route: str
    nth: int
    down_s: float

    @classmethod
    def of(cls, seed: int, people: int) -> Self:
        """Choose one; the same seed gives the same."""
        chance = random.Random(f"kill:{seed}")  # noqa: S311 - chance that can be repeated
        return cls(
            route=chance.choice(POSTS), nth=chance.randint(1, people), down_s=chance.uniform(0, 2)
        )


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What became of the people, and which effects the upstream saw beyond one for each.

    ``held`` stand where somebody must decide, and say so; ``lost`` neither ended with a usable
    asset nor stand there. ``doubled_sessions`` are those beyond one for each person who
    tapped and each link declared lost, ``doubled_submissions`` those beyond one for each person.
    """

    contender: str
    seed: int
    moment: Moment
    people: int
    finished: int
    held: int
    lost: int
    links_declared_lost: int
    doubled_sessions: int
    doubled_submissions: int
    troubles: Mapping[str, int]


@contextmanager
def upstream_running(directory: Path) -> Iterator[tuple[Supervisor, str]]:
    """Run the simulator; yields the supervisor that owns it and where it listens."""
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    with Supervisor() as processes:
        processes.start(
            our_process(
                "simulator",
                *("-m", "simulator", "--port", str(port), "--scenario", "quick"),
                environment=child_environment(directory / "home", {}),
                directory=directory,
                ready_url=f"{url}/_sim/health",
            )
        )
        yield processes, url


def kill_effects(
    contender: Contender, store: RunningStore, directory: Path, *, people: int, seeds: Iterable[int]
) -> list[Effects]:
    """Play one crowd and one death for each seed; call it outside of an event loop."""
    with upstream_running(directory) as (processes, url):
        place = Place(store=store, upstream_url=url, directory=directory)
        return [
            asyncio.run(_played(contender, place, processes, people=people, seed=seed))
            for seed in seeds
        ]


def as_json(effects: Iterable[Effects]) -> dict[str, Any]:
    """Give the sums for each contender, and every round behind them."""
    rounds = [dataclasses.asdict(each) for each in effects]
    sums: dict[str, Counter[str]] = {}
    for each in rounds:
        numbers = {key: n for key, n in each.items() if type(n) is int and key != "seed"}
        sums.setdefault(each["contender"], Counter()).update({"rounds": 1, **numbers})
    return {"contenders": {name: dict(total) for name, total in sums.items()}, "rounds": rounds}


async def _played(
    contender: Contender, place: Place, processes: Supervisor, *, people: int, seed: int
) -> Effects:
    moment = Moment.of(seed, people)
    names = [f"{contender.name}-{seed}-{number}" for number in range(people)]
    specs = contender.processes(place)
    async with (
        SimulatorControl(place.upstream_url) as upstream,
        httpx.AsyncClient(trust_env=False, verify=NO_CERTIFICATES, timeout=60) as phone,
    ):
        await upstream.reset()
        for post in POSTS:
            await upstream.fault(post, "delay", times=None, delay_s=ANSWERED_AFTER_S)
        for spec in specs:
            processes.start(spec)
        try:
            async with contender.called(place) as caller:
                chance = random.Random(f"crowd:{seed}")  # noqa: S311 - chance that can be repeated
                crowd = PatientCrowd(caller=caller, phone=phone, chance=chance)
                crowd.sets_out(names)
                await _die_and_return(specs, processes, upstream, moment)
                held = await crowd.has_come_to_rest()
        finally:
            for spec in reversed(specs):
                processes.kill(spec.name)
        ledger = await upstream.ledger()
    finished = crowd.finished()
    return Effects(
        contender=contender.name,
        seed=seed,
        moment=moment,
        people=people,
        finished=len(finished),
        held=len(held - finished),
        lost=len(set(names) - finished - held),
        links_declared_lost=crowd.links_declared_lost,
        doubled_sessions=doubled_sessions(ledger, crowd),
        doubled_submissions=doubled_submissions(ledger, names, place.upstream_url),
        troubles=crowd.troubles(),
    )


async def _die_and_return(
    specs: Iterable[ProcessSpec],
    processes: Supervisor,
    upstream: SimulatorControl,
    moment: Moment,
) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await upstream.counts()).get(moment.route, 0) < moment.nth:  # noqa: ASYNC110 - the upstream tells nobody
            await asyncio.sleep(LOOK_S)
    for spec in specs:
        processes.kill(spec.name)
    await asyncio.sleep(moment.down_s)
    for spec in specs:
        processes.spawn(spec)


def doubled_sessions(ledger: Iterable[Entry], crowd: PatientCrowd) -> int:
    """Count the sessions beyond one for each who tapped and each that was declared lost."""
    made = len([entry for entry in ledger if entry["name"] == "session_created"])
    return max(0, made - len(crowd.tapped) - crowd.links_declared_lost)


def doubled_submissions(ledger: Iterable[Entry], people: Iterable[str], upstream_url: str) -> int:
    """Count the submissions beyond one for each person, each of whom has one portrait."""
    sent: Counter[str] = Counter(
        asset
        for entry in ledger
        if entry["name"] == "assets_submitted"
        for asset in entry["detail"]["asset_urls"]
    )
    of_people = (fingerprint(f"{upstream_url}/portraits/{person}.jpg") for person in people)
    return sum(max(0, sent[asset] - 1) for asset in of_people)
