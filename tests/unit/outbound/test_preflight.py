"""What a look at an asset finds, against a real host of files."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from pydantic import SecretStr

from likeness.asset_reasons import AssetReason
from likeness.messages.onboarding import AssetKind
from outbound import preflight as module
from outbound.client import checked_client
from outbound.preflight import HEAD_BYTES, Candidate, Preflight
from simulator.jpeg import jpeg
from simulator.server import serve
from simulator.world import World
from tests.unit.outbound.listener import listening
from tests.unit.outbound.vectors import FORBIDDEN_URLS, LOCAL_SPELLINGS

IMAGE, VIDEO = AssetKind.IMAGE, AssetKind.VIDEO
PICTURE = jpeg(seed="a", width=768, height=768)
LONG_S = 30.0
"""Never used up: a test that had to wait for it would have failed."""

Behaviour = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def asset(url: str, kind: AssetKind = IMAGE, name: str = "one") -> Candidate:
    return Candidate(name, SecretStr(url), kind)


@pytest.fixture
async def simulator_url() -> AsyncIterator[str]:
    async with serve(World()) as url:
        yield url


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.001)


async def found(url: str, *, kind: AssetKind = IMAGE, within_s: float = LONG_S) -> object:
    preflight = Preflight(allow=(str(httpx.URL(url).copy_with(raw_path=b"/"))[:-1],))
    try:
        return (await preflight.unfit([asset(url, kind)], within_s=within_s)).get("one")
    finally:
        await preflight.aclose()


class Host:
    """A host of files that behaves as a test says; it counts what it was asked."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self._behaviours = behaviours
        self.heads: list[bytes] = []
        self.sent = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            turn = min(len(self.heads), len(self._behaviours) - 1)
            self.heads.append(head)
            await self._behaviours[turn](head, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def found(self, *, within_s: float = LONG_S) -> object:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await found(f"http://127.0.0.1:{port}/canary.jpg?sig=x", within_s=within_s)


def answering(status: str, body: bytes = b"", *headers: str) -> Behaviour:
    async def behave(_: bytes, writer: asyncio.StreamWriter) -> None:
        lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close")
        writer.write("\r\n".join((*lines, *headers, "", "")).encode() + body)

    return behave


class TestPortraits:
    @pytest.mark.parametrize(
        ("file", "kind", "reason"),
        [
            ("front.jpg", IMAGE, None),
            ("turn.mp4", VIDEO, None),
            ("left-tiny.jpg", IMAGE, AssetReason.TOO_FEW_PIXELS),
            ("left-vast.jpg", IMAGE, AssetReason.TOO_MANY_PIXELS),
            ("left-banner.jpg", IMAGE, AssetReason.RATIO_OUT_OF_RANGE),
            ("left-heavy.jpg", IMAGE, AssetReason.TOO_MANY_BYTES),
            ("left-page.jpg", IMAGE, AssetReason.NOT_MEDIA),
            ("left-gone.jpg", IMAGE, AssetReason.GONE),
            ("left-expired.jpg", IMAGE, AssetReason.GONE),
            ("left-moved.jpg", IMAGE, AssetReason.UNREACHABLE),
            ("left-film.jpg", IMAGE, AssetReason.WRONG_KIND),
            ("front.jpg", VIDEO, AssetReason.WRONG_KIND),
            ("turn.mp4", IMAGE, AssetReason.WRONG_KIND),
            ("turn-brief.mp4", VIDEO, AssetReason.TOO_SHORT),
            ("turn-endless.mp4", VIDEO, AssetReason.TOO_LONG),
        ],
    )
    async def test_each_of_the_simulators_files_has_its_reason(
        self, simulator_url: str, file: str, kind: AssetKind, reason: AssetReason | None
    ) -> None:
        assert reason == await found(f"{simulator_url}/portraits/{file}", kind=kind)

    async def test_many_are_told_apart_by_name(self, simulator_url: str) -> None:
        preflight = Preflight(allow=(simulator_url,))
        files = ["front", "left-gone", "right", "right-tiny"]
        unfit = await preflight.unfit(
            [asset(f"{simulator_url}/portraits/{it}.jpg", name=it) for it in files],
            within_s=LONG_S,
        )
        await preflight.aclose()

        assert {
            "left-gone": AssetReason.GONE,
            "right-tiny": AssetReason.TOO_FEW_PIXELS,
        } == dict(unfit)


class TestQuestion:
    async def test_it_is_a_get_of_the_first_bytes(self) -> None:
        host = Host(answering("206 Partial Content", PICTURE, "Content-Range: bytes 0-9/10"))

        assert await host.found() is None
        (head,) = host.heads
        assert head.startswith(b"GET /canary.jpg?sig=x HTTP/1.1\r\n")
        assert re.search(rb"(?i)^range: bytes=0-262143\r$", head, re.MULTILINE)
        assert re.search(rb"(?i)^accept-encoding: identity\r$", head, re.MULTILINE)
        assert not re.search(rb"(?i)^(cookie|authorization|referer):", head, re.MULTILINE)

    async def test_a_host_that_sends_without_end_is_left_after_the_first_bytes(self) -> None:
        left = asyncio.Event()

        async def endless(_: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + PICTURE)
            try:
                while True:
                    writer.write(bytes(65_536))
                    host.sent += 65_536
                    await writer.drain()
            except ConnectionError:
                left.set()

        host = Host(endless)

        assert await host.found() is None
        await asyncio.wait_for(left.wait(), 10)
        assert host.sent > HEAD_BYTES

    async def test_a_file_of_no_bytes_is_no_media(self) -> None:
        for empty in (answering("200 OK"), answering("416 Range Not Satisfiable")):
            assert AssetReason.NOT_MEDIA == await Host(empty).found()

    async def test_cookies_are_not_brought_back(self) -> None:
        host = Host(
            answering("503 Busy", b"", "Set-Cookie: a=1; Path=/"), answering("200 OK", PICTURE)
        )

        assert await host.found() is None
        assert 2 == len(host.heads)
        assert b"cookie" not in host.heads[1].lower()


class TestTrouble:
    @pytest.mark.parametrize(
        "trouble",
        [
            answering("503 Busy"),
            answering("500 Oops"),
            answering("429 Slower"),
            answering("408 Timeout"),
        ],
    )
    async def test_what_may_pass_is_met_again(self, trouble: Behaviour) -> None:
        host = Host(trouble, trouble, answering("200 OK", PICTURE))

        assert await host.found() is None
        assert 3 == len(host.heads)

    async def test_a_connection_that_breaks_is_met_again(self) -> None:
        async def breaking(_: bytes, writer: asyncio.StreamWriter) -> None:
            writer.close()

        host = Host(breaking, answering("200 OK", PICTURE))

        assert await host.found() is None
        assert 2 == len(host.heads)

    async def test_trouble_without_end_is_unreachable(self) -> None:
        assert AssetReason.UNREACHABLE == await Host(answering("503 Busy")).found(within_s=0.2)

    async def test_a_host_that_never_answers_is_unreachable(self) -> None:
        async def silent(_: bytes, __: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.5)

        assert AssetReason.UNREACHABLE == await Host(silent).found(within_s=0.2)

    async def test_bytes_that_trickle_are_unreachable(self) -> None:
        async def trickling(_: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            for byte in PICTURE[:50]:
                writer.write(bytes((byte,)))
                await writer.drain()
                await asyncio.sleep(0.01)

        assert AssetReason.UNREACHABLE == await Host(trickling).found(within_s=0.2)

    @pytest.mark.parametrize("status", ["401 Who", "403 No", "404 None", "410 Gone"])
    async def test_a_dead_address_is_asked_once(self, status: str) -> None:
        host = Host(answering(status))

        assert AssetReason.GONE == await host.found()
        assert 1 == len(host.heads)

    @pytest.mark.parametrize("status", ["301 Moved", "307 Moved", "400 What", "405 How", "204 No"])
    async def test_any_other_answer_is_unreachable_at_once(self, status: str) -> None:
        host = Host(answering(status))

        assert AssetReason.UNREACHABLE == await host.found()
        assert 1 == len(host.heads)


class TestClosedNetworks:
    async def test_no_spelling_of_this_machine_is_connected_to(self) -> None:
        async with listening() as listener:
            http = checked_client(
                timeout=httpx.Timeout(5), connections=listener, port=listener.port
            )
            preflight = Preflight(http=http)
            hosts = [f"https://{host}:{listener.port}/a.jpg" for host in LOCAL_SPELLINGS]
            candidates = [asset(url, name=url) for url in (*hosts, *FORBIDDEN_URLS[:7])]
            unfit = await preflight.unfit(candidates, within_s=0.5)
            await http.aclose()

        assert {candidate.name for candidate in candidates} == set(unfit)
        assert {AssetReason.ADDRESS_FORBIDDEN, AssetReason.UNREACHABLE} == set(unfit.values())
        assert ([], 0) == (listener.dialled, listener.accepted)
