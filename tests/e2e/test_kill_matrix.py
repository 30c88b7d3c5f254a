"""SIGKILL of the worker on both sides of every step's effect: each cell recovers or stands held.

One worker dies for all cells at once: many onboardings are stopped, each in another place, then
comes the kill, and all of them go on side by side.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from pathlib import Path
from typing import Any

import pytest

from devstack.stack import Stack
from devstack.supervisor import ProcessSpec
from likeness import steps
from likeness.messages.conversation import OnboardingStatus
from likeness.stages import Stage
from likeness.steps import Step
from tests.e2e.conftest import House, housed
from tests.e2e.guests import VIDEO, Desk, Guest, Outcome, eventually
from tests.e2e.kill_matrix import CELLS, Cell, Doorstep
from tests.e2e.pauses import FOLDER_VARIABLE, Pause, Pauses
from tests.reliability.figures import record

pytestmark = [pytest.mark.server, pytest.mark.processes, pytest.mark.timeout(400)]

QUICK_S, LONG_S = 0.3, 10_000
NEVER_S = 1_000_000

STOPS_FOR_LONG = {
    step.name
    for step in (
        *(steps.TELL_REGISTRY, steps.KEEP_RECEIPT, steps.ERASE_FILES, steps.AWAIT_VIDEO),
        *(steps.POLL_REVIEW, steps.POLL_GENERATION, steps.ARCHIVE_VIDEO),
        steps.PREPARE_GENERATION,
    )
}
"""Steps that may stand still for a minute before the server gives them up."""


LASTING_ROUTES = ("generate_video", "submit_assets", "download")
"""Calls that our client waits for longer than for the others."""


class Matrix:
    """Every cell's onboarding in one house, from the first invitation to where it rests."""

    def __init__(self, desk: Desk, house: House, pauses: Pauses) -> None:
        self.desk = desk
        self.house = house
        self.pauses = pauses
        self.guests: dict[str, Guest] = {}
        self.holds: list[str] = []
        self.asked: list[Pause] = []
        self.orders: list[Awaitable[Any]] = []

    async def rested(self) -> dict[str, Outcome]:
        """Stop every onboarding in its place, kill, and tell what has become of each."""
        await self.all_at_their_doorsteps()
        await self.all_stopped()
        await self.worker_dies()
        statuses = await asyncio.gather(*map(self.gone_on, CELLS))
        await asyncio.gather(*self.orders)
        tally = await self.desk.tally()
        return {
            cell.name: self.guests[cell.name].outcome(status, tally)
            for cell, status in zip(CELLS, statuses, strict=True)
        }

    # Up to the doorsteps, where nothing is in anybody's way yet.

    async def all_at_their_doorsteps(self) -> None:
        scenario = self.desk.upstream.scenario
        await scenario(link_ttl_s=NEVER_S, token_ttl_s=NEVER_S, review_seconds=QUICK_S)
        # One question for all that are watched would leave no call about each to die in.
        await scenario(batch=False)
        await scenario(video_seconds=LONG_S)
        await self.brought(Doorstep.GENERATING)
        await scenario(video_seconds=QUICK_S, review_seconds=LONG_S)
        await self.brought(Doorstep.IN_REVIEW)
        await scenario(review_seconds=QUICK_S)
        await self.brought(Doorstep.INVITED, Doorstep.SCANNED, Doorstep.DONE)

    async def brought(self, *doorsteps: Doorstep) -> None:
        await asyncio.gather(*(self.bring(cell) for cell in CELLS if cell.doorstep in doorsteps))

    async def bring(self, cell: Cell) -> None:
        guest = await self.desk.guest(cell.name, video=VIDEO if cell.with_video else None)
        self.guests[cell.name] = guest
        match cell.doorstep:
            case Doorstep.SCANNED:
                await guest.scans()
            case Doorstep.IN_REVIEW:
                await guest.passes()
                await guest.until(lambda s: s.stage is Stage.IN_REVIEW)
            case Doorstep.GENERATING:
                await guest.passes()
                await guest.until(lambda s: s.stage is Stage.GENERATING)
                await eventually(lambda: self.video_task(guest))
            case Doorstep.DONE:
                await guest.passes()
                await guest.rests(files=cell.with_video + 1)

    @staticmethod
    async def video_task(guest: Guest) -> str | None:
        return (await guest.video()).task_id

    # Each is stopped; those last whom the server or our client gives up soonest.

    async def all_stopped(self) -> None:
        archiving = [c for c in CELLS if c.place == steps.ARCHIVE_VIDEO.name]
        await self.stop_in_turn(archiving)
        await asyncio.gather(
            *map(self.stop, (c for c in CELLS if stands_long(c) and c not in archiving))
        )
        await self.stop_in_turn(c for c in CELLS if c.place == steps.AWAIT_ACCOUNT.name)
        for route in LASTING_ROUTES:
            await self.stop_in_turn(c for c in CELLS if c.place == route and c.on_the_wire)
        watched = (Doorstep.IN_REVIEW, Doorstep.GENERATING)
        await asyncio.gather(*map(self.stop, (c for c in CELLS if c.doorstep in watched)))
        await self.stop_in_turn(c for c in CELLS if is_brief(c) and c.on_the_wire)
        await asyncio.gather(
            *map(self.stop, (c for c in CELLS if is_brief(c) and not c.on_the_wire))
        )

    async def stop_in_turn(self, cells: Iterable[Cell]) -> None:
        """Stop one after the other: a hold or a fault catches whoever comes first."""
        for cell in cells:
            await self.stop(cell)

    async def stop(self, cell: Cell) -> None:
        if cell.on_the_wire:
            hold = await self.held_at_the_upstream(cell)
            await self.goes_on(cell)
            assert await self.desk.upstream.arrived(hold)
        else:
            pause = self.paused_in_the_worker(cell)
            await self.goes_on(cell)
            await pause.until_reached()

    async def held_at_the_upstream(self, cell: Cell) -> str:
        await self.desk.upstream.scenario(
            idempotency="honoured" if cell.honours_keys else "ignored"
        )
        hold = await self.desk.upstream.hold(
            cell.place,
            f"{cell.side}_effect",
            task_kind=cell.task_kind,
            task_id=await self.watched_task(cell),
        )
        self.holds.append(hold)
        return hold

    async def watched_task(self, cell: Cell) -> str | None:
        guest = self.guests[cell.name]
        match cell.doorstep:
            case Doorstep.IN_REVIEW:
                status = await guest.until(lambda s: s.group_id is not None)
                return (await self.desk.tally()).reviews(status.group_id)[0]
            case Doorstep.GENERATING:
                return await self.video_task(guest)
            case _:
                return None

    def paused_in_the_worker(self, cell: Cell) -> Pause:
        guest = self.guests[cell.name]
        match cell.place:
            case steps.KEEP_RECEIPT.name | steps.ERASE_FILES.name:
                whose = guest.person_id
            case (
                steps.TRIGGER_GENERATION.name
                | steps.POLL_GENERATION.name
                | steps.ARCHIVE_VIDEO.name
            ):
                whose = guest.video_id
            case _:
                whose = guest.workflow_id
        pause = self.pauses.ask(cell.place, cell.side, whose)
        self.asked.append(pause)
        return pause

    async def goes_on(self, cell: Cell) -> None:
        """Do what leads from the doorstep to the stop."""
        guest = self.guests[cell.name]
        if cell.account_refused:
            await self.desk.upstream.fault("submit_assets", "402")
        if cell.place == steps.ARCHIVE_VIDEO.name:
            # What is copied at once needs no such step.
            await self.desk.upstream.fault("download", "404")
        match cell.doorstep, cell.place:
            case Doorstep.INVITED, _:
                guest.tap()
            case Doorstep.SCANNED, _:
                await guest.comes_back()
            case _, steps.AWAIT_VIDEO.name:
                await guest.begins_again_before("START_CHILD_WORKFLOW_EXECUTION_INITIATED")
            case _, steps.ERASE_FILES.name:
                self.orders.append(asyncio.create_task(guest.erased()))

    async def worker_dies(self) -> None:
        """Kill it while everybody stands; then nothing is in anybody's way any more.

        Calls held at the upstream end there, because nobody is left to be answered.
        """
        standing = [await self.desk.upstream.standing(hold) for hold in self.holds]
        assert [True] * len(CELLS) == standing + [pause.is_reached for pause in self.asked]
        self.house.processes.kill("worker")
        self.pauses.lift_all()
        await self.desk.upstream.advance(LONG_S)
        self.house.processes.restart("worker")

    # Where everybody comes to rest.

    async def gone_on(self, cell: Cell) -> OnboardingStatus:
        """Do no more than the person would; wait for the end or a hold."""
        guest = self.guests[cell.name]
        if cell.doorstep is Doorstep.INVITED:
            await guest.passes()
        return await guest.rests(files=cell.ends.files)


