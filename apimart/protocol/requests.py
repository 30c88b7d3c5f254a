"""Our requests as bytes: which path, which headers, which body, and what sending them may do."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from pydantic import JsonValue, SecretStr

from apimart.models import AssetToSubmit, AssetType, VideoOrder
from apimart.protocol.answers import Effect

# Under this edition generation answers with an object and supports idempotency keys.
# https://github.com/apimart-ai/apimart-skills
RESPONSE_VERSION = "2026-07-27"
MAX_ASSETS_PER_REQUEST = 20
# No page names a limit; this many ids stay below 11 kB.
MAX_TASKS_PER_QUESTION = 50

_AVATAR_PATH = "/v1/seedance2/real-avatar"
_KEY = re.compile(r"[!-~]{1,191}")
_TASK_ID = re.compile(r"[A-Za-z0-9_][!-~]{0,199}")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request, complete but for origin and API key; the body may hold credentials."""

    method: str
    path: str
    effect: Effect
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


# https://docs.apimart.ai/en/api-reference/videos/doubao-seedance-2-0/real-avatar has one address
# for three operations, told apart only by which of callback_url, byted_token and group_id is there.


def create_session(*, callback_url: str, project_name: str) -> Outgoing:
    """Step 1: ask for a verification session whose person returns to `callback_url`."""
    return _post(_AVATAR_PATH, {"callback_url": callback_url, "project_name": project_name})


def query_group(*, byted_token: SecretStr, project_name: str) -> Outgoing:
    """Step 2: ask who passed; in some deployments the one question a token is good for."""
    secret = byted_token.get_secret_value()
    return _post(_AVATAR_PATH, {"byted_token": secret, "project_name": project_name})


def submit_assets(
    *,
    group_id: str,
    project_name: str,
    asset_type: AssetType,
    assets: Sequence[AssetToSubmit],
) -> Outgoing:
    """Step 3: submit 1 to 20 portraits of one type, which is always sent: its default differs.

    Raises:
        ValueError: none, or more than 20.
    """
    if not 1 <= len(assets) <= MAX_ASSETS_PER_REQUEST:
        raise ValueError(f"one request carries 1 to {MAX_ASSETS_PER_REQUEST} assets")
    items: list[JsonValue] = [
        {"url": asset.url.get_secret_value(), "name": asset.name} for asset in assets
    ]
    return _post(
        _AVATAR_PATH,
        {
            "group_id": group_id,
            "project_name": project_name,
            "asset_type": asset_type,
            "assets": items,
        },
    )


def generate_video(*, order: VideoOrder, idempotency_key: str) -> Outgoing:
    """Order a video; equal orders give equal bytes, as the idempotency key demands.

    https://docs.apimart.ai/en/api-reference/videos/doubao-seedance-2-0/generation

    Raises:
        ValueError: the key is not 1 to 191 visible ASCII characters.
    """
    if not _KEY.fullmatch(idempotency_key):
        raise ValueError("an idempotency key has 1 to 191 visible ASCII characters")
    body: dict[str, JsonValue] = {
        "model": order.model,
        "prompt": order.prompt,
        "duration": order.duration_s,
        "resolution": order.resolution,
        "size": order.size,
        "generate_audio": order.generate_audio,
    }
    if order.asset_urls:
        # Never image_urls beside it: the two exclude each other.
        body["image_with_roles"] = [
            {"url": url, "role": "reference_image"} for url in order.asset_urls
        ]
    if order.video_urls:
        body["video_urls"] = list(order.video_urls)
    if order.seed is not None:
        body["seed"] = order.seed
    if order.webhook is not None:
        # https://docs.apimart.ai/en/api-reference/tasks/webhook
        body["webhook"] = order.webhook.get_secret_value()
    headers = {"Idempotency-Key": idempotency_key, "X-APIMart-Response-Version": RESPONSE_VERSION}
    return _post("/v1/videos/generations", body, headers, effect=Effect.ONCE_PER_KEY)


def get_tasks(task_ids: Sequence[str]) -> Outgoing:
    """Ask how 1 to 50 tasks of any kind stand; a question, though it is a POST.

    No page describes `/v1/tasks/batch`: it was measured, and tells id and status only.

    Raises:
        ValueError: none, more than 50, or what is no id the provider can have given.
    """
    if not 1 <= len(task_ids) <= MAX_TASKS_PER_QUESTION:
        raise ValueError(f"one question asks for 1 to {MAX_TASKS_PER_QUESTION} tasks")
    ids: list[JsonValue] = [_checked_id(task_id) for task_id in task_ids]
    return _post("/v1/tasks/batch", {"task_ids": ids}, effect=Effect.NONE)


def get_task(task_id: str) -> Outgoing:
    """Read a task of any kind.

    Raises:
        ValueError: not an id the provider can have given.
    """
    _checked_id(task_id)
    return Outgoing("GET", f"/v1/tasks/{quote(task_id, safe='')}", Effect.NONE)


def get_balance() -> Outgoing:
    """Read what is left on the API key."""
    return Outgoing("GET", "/v1/balance", Effect.NONE)


def _checked_id(task_id: str) -> str:
    if not _TASK_ID.fullmatch(task_id):
        raise ValueError("a task id has 1 to 200 visible ASCII characters, a letter or digit first")
    return task_id


def _post(
    path: str,
    body: dict[str, JsonValue],
    headers: dict[str, str] | None = None,
    *,
    effect: Effect = Effect.ONCE,
) -> Outgoing:
    encoded = json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return Outgoing(
        "POST", path, effect, {"Content-Type": "application/json", **(headers or {})}, encoded
    )
