"""Make the person's asset group, and hide its id where one deployment or another puts it."""

import secrets
from datetime import UTC, datetime

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from simulator.ledger import fingerprint
from simulator.scenario import GroupPlace, Scenario
from simulator.world import Group, Session, World


def make_group(world: World, session: Session, *, someone_else: bool) -> None:
    """Give a passed session its group; each passed check makes a new one."""
    stamp = datetime.fromtimestamp(world.now(), UTC).strftime("%Y%m%d%H%M%S")
    group = Group(f"group-{stamp}-{secrets.token_hex(3)}", session.project, someone_else)
    world.groups[group.id] = group
    session.group = group
    token = fingerprint(session.byted_token)
    world.effect("group_made", session.task_id, group_id=group.id, token=token)


def reveal_group(world: World, session: Session) -> None:
    """Note that a client was told the session's group."""
    if session.group is not None:
        world.effect("group_told", session.task_id, group_id=session.group.id)


def group_answer(scenario: Scenario, group_id: str) -> Response:
    """Return step 2's answer, which has no documented shape, with the id in its place."""
    found: dict[str, JsonValue] = {scenario.group_key: group_id}
    meta: JsonValue = {"Action": "GetVisualValidateResult", "Version": "2024-01-01"}
    bodies: dict[GroupPlace, JsonValue] = {
        GroupPlace.DATA: {"code": 200, "data": found},
        GroupPlace.DATA_LIST: {"code": 200, "data": [found]},
        GroupPlace.DATA_RESULT: {"code": 200, "data": {"result": found}},
        GroupPlace.DATA_RESULT_NATIVE: {"code": 200, "data": {"Result": found}},
        GroupPlace.DATA_RAW: {"code": 200, "data": {"raw_response": found}},
        GroupPlace.DATA_RAW_RESULT: {"code": 200, "data": {"raw_response": {"Result": found}}},
        GroupPlace.RESULT_NATIVE: {"ResponseMetadata": meta, "Result": found},
        GroupPlace.RESULT: {"code": 200, "result": found},
    }
    return JSONResponse(bodies[scenario.group_place])
