"""Routes that only tell whom they were called by, keys of every kind for them, and problems."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import httpx
from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from likeness.failures import FailureCode
from likeness.messages.base import Message, Order
from runtime.api_key_file import add_api_key
from runtime.api_keys import NewApiKey, Scope
from web.api.callers import Admitted
from web.api.documenting import EVENT_STREAM, operation
from web.api.routing import api_router

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
CANARY = "canary-1f3a"


class Thing(Order):
    name: str = Field(pattern=r"^[a-z]{1,9}$")
    size: int = Field(default=1, ge=1)


class Told(Message):
    actor: str
    tenant: str
    name: str = ""


@dataclass
class Calls:
    """Who got as far as a route; and what the route is to do."""

    entered: list[str] = field(default_factory=list)
    fault: Exception | None = None

    def note(self, caller: Admitted) -> Told:
        self.entered.append(caller.key_id)
        if self.fault is not None:
            raise self.fault
        return Told(actor=caller.actor, tenant=caller.tenant)


@dataclass
class Keys:
    """A file of keys, and a way to make one of any kind."""

    path: Path

    def new(
        self,
        scope: Scope = Scope.OPERATE,
        *,
        tenant: str = "acme",
        per_minute: int = 600,
        expires_in: timedelta | None = None,
    ) -> NewApiKey:
        made = NewApiKey.made(
            name="backend",
            tenant=tenant,
            scope=scope,
            per_minute=per_minute,
            created_at=NOW,
            expires_at=None if expires_in is None else NOW + expires_in,
        )
        add_api_key(self.path, made.key)
        return made


def bearer(key: NewApiKey | str) -> dict[str, str]:
    text = key if isinstance(key, str) else key.secret.get_secret_value()
    return {"Authorization": f"Bearer {text}"}


def probe_routes(calls: Calls) -> APIRouter:
    """One route of each kind that there is."""
    routes = api_router()

    @routes.get("/things", **operation(Scope.READ, "list_things", "List things"))
    async def listed(caller: Admitted, limit: Annotated[int, Field(ge=1, le=100)] = 10) -> Told:
        del limit
        return calls.note(caller)

    @routes.post(
        "/things", **operation(Scope.START, "make_thing", "Make one", body=Thing(name="a"))
    )
    async def made(caller: Admitted, thing: Thing) -> Told:
        return calls.note(caller).model_copy(update={"name": thing.name})

    @routes.post("/things/{number}/burn", **operation(Scope.OPERATE, "burn_thing", "Burn one"))
    async def burnt(caller: Admitted, number: Annotated[int, InPath(ge=1)]) -> Told:
        del number
        return calls.note(caller)

    @routes.get(
        "/things/{number}/events",
        response_class=StreamingResponse,
        **operation(
            Scope.READ, "follow_thing", "Follow one", answer="data: 1\n\n", media_type=EVENT_STREAM
        ),
    )
    async def followed(caller: Admitted, number: int) -> Response:
        del number
        calls.note(caller)

        async def events() -> AsyncIterator[str]:
            yield "data: 1\n\n"
            raise RuntimeError(CANARY)

        return StreamingResponse(events(), media_type=EVENT_STREAM)

    return routes


def problem_of(response: httpx.Response) -> tuple[int, FailureCode]:
    """Give status and code of an answer that must be a problem in every other way, too."""
    told = response.json()
    assert "application/problem+json" == response.headers["content-type"]
    assert "nosniff" == response.headers["x-content-type-options"]
    assert "no-store" == response.headers["cache-control"]
    assert response.status_code == told["status"]
    assert f"/v1/problems/{told['code']}" == told["type"]
    return response.status_code, FailureCode(told["code"])
