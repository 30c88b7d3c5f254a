"""Answers of the upstream that are sound, by the parser that reads them; each gets bent."""

import json
from typing import Any

from pydantic import JsonValue

_PAID: dict[str, JsonValue] = {
    "code": 402,
    "message": "insufficient quota",
    "type": "payment_required",
}
_RELAYED: JsonValue = {
    "ResponseMetadata": {
        "RequestId": "r-1",
        "Error": {"Code": "Throttling", "Message": "retry after 10 seconds"},
    }
}
_REFUSALS: list[JsonValue] = [
    {"error": _PAID},
    {"error": "请10秒后重试"},
    {"code": 429, "message": "too many requests", "retry_after": 5},
    {"code": 200, "success": False, "message": "build_request_failed"},
    _RELAYED,
]


def _task(status: str, **more: JsonValue) -> JsonValue:
    return {"code": 200, "data": {"id": "task_1", "status": status, "progress": 50, **more}}


_SUBMITTED: list[JsonValue] = [
    {"code": 200, "data": [{"task_id": "task_1", "status": "submitted", "estimated_time": 30}]},
    {"code": 200, "data": {"id": "task_1", "estimatedTime": "12"}},
    {"task_id": "task_1", "request_id": "r-1"},
    *_REFUSALS,
]
_SESSION: dict[str, JsonValue] = {
    "byted_token": "t" * 60,
    "h5_link": "https://h5.example/?a=1\\u0026b=2",
}
_GROUP: JsonValue = {"Result": {"GroupId": "group-1"}}
_ITEM: dict[str, JsonValue] = {
    "asset_id": "asset-1",
    "asset_url": "asset://asset-1",
    "name": "front",
    "status": "Active",
    "raw_response": json.dumps({"Result": {"Name": "front", "Error": {"Code": "FaceMismatch"}}}),
}
_VIDEO: dict[str, JsonValue] = {"url": ["https://h/video.mp4"], "expires_at": 1_800_000_000}

ANSWERS: dict[str, list[Any]] = {
    "read_submitted": _SUBMITTED,
    "read_session": [
        _task("processing"),
        _task("completed", result=_SESSION),
        _task("completed", result={"raw_response": json.dumps({"Result": _SESSION})}),
        _task("failed", error=_PAID),
        *_REFUSALS,
    ],
    "read_states": [
        {"code": 200, "data": [{"id": "task_1", "status": "completed"}]},
        {"code": 200, "data": {"tasks": [{"task_id": "task_1", "status": "failed"}]}},
        {"code": 200, "data": {"task_1": "processing", "task_2": {"status": "completed"}}},
        *_REFUSALS,
    ],
    "read_group": [
        {"code": 200, "data": _GROUP},
        {"code": 200, "data": {"raw_response": json.dumps(_GROUP)}},
        {"code": 200, "data": {"task_id": "task_1", "status": "pending"}},
        {"error": {"code": "ValidateNotReady", "message": "token expired"}},
        *_REFUSALS,
    ],
    "read_group_task": [
        _task("completed", result=_GROUP),
        _task("failed", error=_PAID),
        *_REFUSALS,
    ],
    "read_review": [
        _task("completed", result={"assets": [_ITEM], "usable_assets": [_ITEM]}),
        _task("failed", result={"usable_assets": [_ITEM] * 2, "failed_assets": [_ITEM] * 3}),
        _task("completed", result={"asset_id": "asset-1"}),
        *_REFUSALS,
    ],
    "read_video": [
        _task("completed", cost=1.068, result={"videos": [_VIDEO]}),
        _task(
            "completed", result={"video_url": "https://h/v", "expiresAt": "2026-01-01T00:00:00Z"}
        ),
        _task("failed", cost=0, error={"code": "content_policy", "message": "no"}),
        *_REFUSALS,
    ],
    "read_balance": [
        {"success": True, "remain_balance": 12.5, "used_balance": "3", "unlimited_quota": False},
        {"code": 200, "data": {"remain_balance": -1, "unlimited_quota": True}},
        *_REFUSALS,
    ],
    "failure_for": _REFUSALS,
}

_BIG = "x" * 10 * 1024 * 1024
EXTREMES: tuple[bytes, ...] = (
    b"",
    b"null",
    b"[" * 500_000,
    b'{"data":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"raw_response":' * 400 + b"{}" + b"}" * 400,
    json.dumps({"data": {"id": "t", "status": "completed", "raw_response": _BIG}}).encode(),
    json.dumps(_task("completed", result={"raw_response": json.dumps({"Result": _BIG})})).encode(),
    json.dumps(
        _task(
            "completed",
            result={
                "assets": [
                    {**_ITEM, "asset_id": f"{n:0200}", "name": f"{n:01900}"} for n in range(400)
                ]
            },
        )
    ).encode(),
    b'{"data":{"id":"t","cost":1e999,"progress":-1e999,"estimated_time":NaN}}',
    b'{"data":{"id":"t","cost":' + b"9" * 5_000 + b"}}",
    b"\xff\xfe{\x00}\x00",
    b"<html>502</html>",
)
"""Tried at every parser, every time: deep, huge (one of 10 MB) and no JSON at all."""
