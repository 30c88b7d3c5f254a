"""Pass every upstream call through one gate: ledger, key check, faults, holds, then the effect."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request, Response
from pydantic import JsonValue

from simulator.answers import RefusedError, error, invalid, live_unauthorized
from simulator.connections import CutResponse
from simulator.faults import Fault, FaultKind, Hold, truncated
from simulator.ledger import EntryKind, fingerprint
from simulator.world import World

CUT = "cut"
CLIENT_GONE = "client_gone"


@dataclass
class Call:
    """One request on its way through the gate; `detail` goes to the ledger and holds no secret."""

    request: Request
    route: str
    task_id: str | None = None
    task_kind: str | None = None
    needs_key: bool = True
    detail: dict[str, JsonValue] = field(default_factory=dict)


class ClientGoneError(Exception):
    """The client closed its connection while the call was held."""


async def pass_gate(world: World, call: Call, operate: Callable[[], Response]) -> Response:
    """Answer a call: `operate` has the effect and runs at most once, without interruption."""
    world.settle()
    ledger = world.ledger
    number = ledger.note(
        EntryKind.CALL,
        call.route,
        at=world.now(),
        task_id=call.task_id,
        detail={**call.detail, **_key_detail(call.request)},
    )
    try:
        response = await _answered(world, call, operate)
    except ClientGoneError:
        ledger.answer(number, CLIENT_GONE)
        return CutResponse()
    answer = CUT if isinstance(response, CutResponse) else response.status_code
    ledger.answer(number, answer)
    if world.narrate is not None:
        world.narrate(f"{call.route} {answer}")
    return response


async def _answered(world: World, call: Call, operate: Callable[[], Response]) -> Response:
    fault = world.faults.take(call.route, call.task_kind)
    if fault is not None:
        await asyncio.sleep(fault.delay_s)
    if call.needs_key and not _is_known(world, api_key(call.request)):
        return live_unauthorized()
    if fault is not None and not fault.kind.after_effect and fault.kind is not FaultKind.DELAY:
        return CutResponse() if fault.kind is FaultKind.DROP_BEFORE else fault.refusal()
    await _held(world, call, "before_effect")
    try:
        response = operate()
    except RefusedError as refusal:
        response = error(refusal.status, refusal.kind, refusal.message)
    await _held(world, call, "after_effect")
    return response if fault is None else _spoilt(response, fault)


def _spoilt(response: Response, fault: Fault) -> Response:
    match fault.kind:
        case FaultKind.DROP_AFTER:
            return CutResponse()
        case FaultKind.CUT_MIDWAY:
            return CutResponse(prefix_of=response)
        case FaultKind.TRUNCATED:
            return truncated(response)
        case FaultKind.SERVER_ERROR_AFTER | FaultKind.HTML_AFTER:
            return fault.refusal()
        case _:
            return response


async def _held(world: World, call: Call, when: str) -> None:
    task = {"task_kind": call.task_kind, "task_id": call.task_id}
    hold = next((h for h in world.holds.values() if h.fits(call.route, when, **task)), None)
    if hold is not None:
        hold.arrived.set()
        await _released(hold, call.request)


async def _released(hold: Hold, request: Request) -> None:
    release = asyncio.create_task(hold.released.wait())
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({release, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        release.cancel()
        gone.cancel()
        await asyncio.gather(release, gone, return_exceptions=True)
    if not hold.released.is_set():
        hold.give_up()
    if hold.client_gone:
        raise ClientGoneError


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _is_known(world: World, key: str | None) -> bool:
    known = world.scenario.api_key
    return key is not None and known in (None, key)


def api_key(request: Request) -> str | None:
    """Return the bearer key of a request, None where there is none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def _key_detail(request: Request) -> dict[str, JsonValue]:
    key = api_key(request)
    return {} if key is None else {"api_key": fingerprint(key)}


async def read_object(request: Request) -> dict[str, Any]:
    """Return a request's JSON object; an unreadable body is the empty object."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def text_of(body: dict[str, Any], key: str, default: str | None = None) -> str:
    """Return a string field of a body; refuse another type or, without a default, its absence."""
    found = body.get(key, default)
    if not isinstance(found, str) or not found:
        raise invalid(f"{key} is required and must be a string")
    return found
