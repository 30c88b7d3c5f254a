"""Serve POST /v1/seedance2/real-avatar: three operations told apart by the keys of the body."""

import secrets
from functools import partial
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from simulator.answers import RefusedError, error, invalid, new_id, shaped, success
from simulator.durations import spread_seconds
from simulator.gate import Call, pass_gate, read_object, text_of
from simulator.groups import group_answer, reveal_group
from simulator.ledger import fingerprint
from simulator.scenario import PendingForm, ReviewOutcome, Scenario
from simulator.world import NEVER, Asset, Group, GroupQuery, Review, Session, World

OPERATIONS = {
    "callback_url": "create_session",
    "byted_token": "query_group",
    "group_id": "submit_assets",
}
# Failure codes of one asset (contract 7.5); the URL path of an asset may name one in small letters.
FAILURE_CODES = (
    "DownloadFailed",
    "FaceMismatch",
    "FormatUnsupported",
    "DurationTooShort",
    "DurationTooLong",
    "AspectRatioTooLarge",
    "FileSizeTooLarge",
    "ContentRestricted",
    "TranscodingFailed",
)
LANGUAGES = ("zh", "en", "zh-Hant")


def avatar_routes(world: World) -> APIRouter:
    """Return the route of the three operations."""
    router = APIRouter()

    @router.post("/v1/seedance2/real-avatar")
    async def real_avatar(request: Request) -> Response:
        body = await read_object(request)
        asked = [operation for key, operation in OPERATIONS.items() if key in body]
        if len(asked) != 1:
            call = Call(request, "real_avatar")
            return await pass_gate(world, call, partial(_ambiguous, asked))
        call = Call(request, asked[0], detail=_detail(asked[0], body))
        base = world.h5_base or str(request.base_url).rstrip("/")
        operate = {
            "create_session": partial(create_session, world, body, base=base),
            "query_group": partial(query_group, world, body),
            "submit_assets": partial(submit_assets, world, body),
        }[asked[0]]
        return await pass_gate(world, call, operate)

    return router


def _ambiguous(asked: list[str]) -> Response:
    # Which key wins is not documented, so a client that sends two is told so here.
    found = " and ".join(asked) or "none"
    keys = ", ".join(OPERATIONS)
    raise invalid(f"exactly one of {keys} must be given; the body asks for {found}")


def _detail(operation: str, body: dict[str, Any]) -> dict[str, JsonValue]:
    project = str(body.get("project_name", "default"))
    if operation == "create_session":
        return {"project": project, "callback": fingerprint(str(body["callback_url"]))}
    if operation == "query_group":
        return {"project": project, "token": fingerprint(str(body["byted_token"]))}
    assets = body.get("assets")
    return {
        "project": project,
        "group_id": str(body["group_id"]),
        "asset_type": str(body.get("asset_type", "Video")),
        "assets": len(assets) if isinstance(assets, list) else 0,
    }


