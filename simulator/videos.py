"""Serve POST /v1/videos/generations, GET /v1/balance and the finished files."""

import hashlib
import secrets
from collections.abc import Iterator
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from simulator.answers import RefusedError, invalid, new_id, success
from simulator.gate import Call, api_key, pass_gate, read_object, text_of
from simulator.idempotency import Claim, check_key
from simulator.ledger import fingerprint
from simulator.media import video_file
from simulator.scenario import VideoOutcome
from simulator.webhooks import deliver_webhook
from simulator.world import NEVER, Video, World

# USD a second without reference video, as published in 2026-09: plain models, then face models.
PLAIN_USD = {"480p": 0.066, "720p": 0.142, "1080p": 0.3544, "4k": 0.722}
FACE_USD = {"480p": 0.0992, "720p": 0.2136, "1080p": 0.5}
MODELS = {
    f"{prefix}seedance-2.0{suffix}"
    for prefix in ("doubao-", "")
    for suffix in ("", "-fast", "-mini", "-face", "-fast-face")
}
SIZES = {"16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "adaptive"}
ROLES = {"first_frame", "last_frame", "reference_image"}
SHORTEST_S, LONGEST_S = 4, 15
LONGEST_PROMPT = 4000
MOST = {"image_urls": 9, "image_with_roles": 9, "video_urls": 3, "audio_urls": 3}
VERSION_HEADER = "x-apimart-response-version"
OBJECT_VERSION = "2026-07-27"


def video_routes(world: World) -> APIRouter:
    """Return the routes of generation, balance and download."""
    router = APIRouter()

    @router.post("/v1/videos/generations")
    async def generate_video(request: Request) -> Response:
        return await _generate(world, request)

    @router.get("/v1/balance")
    async def balance(request: Request) -> Response:
        return await pass_gate(world, Call(request, "balance"), partial(_balance, world))

    @router.get("/files/{file_token}.mp4")
    async def download(request: Request, file_token: str) -> Response:
        video = world.files.get(file_token)
        task_id = None if video is None else video.task_id
        call = Call(request, "download", task_id, needs_key=False)
        return await pass_gate(world, call, partial(_download, world, video))

    return router


async def _generate(world: World, request: Request) -> Response:
    raw, body = await request.body(), await read_object(request)
    key = request.headers.get("idempotency-key")
    digest = _hash(raw + request.headers.get(VERSION_HEADER, "").encode())
    detail = _detail(body, key=_key_shown(request), digest=digest)
    call = Call(request, "generate_video", detail=detail)
    scoped = None if key is None else _hash(f"{api_key(request)} {key}".encode())
    claim = world.keys.claim(scoped, digest, mode=world.scenario.idempotency)
    if isinstance(claim, Response):
        answer = claim
        return await pass_gate(world, call, lambda: answer)
    try:
        return await pass_gate(
            world, call, partial(_submit, world, request, body=body, claim=claim)
        )
    finally:
        claim.release()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _detail(body: dict[str, Any], *, key: str | None, digest: str) -> dict[str, JsonValue]:
    shown = ("model", "duration", "resolution", "size", "generate_audio", "seed")
    detail: dict[str, JsonValue] = {name: body[name] for name in shown if name in body}
    references: list[JsonValue] = [url for url in _references(body) if url.startswith("asset://")]
    return {
        **detail,
        "references": references,
        "idempotency_key": key,
        "body": digest[:12],
    }


def _key_shown(request: Request) -> str | None:
    """Return what the ledger tells of a request's key."""
    key = request.headers.get("idempotency-key")
    return None if key is None else fingerprint(key)


def _submit(world: World, request: Request, *, body: dict[str, Any], claim: Claim) -> Response:
    check_key(request.headers.get("idempotency-key"))
    world.vault.keep("prompts", str(body.get("prompt", "")))
    _check(world, body)
    duration, resolution = body.get("duration", 5), body.get("resolution", "720p")
    cost = round(_prices(body)[resolution] * duration, 4)
    if world.balance_usd() < cost:
        raise RefusedError(402, "payment_required", "Insufficient balance")
    video = _new_video(world, body, base=str(request.base_url), cost_usd=cost)
    world.add(video)
    world.spent_usd += cost
    world.vault.keep("download_urls", video.file_url)
    world.effect("video_charged", video.task_id, usd=cost, idempotency_key=_key_shown(request))
    if video.webhook is not None:
        world.vault.keep("webhook_urls", video.webhook)
        world.courier.start(deliver_webhook(world, video, webhook=video.webhook))
    wants_object = request.headers.get(VERSION_HEADER) == OBJECT_VERSION
    answer = _accepted(world, video, as_object=wants_object)
    claim.keep(answer)
    return answer


def _new_video(world: World, body: dict[str, Any], *, base: str, cost_usd: float) -> Video:
    scenario, now, file_token = world.scenario, world.now(), secrets.token_urlsafe(18)
    stuck = scenario.video is VideoOutcome.STUCK
    done_at = NEVER if stuck else now + scenario.video_seconds
    return Video(
        task_id=new_id("task_"),
        created_at=now,
        done_at=done_at,
        ends_as=scenario.video.value,
        cost_usd=cost_usd,
        model=str(body["model"]),
        file_token=file_token,
        file_url=f"{base}files/{file_token}.mp4",
        file_dies_at=done_at + scenario.video_ttl_s,
        webhook=text_of(body, "webhook") if "webhook" in body else None,
    )


def _accepted(world: World, video: Video, *, as_object: bool) -> Response:
    scenario = world.scenario
    word = scenario.video_submitted_word
    if as_object and scenario.honour_version_header:
        data: dict[str, JsonValue] = {
            "id": video.task_id,
            "object": "generation.task",
            "status": word,
        }
        return success(data, envelope={"request_id": new_id("req_")})
    data = {scenario.video_id_key: video.task_id, "status": word}
    return success([data] if scenario.video_data == "list" else data)


def _check(world: World, body: dict[str, Any]) -> None:
    _check_options(body)
    for name, most in MOST.items():
        found = body.get(name, [])
        if not isinstance(found, list) or len(found) > most:
            raise invalid(f"{name} must be a list of at most {most} items")
    roles = body.get("image_with_roles", [])
    if body.get("image_urls") and roles:
        raise invalid("image_urls and image_with_roles exclude each other")
    if any(not isinstance(item, dict) or item.get("role") not in ROLES for item in roles):
        raise invalid("image_with_roles[].role must be one of " + ", ".join(sorted(ROLES)))
    for url in _references(body):
        _check_reference(world, url)


def _check_options(body: dict[str, Any]) -> None:
    model, resolution = text_of(body, "model"), body.get("resolution", "720p")
    if model not in MODELS:
        raise invalid(f"model {model!r} is not known")
    if not any(_references(body)):
        text_of(body, "prompt")
    if len(str(body.get("prompt", ""))) > LONGEST_PROMPT:
        raise invalid(f"prompt must not exceed {LONGEST_PROMPT} characters")
    duration = body.get("duration", 5)
    if not isinstance(duration, int) or not SHORTEST_S <= duration <= LONGEST_S:
        raise invalid(f"duration must be {SHORTEST_S} to {LONGEST_S} seconds")
    if body.get("size", "16:9") not in SIZES:
        raise invalid("size must be one of " + ", ".join(sorted(SIZES)))
    if resolution not in _prices(body):
        raise invalid("resolution must be one of " + ", ".join(_prices(body)))
    if resolution == "1080p" and "fast" in model:
        message = "build_request_failed: 1080p is not supported by fast models"
        raise RefusedError(500, "server_error", message)


def _prices(body: dict[str, Any]) -> dict[str, float]:
    return FACE_USD if str(body["model"]).endswith("-face") else PLAIN_USD


def _references(body: dict[str, Any]) -> Iterator[str]:
    for name in ("image_urls", "image_with_roles", "video_urls"):
        found = body.get(name)
        for item in found if isinstance(found, list) else ():
            yield str(item.get("url", "") if isinstance(item, dict) else item)


def _check_reference(world: World, url: str) -> None:
    if url.startswith("asset://"):
        asset = world.assets.get(url.removeprefix("asset://"))
        active = asset is not None and asset.failure is None and asset.reviewed_at <= world.now()
        if not active:
            raise invalid(f"{url} is not an active asset")
    elif world.scenario.plain_image_refused:
        code = "InputImageSensitiveContentDetected.PrivacyInformation"
        raise invalid(f"{code}: the reference may contain a real person")


def _balance(world: World) -> Response:
    if world.scenario.balance_fails:
        return JSONResponse({"success": False, "message": "balance is not available"})
    left, spent = round(world.balance_usd(), 4), round(world.spent_usd, 4)
    figures = {"remain_balance": left, "remain_credits": round(left * 10, 3)}
    figures |= {"used_balance": spent, "used_credits": round(spent * 10, 3)}
    return JSONResponse({"success": True, **figures, "unlimited_quota": False})


def _download(world: World, video: Video | None) -> Response:
    if video is None or world.now() < video.done_at:
        raise RefusedError(404, "not_found_error", "no such file")
    if world.now() >= video.file_dies_at:
        status = world.scenario.expired_status
        return Response("The link has expired", status, media_type="text/plain")
    world.effect("video_downloaded", video.task_id)
    content = video_file(seed=video.task_id, size=world.scenario.video_bytes)
    return Response(content, media_type="video/mp4")
