from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from google.protobuf import json_format
from pydantic import SecretStr
from structlog.testing import capture_logs
from temporalio.api.common.v1 import Payload, Payloads

from likeness.temporal.codec import EncryptingCodec
from likeness.temporal.keyring import Key, KeyRing
from web.admin import AdminDeps, admin_app
from web.api.paper import paper_app
from web.codec_endpoint import CodecEndpoint, CodecGate
from web.tally import Happening, Tally

UI = "http://localhost:8233"
TOKEN = "canary-codec-token"
KEYS = KeyRing.of(Key.of(b"p" * 32))
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"canary-content"')


@asynccontextmanager
async def admin(
    *,
    token: str | None = TOKEN,
    on_loopback: bool = True,
    peer: str = "127.0.0.1",
    unready: str | None = None,
    tally: Tally | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    async def unready_because() -> str | None:
        return unready

    gate = CodecGate(
        token=SecretStr(token) if token else None, on_loopback=on_loopback, ui_origins=(UI,)
    )
    endpoint = CodecEndpoint(codec=EncryptingCodec(KEYS, "ns"), namespace="ns", gate=gate)
    app = admin_app(
        AdminDeps(
            api=paper_app(), codec=endpoint, unready_because=unready_because, tally=tally or Tally()
        )
    )
    transport = httpx.ASGITransport(app=app, client=(peer, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8001") as client:
        yield client


def body_of(*payloads: Payload) -> str:
    return json_format.MessageToJson(Payloads(payloads=payloads))


async def sealed_body() -> str:
    return body_of(*await EncryptingCodec(KEYS, "ns").encode([PLAIN]))


class TestCodec:
    async def test_what_is_encoded_is_sealed_and_decodes_to_itself(self) -> None:
        async with admin() as client:
            sealed = await client.post("/codec/encode", content=body_of(PLAIN))
            opened = await client.post(
                "/codec/decode", content=sealed.text, headers={"X-Namespace": "ns"}
            )

        assert "canary-content" not in sealed.text
        assert [PLAIN] == list(json_format.Parse(opened.text, Payloads()).payloads)

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b'{"payloads":[{"data":"a"}]}', b"\xff", b'{"payloads": 1}', b"[" * 9999],
    )
    async def test_a_body_that_is_no_payloads_is_refused(self, body: bytes) -> None:
        async with admin() as client:
            response = await client.post("/codec/decode", content=body)

        assert 400 == response.status_code
        assert {"error": "The body must be Payloads in proto-JSON."} == response.json()

    async def test_a_payload_under_an_unknown_key_says_so(self) -> None:
        foreign = EncryptingCodec(KeyRing.of(Key.of(b"q" * 32)), "ns")
        async with admin() as client:
            body = body_of(*await foreign.encode([PLAIN]))
            response = await client.post("/codec/decode", content=body)

        assert 400 == response.status_code
        assert "not in the payload key file" in response.json()["error"]

    async def test_another_namespace_is_refused(self) -> None:
        async with admin() as client:
            response = await client.post(
                "/codec/decode", content=body_of(PLAIN), headers={"X-Namespace": "other"}
            )

        assert 400 == response.status_code

    async def test_each_decode_leaves_one_line_without_content(self) -> None:
        async with admin() as client:
            body = await sealed_body()
            with capture_logs() as lines:
                await client.post("/codec/decode", content=body)

        assert [
            {
                "event": "codec_decoded",
                "who": "loopback",
                "payloads": 1,
                "outcome": "done",
                "log_level": "info",
            }
        ] == lines


class TestGate:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": f"Basic {TOKEN}"},
            {"Authorization": TOKEN},
            {"Authorization": "Bearer "},
            {"X-Forwarded-For": "127.0.0.1"},
        ],
    )
    @pytest.mark.parametrize("path", ["/codec/decode", "/codec/encode"])
    async def test_from_elsewhere_nobody_gets_in_without_the_token(
        self, path: str, headers: dict[str, str]
    ) -> None:
        async with admin(peer="10.0.0.9") as client:
            response = await client.post(path, content=await sealed_body(), headers=headers)

        assert (401, "Bearer") == (response.status_code, response.headers["www-authenticate"])
        assert "canary" not in response.text

    async def test_from_elsewhere_the_token_opens(self) -> None:
        async with admin(peer="10.0.0.9", on_loopback=False) as client:
            response = await client.post(
                "/codec/decode",
                content=await sealed_body(),
                headers={"Authorization": f"Bearer {TOKEN}"},
            )

        assert 200 == response.status_code

    async def test_no_token_set_means_loopback_only(self) -> None:
        async with admin(peer="10.0.0.9", token=None) as client:
            response = await client.post(
                "/codec/decode",
                content=await sealed_body(),
                headers={"Authorization": "Bearer None"},
            )

        assert 401 == response.status_code

    async def test_a_listener_open_to_others_trusts_no_peer_by_its_address(self) -> None:
        async with admin(on_loopback=False) as client:
            response = await client.post("/codec/decode", content=await sealed_body())

        assert 401 == response.status_code

    @pytest.mark.parametrize("host", ["evil.example", "evil.example:8001", "127.0.0.1.evil", ""])
    async def test_a_foreign_name_for_this_machine_is_not_this_machine(self, host: str) -> None:
        async with admin() as client:
            response = await client.post(
                "/codec/decode", content=await sealed_body(), headers={"Host": host}
            )

        assert 401 == response.status_code

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8001", "[::1]:8001"])
    async def test_this_machines_own_names_are(self, host: str) -> None:
        async with admin() as client:
            response = await client.post(
                "/codec/decode", content=await sealed_body(), headers={"Host": host}
            )

        assert 200 == response.status_code

    @pytest.mark.parametrize("origin", ["http://evil.example", "null", f"{UI}.evil.example"])
    async def test_another_pages_browser_is_refused_even_with_the_token(self, origin: str) -> None:
        async with admin() as client:
            response = await client.post(
                "/codec/decode",
                content=await sealed_body(),
                headers={"Origin": origin, "Authorization": f"Bearer {TOKEN}"},
            )

        assert 403 == response.status_code
        assert "access-control-allow-origin" not in response.headers


