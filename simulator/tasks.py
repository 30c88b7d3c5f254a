"""Serve GET /v1/tasks/{id} and POST /v1/tasks/batch: what a task says at this moment."""

import json
import math
from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter, Request, Response
from pydantic import JsonValue

from simulator.answers import RefusedError, invalid, new_id, shaped, success
from simulator.gate import Call, pass_gate, read_object
from simulator.groups import reveal_group
from simulator.scenario import Scenario
from simulator.world import Asset, GroupQuery, Review, Session, Task, Video, World

Data = dict[str, JsonValue]


def task_routes(world: World) -> APIRouter:
    """Return the routes that tell how tasks stand."""
    router = APIRouter()

    @router.post("/v1/tasks/batch")
    async def batch(request: Request) -> Response:
        body = await read_object(request)
        asked = body.get("task_ids")
        count = len(asked) if isinstance(asked, list) else 0
        call = Call(request, "batch", detail={"tasks": count})
        return await pass_gate(world, call, partial(_batch, world, asked))

    @router.get("/v1/tasks/{task_id}")
    async def get_task(request: Request, task_id: str) -> Response:
        task = world.tasks.get(task_id)
        kind = None if task is None else task.task_kind
        detail: Data = {} if kind is None else {"kind": kind}
        call = Call(request, "get_task", task_id, task_kind=kind, detail=detail)
        return await pass_gate(world, call, partial(_get_task, world, task_id))

    return router


def _get_task(world: World, task_id: str) -> Response:
    data = task_data(world, _found(world, task_id))
    scenario = world.scenario
    answer = success(shaped(data, container=scenario.task_data, id_key=scenario.task_id_key))
    if scenario.ampersands == "json_escaped":
        escaped = bytes(answer.body).replace(b"&", b"\\u0026")
        return Response(escaped, media_type="application/json")
    return answer


def _batch(world: World, asked: object) -> Response:
    if not world.scenario.batch:
        raise RefusedError(404, "not_found_error", "Invalid URL (POST /v1/tasks/batch)")
    if not isinstance(asked, list) or not 1 <= len(asked) <= world.scenario.max_batch:
        limit = world.scenario.max_batch
        raise invalid(f"task_ids must be a list of 1 to {limit} task ids")
    known = (world.tasks[task_id] for task_id in asked if task_id in world.tasks)
    # Measured on the live service: the batch tells id and status, never a result.
    told: list[JsonValue] = [
        {"id": task.task_id, "status": task_data(world, task)["status"]} for task in known
    ]
    return success(told)


def _found(world: World, task_id: str) -> Task:
    task = world.tasks.get(task_id)
    if task is None or world.now() > task.created_at + world.scenario.task_ttl_s:
        raise RefusedError(404, "not_found_error", "task not found")
    return task


def task_data(world: World, task: Task) -> Data:
    """Return the `data` object of a task as it stands now."""
    match task:
        case Session():
            return _session(world, task)
        case GroupQuery():
            return _group_query(world, task)
        case Review():
            return _review(world, task)
        case Video():
            return _video(world, task)


def _session(world: World, session: Session) -> Data:
    scenario = world.scenario
    if world.now() < session.ready_at:
        return {"id": session.task_id, "status": scenario.session_early_word, "progress": 0}
    doubled = scenario.ampersands == "double_escaped"
    link = session.h5_link.replace("&", "\\u0026") if doubled else session.h5_link
    return {
        "id": session.task_id,
        "status": scenario.session_created_word,
        "progress": 100,
        "created": int(session.created_at),
        "completed": int(session.ready_at),
        "result": {
            "byted_token": session.byted_token,
            "h5_link": link,
            "raw_response": {"ResponseMetadata": {"RequestId": new_id("")}},
        },
    }


