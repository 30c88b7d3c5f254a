"""Serve the control routes under /_sim/: what happened, and what shall happen next."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, ValidationError

from simulator.faults import Fault, Hold, HoldRequest
from simulator.scenario import PRESETS, Scenario
from simulator.world import World

LOOPBACK = {"127.0.0.1", "::1"}
LONGEST_WAIT_S = 30


class ClockAdvance(BaseModel):
    """How far the simulator's clock is to jump."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    advance_s: float


def _from_this_machine(request: Request) -> None:
    if request.client is None or request.client.host not in LOOPBACK:
        raise HTTPException(403, "control routes answer this machine only")


def control_routes(world: World) -> APIRouter:
    """Return all control routes of one world."""
    router = APIRouter(prefix="/_sim", dependencies=[Depends(_from_this_machine)])

    @router.get("/health")
    async def health() -> dict[str, bool]:
        return {"ok": True}

    @router.get("/ledger")
    async def ledger() -> dict[str, Any]:
        world.settle()
        entries = [entry.model_dump(mode="json") for entry in world.ledger.entries]
        return {"entries": entries, "counts": world.ledger.counts()}

    @router.get("/secrets")
    async def secrets() -> dict[str, list[str]]:
        return world.vault.secrets

    @router.get("/scenario")
    async def scenario() -> Scenario:
        return world.scenario

    @router.put("/scenario")
    async def change_scenario(wanted: Annotated[dict[str, Any], Body()]) -> Scenario:
        world.scenario = _changed(world.scenario, wanted)
        return world.scenario

    @router.post("/clock")
    async def clock(jump: ClockAdvance) -> dict[str, float]:
        world.advance(jump.advance_s)
        return {"now": world.now()}

    @router.post("/reset")
    async def reset() -> dict[str, bool]:
        await world.reset()
        return {"ok": True}

    _add_faults(router, world)
    _add_holds(router, world)
    return router


def _changed(current: Scenario, wanted: dict[str, Any]) -> Scenario:
    fields = dict(wanted)
    name = fields.pop("name", None)
    if name is not None and name not in PRESETS:
        raise HTTPException(422, f"no scenario {name!r}; known: {', '.join(PRESETS)}")
    base = current if name is None else PRESETS[name]
    try:
        return Scenario.model_validate({**base.model_dump(), **fields})
    except ValidationError as refused:
        raise HTTPException(422, refused.errors(include_url=False)) from refused


def _add_faults(router: APIRouter, world: World) -> None:
    @router.post("/faults")
    async def add_fault(fault: Fault) -> dict[str, bool]:
        world.faults.add(fault)
        return {"ok": True}

    @router.delete("/faults")
    async def clear_faults() -> dict[str, bool]:
        world.faults.clear()
        return {"ok": True}


def _add_holds(router: APIRouter, world: World) -> None:
    @router.post("/holds")
    async def add_hold(asked: HoldRequest) -> dict[str, Any]:
        return world.hold(asked).described()

    @router.get("/holds/{hold_id}")
    async def read_hold(
        hold_id: str, wait_s: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S)] = 0
    ) -> dict[str, Any]:
        hold = _found(world, hold_id)
        if not hold.arrived.is_set():
            await _first_of(hold.arrived, hold.released, within_s=wait_s)
        return hold.described()

    @router.delete("/holds/{hold_id}")
    async def release_hold(hold_id: str) -> dict[str, Any]:
        hold = _found(world, hold_id)
        hold.released.set()
        return hold.described()


def _found(world: World, hold_id: str) -> Hold:
    hold = world.holds.get(hold_id)
    if hold is None:
        raise HTTPException(404, "no such hold")
    return hold


async def _first_of(*events: asyncio.Event, within_s: float) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
