from dataclasses import replace

import httpx
import pytest

from likeness.stages import Stage
from tests.unit.web.pretended import (
    PretendedRuns,
    glance,
)
from tests.unit.web.reading import read
from web.deps import PublicDeps
from web.public import public_app


class TestHeaders:
    STRICT = (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
        "connect-src 'self'; form-action 'self' https://h5.example http://127.0.0.1:9000; "
        "frame-ancestors 'none'; base-uri 'none'"
    )

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/healthz"),
            ("GET", "/style.css"),
            ("GET", "/follow.js"),
            ("GET", "/brand/logo"),
            ("GET", "/nowhere"),
            ("GET", "/i/forged"),
            ("POST", "/healthz"),
            ("POST", "/i/forged/start"),
            ("GET", "/callback/forged"),
            ("GET", "INVITE"),
            ("GET", "INVITE/again"),
            ("POST", "INVITE/start"),
            ("GET", "INVITE/state"),
            ("GET", "INVITE/decline"),
            ("POST", "INVITE/decline"),
            ("GET", "INVITE/withdraw"),
            ("POST", "INVITE/withdraw"),
            ("POST", "INVITE/finished"),
            ("GET", "INVITE/receipt"),
            ("GET", "CALLBACK"),
        ],
    )
    async def test_every_response_is_strict(
        self, client: httpx.AsyncClient, invite: str, callback: str, method: str, path: str
    ) -> None:
        path = path.replace("INVITE", invite).replace("CALLBACK", callback)
        headers = (await client.request(method, path)).headers

        assert headers["content-security-policy"] == self.STRICT
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["x-robots-tag"] == "noindex"
        assert headers["strict-transport-security"].startswith("max-age=")

    async def test_plain_http_promises_no_https(self, deps: PublicDeps) -> None:
        transport = httpx.ASGITransport(app=public_app(replace(deps, base_url="http://x")))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as plain:
            response = await plain.get("/healthz")

        assert {"healthy": True} == response.json()
        assert "strict-transport-security" not in response.headers

    @pytest.mark.parametrize(
        ("method", "path", "status", "page"),
        [("GET", "/nowhere", 404, "neutral"), ("DELETE", "/i/x", 405, "wrong_method")],
    )
    async def test_what_the_router_refuses_is_a_page_too(
        self, client: httpx.AsyncClient, method: str, path: str, status: int, page: str
    ) -> None:
        response = await client.request(method, path)

        assert (status, page) == (response.status_code, read(response).page)

    async def test_a_fault_shows_a_page_and_neither_trace_nor_text(
        self,
        client: httpx.AsyncClient,
        invite: str,
        runs: PretendedRuns,
        deps: PublicDeps,
        *,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        runs.run = glance(Stage.INVITED).model_copy(update={"stage": "canary-fault"})
        response = await client.get(invite)

        assert (500, "broken") == (response.status_code, read(response).page)
        assert "canary-fault" not in response.text
        assert ["fault"] == [word.partition(":")[0] for word in deps.tally.counts]
        assert "canary-fault" not in "".join([*deps.tally.counts, *capsys.readouterr()])