def create_session(world: World, body: dict[str, Any], *, base: str) -> Response:
    """Step 1: make a session whose link and token its task will tell."""
    callback_url = text_of(body, "callback_url")
    world.vault.keep("callback_urls", callback_url)
    parts = urlsplit(callback_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid("callback_url must be an http or https URL")
    scenario, now, h5_code = world.scenario, world.now(), secrets.token_urlsafe(12)
    session = Session(
        task_id=new_id("task_"),
        created_at=now,
        ready_at=now + scenario.session_s,
        link_dies_at=now + scenario.link_ttl_s,
        token_dies_at=now + scenario.token_ttl_s,
        byted_token=f"bt-{secrets.token_urlsafe(24)}",
        h5_code=h5_code,
        h5_link=_h5_link(world, base, h5_code=h5_code),
        callback_url=callback_url,
        project=text_of(body, "project_name", "default"),
    )
    world.add(session)
    world.vault.keep("byted_tokens", session.byted_token)
    world.effect(
        "session_created",
        session.task_id,
        token=fingerprint(session.byted_token),
        callback=fingerprint(callback_url),
    )
    data: dict[str, JsonValue] = {"id": session.task_id, "status": scenario.session_created_word}
    return _answer(world, data)


def _h5_link(world: World, base: str, *, h5_code: str) -> str:
    query = {"lng": secrets.choice(LANGUAGES)}
    if world.scenario.link_credentials:
        # Some deployments put temporary cloud credentials here; these are worth nothing.
        credentials = {
            "accessKeyId": f"AKTP{secrets.token_hex(12)}",
            "secretAccessKey": secrets.token_urlsafe(30),
            "sessionToken": f"STS2{secrets.token_urlsafe(40)}",
        }
        world.vault.keep("credentials", *credentials.values())
        query |= credentials
    link = f"{base}/h5/{h5_code}?{urlencode(query)}"
    world.vault.keep("h5_links", link, link.replace("&", "\\u0026"))
    return link


def query_group(world: World, body: dict[str, Any]) -> Response:
    """Step 2: tell the group of a finished session, or one of the forms of "not yet"."""
    token = text_of(body, "byted_token")
    project = text_of(body, "project_name", "default")
    session = world.sessions_by_token.get(token)
    if session is None or session.burnt or session.token_dies_at <= world.now():
        world.effect("dead_token_looked_up", token=fingerprint(token))
        return _dead(world)
    group = session.group if session.group_known_at <= world.now() else None
    if group is not None and project != session.project:
        group = None
    world.effect(
        "token_looked_up",
        session.task_id,
        token=fingerprint(token),
        verified=group is not None,
    )
    if world.scenario.single_use_token:
        session.burnt = True
        world.effect("token_burnt", session.task_id, token=fingerprint(token))
    if world.scenario.pending_form is PendingForm.TASK:
        query = GroupQuery(new_id("task_"), world.now(), token)
        world.add(query)
        return _answer(world, {"id": query.task_id, "status": "processing"})
    if group is None:
        return _pending(world)
    reveal_group(world, session)
    return group_answer(world.scenario, group.id)


def _pending(world: World) -> Response:
    match world.scenario.pending_form:
        case PendingForm.BARE_200:
            return JSONResponse({"ResponseMetadata": {"RequestId": new_id("")}, "Result": {}})
        case PendingForm.ERROR_400:
            message = "ValidateNotReady: the verification is not finished"
            return error(400, "invalid_request_error", message)
        case PendingForm.ERROR_404:
            return error(404, "not_found_error", "verification result not found")
        case PendingForm.ERROR_500:
            return error(500, "server_error", "GetVisualValidateResult: result not ready")
        case _:
            return success({})


def _dead(world: World) -> Response:
    message = "byted_token is invalid, expired or already used"
    match world.scenario.dead_form:
        case "400":
            return error(400, "invalid_request_error", message)
        case "404":
            return error(404, "not_found_error", message)
        case _:
            return _pending(world)


def submit_assets(world: World, body: dict[str, Any]) -> Response:
    """Step 3: take assets into the person's group and start one review over them."""
    group = world.groups.get(text_of(body, "group_id"))
    if group is None or group.project != text_of(body, "project_name", "default"):
        raise RefusedError(404, "not_found_error", "asset group not found in this project")
    if body.get("asset_type", "Video") not in ("Video", "Image"):
        raise invalid("asset_type must be Video or Image")
    items = _items(world, body.get("assets"))
    scenario, now = world.scenario, world.now()
    stuck = scenario.review is ReviewOutcome.STUCK
    done_at = NEVER if stuck else now + _review_seconds(scenario, items[0]["url"])
    review = Review(
        task_id=new_id("task_"),
        created_at=now,
        done_at=done_at,
        group=group,
        assets=[_asset(world, item, group=group, done_at=done_at) for item in items],
    )
    world.add(review)
    ids: list[JsonValue] = [asset.id for asset in review.assets]
    urls: list[JsonValue] = [fingerprint(item["url"]) for item in items]
    world.effect(
        "assets_submitted", review.task_id, group_id=group.id, asset_ids=ids, asset_urls=urls
    )
    data: dict[str, JsonValue] = {"id": review.task_id, "status": scenario.review_running_word}
    return _answer(world, data)


def _review_seconds(scenario: Scenario, asset_url: str) -> float:
    return spread_seconds(
        scenario.review_seconds,
        sigma=scenario.review_sigma,
        seed=scenario.review_seed,
        asset_url=asset_url,
    )


def _items(world: World, assets: object) -> list[dict[str, Any]]:
    limit = world.scenario.max_assets
    if not isinstance(assets, list) or not 1 <= len(assets) <= limit:
        raise invalid(f"assets must be a list of 1 to {limit} items")
    for place, item in enumerate(assets):
        url = item.get("url") if isinstance(item, dict) else None
        if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
            raise invalid(f"assets[{place}].url must be a public http or https URL")
        world.vault.keep("asset_urls", url)
        world.vault.keep("asset_names", str(item.get("name", "")))
    return assets


def _asset(world: World, item: dict[str, Any], *, group: Group, done_at: float) -> Asset:
    failure = _failure(world, item["url"])
    if group.someone_else:
        failure = "FaceMismatch"
    return Asset(new_id("asset-"), str(item.get("name", "")), failure, done_at)


def _failure(world: World, url: str) -> str | None:
    """Return the code an asset is refused with: asset URLs say it themselves in demos and tests."""
    scenario = world.scenario
    if scenario.review is ReviewOutcome.NONE:
        return scenario.review_failure_code
    if scenario.review is ReviewOutcome.ALL:
        return None
    path = str(PurePosixPath(urlsplit(url).path)).lower()
    named = next((code for code in FAILURE_CODES if code.lower() in path), None)
    return scenario.review_failure_code if named is None and "refused" in path else named


def _answer(world: World, data: dict[str, JsonValue]) -> Response:
    scenario = world.scenario
    return success(shaped(data, container=scenario.avatar_data, id_key=scenario.avatar_id_key))
