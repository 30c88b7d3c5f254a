"""Queue failures for calls to come, and hold a call where a test wants the world to stop."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from fastapi import Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt

from simulator.answers import error, live_unauthorized

Route = Literal[
    "any",
    "create_session",
    "query_group",
    "submit_assets",
    "get_task",
    "batch",
    "generate_video",
    "balance",
    "download",
]
TaskKind = Literal["session", "query", "review", "video"]


class FaultKind(StrEnum):
    """What goes wrong. The last five happen after the effect, the others instead of it."""

    UNAUTHORIZED_DOCUMENTED = "401_documented"
    UNAUTHORIZED_LIVE = "401_live"
    BAD_REQUEST = "400"
    PAYMENT = "402"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    RATE_LIMITED = "429"
    SERVER_ERROR = "500"
    BUILD_REQUEST_FAILED = "500_build_request_failed"
    OVERLOADED = "503_text_wait"
    HTML = "502_html"
    DROP_BEFORE = "drop_before_effect"
    DELAY = "delay"
    DROP_AFTER = "drop_after_effect"
    SERVER_ERROR_AFTER = "500_after_effect"
    HTML_AFTER = "502_html_after_effect"
    TRUNCATED = "truncated_json"
    CUT_MIDWAY = "cut_midway"

    @property
    def after_effect(self) -> bool:
        """Whether the effect takes place and only its answer suffers."""
        return self in _AFTER


_AFTER = {
    FaultKind.DROP_AFTER,
    FaultKind.SERVER_ERROR_AFTER,
    FaultKind.HTML_AFTER,
    FaultKind.TRUNCATED,
    FaultKind.CUT_MIDWAY,
}
_DOCUMENTED = {
    FaultKind.UNAUTHORIZED_DOCUMENTED: (401, "authentication_error", "Invalid API key"),
    FaultKind.BAD_REQUEST: (400, "invalid_request_error", "Invalid request parameters"),
    FaultKind.PAYMENT: (402, "payment_required", "Insufficient balance"),
    FaultKind.FORBIDDEN: (403, "permission_error", "The endpoint is not enabled for this key"),
    FaultKind.NOT_FOUND: (404, "not_found_error", "Not found"),
    FaultKind.RATE_LIMITED: (429, "rate_limit_error", "Too many concurrent requests"),
    FaultKind.SERVER_ERROR: (500, "server_error", "Internal server error"),
    FaultKind.SERVER_ERROR_AFTER: (500, "server_error", "Internal server error"),
    FaultKind.BUILD_REQUEST_FAILED: (
        500,
        "server_error",
        "build_request_failed: unsupported parameter combination",
    ),
}


class Fault(BaseModel):
    """One queued failure: the first `after` fitting calls pass, the next `times` suffer it.

    `retry_after_s` becomes the header of a 429 (none: no header) or the wait in a 503's text;
    `delay_s` passes before anything else; `times` null is for ever; `task_kind` narrows `get_task`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    route: Route
    kind: FaultKind
    times: NonNegativeInt | None = 1
    after: NonNegativeInt = 0
    delay_s: NonNegativeFloat = 0
    retry_after_s: NonNegativeInt | None = None
    task_kind: TaskKind | None = None

    def fits(self, route: str, task_kind: str | None) -> bool:
        """Say whether a call of this route and kind of task is meant."""
        named = self.route in ("any", route)
        return named and self.task_kind in (None, task_kind)

    def refusal(self) -> Response:
        """Return the error answer of a kind that has one."""
        if self.kind is FaultKind.UNAUTHORIZED_LIVE:
            return live_unauthorized()
        if self.kind in (FaultKind.HTML, FaultKind.HTML_AFTER):
            return HTMLResponse("<html><h1>502 Bad Gateway</h1></html>", status_code=502)
        if self.kind is FaultKind.OVERLOADED:
            wait = 10 if self.retry_after_s is None else self.retry_after_s
            message = f"The service is overloaded, please retry after {wait} seconds"
            return error(503, "service_unavailable", message)
        status, name, message = _DOCUMENTED[self.kind]
        waits = self.kind is FaultKind.RATE_LIMITED and self.retry_after_s is not None
        headers = {"Retry-After": str(self.retry_after_s)} if waits else None
        return error(status, name, message, headers=headers)


@dataclass
class _Queued:
    fault: Fault
    seen: int = 0


class FaultQueue:
    """Faults in the order they were queued; the first that fits a call is taken."""

    def __init__(self) -> None:
        self._queued: list[_Queued] = []

    def add(self, fault: Fault) -> None:
        """Queue a fault."""
        self._queued.append(_Queued(fault))

    def clear(self) -> None:
        """Forget all faults."""
        self._queued.clear()

    def take(self, route: str, task_kind: str | None) -> Fault | None:
        """Count a call and return the fault it suffers, if any."""
        for queued in self._queued:
            fault = queued.fault
            if not fault.fits(route, task_kind):
                continue
            if fault.times is not None and queued.seen >= fault.after + fault.times:
                continue
            queued.seen += 1
            if queued.seen > fault.after:
                return fault
        return None


def truncated(answer: Response) -> Response:
    """Return the answer with the second half of its JSON missing and a length that agrees."""
    half = bytes(answer.body)[: max(1, len(answer.body) // 2)]
    return Response(half, answer.status_code, media_type="application/json")


class HoldRequest(BaseModel):
    """Which call is to stop, and on which side of its effect."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    route: Route
    when: Literal["before_effect", "after_effect"] = "before_effect"
    task_kind: TaskKind | None = None
    task_id: str | None = None


@dataclass
class Hold:
    """A place where exactly one call stops until released or given up by its client."""

    id: str
    asked: HoldRequest
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    client_gone: bool = False

    def give_up(self) -> None:
        """End the hold as if the client had gone: its call ends here and is not answered."""
        self.client_gone = True
        self.released.set()

    def described(self) -> dict[str, str | bool | None]:
        """Return what the control routes say of it."""
        state = {
            "arrived": self.arrived.is_set(),
            "released": self.released.is_set(),
            "client_gone": self.client_gone,
        }
        return {"id": self.id, **self.asked.model_dump(), **state}

    def fits(self, route: str, when: str, *, task_kind: str | None, task_id: str | None) -> bool:
        """Say whether a call at this point is to stop here; a hold catches one call only."""
        asked = self.asked
        open_for = not self.arrived.is_set() and not self.released.is_set()
        named = asked.route in ("any", route) and asked.task_kind in (None, task_kind)
        return open_for and named and asked.task_id in (None, task_id) and asked.when == when