ASKS = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,x-namespace,authorization",
}


class TestPreflight:
    async def test_the_ui_may_ask(self) -> None:
        async with admin() as client:
            response = await client.options("/codec/decode", headers={"Origin": UI, **ASKS})

        assert (200, UI) == (response.status_code, response.headers["access-control-allow-origin"])

    async def test_nobody_else_may(self) -> None:
        async with admin() as client:
            response = await client.options(
                "/codec/decode", headers={"Origin": "http://evil.example", **ASKS}
            )

        assert 400 == response.status_code
        assert "access-control-allow-origin" not in response.headers

    async def test_the_answer_itself_names_the_ui(self) -> None:
        async with admin() as client:
            response = await client.post(
                "/codec/decode", content=await sealed_body(), headers={"Origin": UI}
            )

        assert UI == response.headers["access-control-allow-origin"]


class TestReadiness:
    async def test_ready(self) -> None:
        async with admin() as client:
            response = await client.get("/readyz")

        assert (200, {"ready": True}) == (response.status_code, response.json())

    async def test_not_ready_says_why(self) -> None:
        async with admin(unready="temporal not reached") as client:
            response = await client.get("/readyz")

        assert 503 == response.status_code
        assert {"ready": False, "reason": "temporal not reached"} == response.json()

    async def test_counts_are_by_reason(self) -> None:
        tally = Tally()
        tally.note(Happening.CALLBACK_REFUSED, reason="token")
        tally.note(Happening.CALLBACK_REFUSED, reason="token")
        tally.note(Happening.SESSION_HANDED_OUT, tenant="default", onboarding="ob-1")
        async with admin(tally=tally) as client:
            response = await client.get("/counts")

        assert {"callback_refused:token": 2, "session_handed_out": 1} == response.json()


class TestTheApi:
    async def test_refuses_a_line_break_in_a_path_as_its_own(self) -> None:
        async with admin() as client:
            answer = await client.get("/v1/onboardings/%0A/link")

        assert (404, "application/problem+json", "no_such_page") == (
            answer.status_code,
            answer.headers["content-type"],
            answer.json()["code"],
        )

    async def test_stands_under_its_version(self) -> None:
        async with admin() as client:
            response = await client.get("/v1/openapi.json")

        assert (200, "3.1.0") == (response.status_code, response.json()["openapi"])

    @pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1//counts"])
    async def test_answers_with_a_problem_where_there_is_nothing(self, path: str) -> None:
        async with admin() as client:
            response = await client.get(path)

        assert (404, "no_such_page") == (response.status_code, response.json()["code"])
        assert "application/problem+json" == response.headers["content-type"]

    async def test_lets_no_page_of_the_ui_read_it(self) -> None:
        async with admin() as client:
            asked = await client.options("/v1/openapi.json", headers={"Origin": UI, **ASKS})
            read = await client.get("/v1/openapi.json", headers={"Origin": UI})

        assert 204 == asked.status_code
        assert "access-control-allow-origin" not in {**asked.headers, **read.headers}
