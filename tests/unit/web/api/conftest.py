"""The API with routes of each kind beside its own, and a file of keys for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from runtime.api_keys import ApiKeys
from tests.unit.web.api.probing import NOW, Calls, Keys, probe_routes
from web.api.gate import Gate
from web.api.paper import paper_app


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys" / "api.keys")


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def app(keys: Keys, calls: Calls) -> FastAPI:
    app = paper_app()
    app.router.routes.extend(probe_routes(calls).routes)
    app.state.admit = Gate(ApiKeys(keys.path), clock=lambda: NOW).admit
    return app


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as it:
        yield it