def _group_query(world: World, query: GroupQuery) -> Data:
    session = world.sessions_by_token[query.byted_token]
    if session.group is None or session.group_known_at > world.now():
        return {"id": query.task_id, "status": "processing", "progress": 10}
    reveal_group(world, session)
    found: Data = {world.scenario.group_key: session.group.id}
    return {"id": query.task_id, "status": "completed", "progress": 100, "result": found}


def _review(world: World, review: Review) -> Data:
    scenario, now = world.scenario, world.now()
    data = _times(scenario, review, now=now)
    if now < review.done_at:
        return {**data, "status": scenario.review_running_word, "progress": 10}
    ordered = review.assets if scenario.item_order == "submitted" else _shuffled(review.assets)
    failed = [asset for asset in ordered if asset.failure is not None]
    usable = [asset for asset in ordered if asset.failure is None]
    data |= {
        "status": scenario.review_failed_word if failed else scenario.review_done_word,
        "progress": 100,
        "result": {
            "assets": [_item(scenario, asset) for asset in ordered],
            "usable_assets": [_item(scenario, asset) for asset in usable],
            "failed_assets": [_item(scenario, asset) for asset in failed],
        },
    }
    if failed:
        data["error"] = _error(scenario, "Some assets failed review")
    return data


def _shuffled(assets: Sequence[Asset]) -> list[Asset]:
    """Return another order than the submitted one, the same at every look."""
    return [*assets[1:], *assets[:1]]


def _item(scenario: Scenario, asset: Asset) -> Data:
    item: Data = {
        "asset_id": asset.id,
        "asset_url": f"asset://{asset.id}",
        "status": "Active" if asset.failure is None else "Failed",
    }
    result: Data = {}
    if scenario.item_names:
        result["Name"] = asset.name
    if scenario.item_reasons and asset.failure is not None:
        result["Error"] = {"Code": asset.failure, "Message": "The asset was refused"}
    return {**item, "raw_response": {"Result": result}} if result else item


def _video(world: World, video: Video) -> Data:
    scenario, now = world.scenario, world.now()
    data = _times(scenario, video, now=now)
    if now < video.done_at:
        return {**data, **_running(scenario, video, now=now)}
    if video.ends_as != "completed":
        failed = video.ends_as == "failed"
        data["status"] = scenario.video_failed_word if failed else video.ends_as
        data |= {"progress": 100, "cost": 0, "credits_cost": 0}
        data["error"] = _error(scenario, "The video could not be generated")
        return data
    file: Data = {"url": [video.file_url] if scenario.url_as == "list" else video.file_url}
    if scenario.expires_at:
        file["expires_at"] = int(video.file_dies_at)
    data |= {"status": scenario.video_done_word, "progress": 100, "result": {"videos": [file]}}
    data |= {"cost": video.cost_usd, "credits_cost": round(video.cost_usd * 10, 4)}
    if scenario.stale_error:
        data["error"] = _error(scenario, "A first try failed and was repeated")
    return data


def _running(scenario: Scenario, video: Video, *, now: float) -> Data:
    words = scenario.video_words
    whole = video.done_at - video.created_at
    share = 0.0 if math.isinf(whole) or whole <= 0 else (now - video.created_at) / whole
    place = min(int(share * len(words)), len(words) - 1)
    return {"status": words[place], "progress": min(99, max(0, int(share * 100)))}


def _times(scenario: Scenario, task: Review | Video, *, now: float) -> Data:
    data: Data = {"id": task.task_id, "created": int(task.created_at)}
    whole = task.done_at - task.created_at
    if scenario.estimated_time and not math.isinf(whole):
        data["estimated_time"] = math.ceil(whole)
    if task.done_at <= now:
        data |= {"completed": int(task.done_at), "actual_time": math.ceil(whole)}
    return data


def _error(scenario: Scenario, message: str) -> Data:
    code: str | int = "task_failed" if scenario.error_code_as_text else 500
    return {"code": code, "message": message, "type": "task_error"}


def as_json(data: Data) -> bytes:
    """Return task data as the bytes a webhook carries."""
    return json.dumps({"code": 200, "data": data}).encode()
