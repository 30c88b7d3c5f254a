"""Plays rounds: every contender in turn, each on the same schedule and a simulator of its own."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.contender import Contender, Place, RunningStore, Store
from benchmarks.kill_effects import Effects, kill_effects
from benchmarks.phases import play_phase
from benchmarks.process_trees import ProcessTrees
from benchmarks.schedule import Load
from devstack.child import Child
from devstack.isolation import child_environment
from devstack.ports import LOOPBACK, free_port
from devstack.stack import our_process
from devstack.supervisor import ProcessSpec, Supervisor

HEALTH = "/_sim/health"
KILLED_CROWD = 20

Fresh = Callable[[Path], AbstractContextManager[RunningStore]]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one round is: loads by the name of their phase, played one after the other.

    ``idle_s`` is how long the store is watched while nobody uses it. Each contender has a fresh
    store in each round, so that nobody works on what another one left behind; ``keeps_store`` gives
    the contenders of a single round the same one, which is quicker. ``kills`` crowds of each
    contender are met by a kill -9 after the rounds.
    """

    phases: Mapping[str, Load]
    rounds: int = 1
    idle_s: float = 5.0
    keeps_store: bool = False
    kills: int = 0


@dataclass(kw_only=True)
class Round:
    """What was measured of one contender in one round: figures by phase, as plain JSON."""

    contender: str
    round: int
    phases: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(kw_only=True)
class Played:
    """All rounds, in the order in which they were played, and what they were played on."""

    store: dict[str, str] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)


def play(
    plan: Plan,
    store: Store,
    contenders: Sequence[Contender],
    directory: Path,
    *,
    say: Callable[[str], None],
) -> Played:
    """Play all rounds, interleaved; call it outside of an event loop.

    Each round begins with another contender, so that none always follows the same one.
    """
    played = Played()
    with _stores(plan, store, directory) as fresh:
        for number in range(plan.rounds):
            turn = number % len(contenders)
            for contender in (*contenders[turn:], *contenders[:turn]):
                say(f"round {number + 1} of {plan.rounds}: {contender.name}")
                folder = directory / f"{number + 1}-{contender.name}"
                with fresh(folder) as running:
                    played.store = {"name": running.name, **running.settings}
                    phases = _play_one(plan, running, contender, folder)
                played.rounds.append(
                    Round(contender=contender.name, round=number + 1, phases=phases)
                )
    return played


def die(
    plan: Plan,
    store: Store,
    contenders: Sequence[Contender],
    directory: Path,
    *,
    seed: int,
    say: Callable[[str], None],
) -> list[Effects]:
    """Kill every contender as often as planned, each on a fresh store; as ``play``."""
    effects = []
    for contender in contenders if plan.kills else ():
        say(f"kill -9, {plan.kills} times: {contender.name}")
        folder = directory / f"kill-{contender.name}"
        seeds = range(seed, seed + plan.kills)
        with store.running(folder / "store") as running:
            effects += kill_effects(contender, running, folder, people=KILLED_CROWD, seeds=seeds)
    return effects


def simulator_process(directory: Path) -> ProcessSpec:
    """Describe a pretended upstream on a free port, with nothing kept."""
    url = f"http://{LOOPBACK}:{(port := free_port())}"
    return our_process(
        "simulator",
        *("-m", "simulator", "--port", str(port)),
        environment=child_environment(directory / "home", {}),
        directory=directory,
        ready_url=f"{url}{HEALTH}",
    )


@contextmanager
def _stores(plan: Plan, store: Store, directory: Path) -> Iterator[Fresh]:
    if not plan.keeps_store:
        yield lambda folder: store.running(folder / "store")
        return
    with store.running(directory / "store") as running:
        yield lambda _: nullcontext(running)


def _play_one(
    plan: Plan, running: RunningStore, contender: Contender, folder: Path
) -> dict[str, dict[str, Any]]:
    phases = {}
    idle = _idle_ms_per_s(running, plan.idle_s)
    for name, load in plan.phases.items():
        with Supervisor() as processes:
            upstream = simulator_process(folder)
            simulator = processes.start(upstream)
            place = Place(
                store=running,
                upstream_url=str(upstream.ready_url).removesuffix(HEALTH),
                directory=folder,
                poll_interval_s=load.scaled_poll_s,
            )
            apps = [processes.start(spec) for spec in contender.processes(place)]
            trees = ProcessTrees(
                {**running.roots, "app": _pids(*apps), "simulator": _pids(simulator)}
            )
            phase = play_phase(name, load, contender, place, trees=trees)
            phases[name] = {**idle, **asyncio.run(phase)}
            processes.check()
    return phases


def _idle_ms_per_s(running: RunningStore, seconds: float) -> dict[str, float]:
    """Give the CPU (ms) that each tree of the store spends in a second without work."""
    trees = ProcessTrees(running.roots)
    before = trees.cpu_s()
    time.sleep(seconds)
    spent = {name: cpu_s - before[name] for name, cpu_s in trees.cpu_s().items()}
    return {f"{name}_idle_cpu_ms_per_s": 1000 * s / seconds for name, s in spent.items()}


def _pids(*children: Child) -> tuple[int, ...]:
    return tuple(child.pid for child in children if child.pid is not None)