def stands_long(cell: Cell) -> bool:
    return cell.place in STOPS_FOR_LONG and not cell.on_the_wire


def is_brief(cell: Cell) -> bool:
    """Tell whether a stop there is over within fifteen seconds."""
    lasting = cell.on_the_wire and cell.place in LASTING_ROUTES
    watching = cell.place == steps.AWAIT_ACCOUNT.name or stands_long(cell)
    return cell.doorstep in (Doorstep.INVITED, Doorstep.SCANNED) and not (lasting or watching)


def paused_worker(stack: Stack, pauses: Pauses) -> ProcessSpec:
    """Describe the stack's worker with the stops of ``tests.e2e.paused_worker``."""
    spec = stack.worker()
    settings = {
        FOLDER_VARIABLE: str(pauses.folder),
        "UPSTREAM_RPS": "200",
        "ACCOUNT_PROBE_S": "1",
    }
    return spec.model_copy(
        update={
            "argv": (spec.argv[0], "-m", "tests.e2e.paused_worker"),
            "environment": {**spec.environment, **settings},
        }
    )


@pytest.fixture(scope="module")
def outcomes(temporal_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    directory = tmp_path_factory.mktemp("matrix")
    pauses = Pauses(directory / "pauses")

    async def run(house: House) -> dict[str, Outcome]:
        async with Desk.opened(house.stack) as desk:
            return await Matrix(desk, house, pauses).rested()

    with housed(temporal_cli, directory) as house:
        house.processes.start(house.stack.simulator())
        house.processes.start(paused_worker(house.stack, pauses))
        outcomes = asyncio.run(run(house))
    record("kill-matrix", "RECORD=1 pytest tests/e2e/test_kill_matrix.py", figures(outcomes))
    return outcomes


def figures(outcomes: dict[str, Outcome]) -> dict[str, int]:
    held = sum(found.held_by is not None for found in outcomes.values())
    return {
        "cells, each with its SIGKILL": len(CELLS),
        "recovered by themselves": len(CELLS) - held,
        "standing in a declared hold": held,
        "otherwise than declared": sum(cell.ends != outcomes[cell.name] for cell in CELLS),
        "videos paid twice": sum(found.charges > 1 for found in outcomes.values()),
    }


class TestKillMatrix:
    @pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
    def test_a_killed_worker_leaves(self, outcomes: dict[str, Outcome], cell: Cell) -> None:
        assert cell.ends == outcomes[cell.name]

    def test_no_video_is_paid_twice(self, outcomes: dict[str, Outcome]) -> None:
        assert [] == [name for name, found in outcomes.items() if found.charges > 1]

    def test_every_step_has_its_cells(self) -> None:
        stopped = {cell.place for cell in CELLS if not cell.on_the_wire}
        # Repeated under one event id by design: test_many.py kills workers under hundreds of them.
        stopped |= {steps.DELIVER_WEBHOOK.name}
        known = {step.name for step in vars(steps).values() if isinstance(step, Step)}

        assert known == stopped
