"""The client on real sockets: what breaks where, and whether the request may have worked."""

import asyncio
import contextlib
import gzip
import socket
import struct
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx
import pytest
from pydantic import SecretStr

from apimart import (
    ApimartClient,
    ApimartError,
    NotSent,
    OutcomeUnknown,
    PaymentRequired,
    SubmittedTask,
    Unavailable,
)

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BODY = b'{"code":200,"data":{"id":"task_1"}}'
OK = OK_HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@contextlib.asynccontextmanager
async def upstream(behaviour: Behaviour) -> AsyncIterator[str]:
    handlers: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await behaviour(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"{host}:{port}"
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.wait_for(asyncio.gather(*handlers), timeout=10)


async def read_request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.partition(b":")[2]))


async def post(origin: str, timeout_s: float = 5) -> SubmittedTask:
    async with client(origin) as apimart:
        return await apimart.create_session(
            callback_url="https://w/c", project_name="p", timeout_s=timeout_s
        )


async def failure_of_get(origin: str, timeout_s: float = 5) -> ApimartError:
    async with client(origin) as apimart:
        with pytest.raises(ApimartError) as caught:
            await apimart.get_session("task_1", timeout_s=timeout_s)
    return caught.value


@pytest.fixture(autouse=True, params=["own wire", "a caller's httpx"])
def theirs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Every test here holds for both wires."""
    is_theirs: bool = request.param != "own wire"
    monkeypatch.setattr(f"{__name__}.over_httpx", is_theirs)
    return is_theirs


over_httpx = False


@contextlib.asynccontextmanager
async def client(origin: str) -> AsyncIterator[ApimartClient]:
    base_url = origin if "://" in origin else f"http://{origin}"
    limits = httpx.Limits(max_connections=32, keepalive_expiry=3)
    async with contextlib.AsyncExitStack() as stack:
        http = httpx.AsyncClient(trust_env=False, limits=limits) if over_httpx else None
        if http is not None:
            await stack.enter_async_context(http)
        yield await stack.enter_async_context(
            ApimartClient(
                api_key=SecretStr("sk-1"), base_url=base_url, requests_per_second=1000, http=http
            )
        )


@contextlib.contextmanager
def deaf() -> Iterator[str]:
    """A port whose queue of connections is full: the next one is neither taken nor refused."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        host, port = listener.getsockname()
        yield f"{host}:{port}"


async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    await reader.read()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await read_request(reader)


async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(OK[:-5])


async def no_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_the_key_never_leaves_its_origin(self, status: int) -> None:
        """Nobody even connects to where a redirect points, so no key can have gone there."""
        visitors: list[int] = []

        async def elsewhere(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            visitors.append(status)
            await read_request(reader)

        async with upstream(elsewhere) as other:
            head = f"HTTP/1.1 {status} Away\r\nLocation: http://{other}/v1/balance\r\n"

            async def away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await read_request(reader)
                writer.write(head.encode() + b"Content-Length: 0\r\n\r\n")
                await writer.drain()

            async with upstream(away) as origin:
                with pytest.raises(OutcomeUnknown):
                    await post(origin)
                assert isinstance(await failure_of_get(origin), Unavailable)

        assert [] == visitors


class TestBrokenConnections:
    async def test_a_refused_connection_was_surely_not_sent(self) -> None:
        async with upstream(silence) as origin:
            pass

        with pytest.raises(NotSent):
            await post(origin)
        assert type(await failure_of_get(origin)) is Unavailable

    async def test_a_failed_handshake_was_surely_not_sent(self) -> None:
        async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(b"no TLS here\r\n")

        async with upstream(no_tls) as origin:
            with pytest.raises(NotSent):
                await post(f"https://{origin}")

    async def test_a_connection_never_taken_was_surely_not_sent(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        give_up_quickly(monkeypatch)

        with deaf() as origin:
            with pytest.raises(NotSent):
                await post(origin)
            assert type(await failure_of_get(origin)) is Unavailable

    async def test_one_that_found_all_connections_busy_was_surely_not_sent(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arrived = asyncio.Semaphore(0)

        async def hold(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            arrived.release()
            await reader.read()

        async with upstream(hold) as origin, client(origin) as apimart:
            held = [asyncio.create_task(apimart.get_session(f"task_{n}")) for n in range(32)]
            for _ in held:
                await arrived.acquire()
            give_up_quickly(monkeypatch)
            with pytest.raises(NotSent):
                await apimart.create_session(callback_url="c", project_name="p", timeout_s=5)
            for task in held:
                task.cancel()
            await asyncio.gather(*held, return_exceptions=True)

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_nothing_is_sent_again_when_its_kept_connection_breaks(self, method: str) -> None:
        served = 0

        async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal served
            await read_request(reader)
            served += 1
            writer.write(OK)
            await read_request(reader)
            served += 1

        async with upstream(once) as origin, client(origin) as apimart:
            await apimart.get_session("task_1")
            again = (
                apimart.get_session("task_1")
                if method == "GET"
                else apimart.create_session(callback_url="c", project_name="p", timeout_s=5)
            )
            with pytest.raises(Unavailable if method == "GET" else OutcomeUnknown):
                await again

        assert 2 == served

    async def test_nothing_chained_to_a_failure_shows_the_request(self) -> None:
        async with upstream(hang_up) as origin:
            with pytest.raises(OutcomeUnknown) as caught:
                await post(origin)

        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None

    @pytest.mark.parametrize("behaviour", [reset, hang_up, break_off, no_http])
    async def test_a_connection_lost_after_sending_leaves_a_post_unknown(
        self, behaviour: Behaviour
    ) -> None:
        async with upstream(behaviour) as origin:
            with pytest.raises(OutcomeUnknown) as caught:
                await post(origin)
            of_get = await failure_of_get(origin)

        assert caught.value.code == "connection_lost"
        assert (Unavailable, "connection_lost") == (type(of_get), of_get.code)

    async def test_silence_ends_as_a_timeout(self) -> None:
        async with upstream(silence) as origin:
            with pytest.raises(OutcomeUnknown) as caught:
                await post(origin, timeout_s=0.2)
            of_get = await failure_of_get(origin, timeout_s=0.2)

        assert caught.value.code == "timeout"
        assert (Unavailable, "timeout") == (type(of_get), of_get.code)

    async def test_an_error_status_counts_even_when_its_body_breaks_off(self) -> None:
        async def pay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(b"HTTP/1.1 402 Payment Required\r\nContent-Length: 99\r\n\r\n{")

        async with upstream(pay) as origin:
            with pytest.raises(PaymentRequired):
                await post(origin)


def give_up_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("aiohttp_wire", "httpx_wire"):
        monkeypatch.setattr(f"apimart.{place}.CONNECT_TIMEOUT_S", 0.2)


class TestRequests:
    async def test_nothing_a_server_sets_comes_back_to_it(self) -> None:
        heads: list[bytes] = []

        async def setting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for _ in range(2):
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(OK.replace(b"\r\n", b"\r\nSet-Cookie: canary=1\r\n", 1))

        async with upstream(setting) as origin, client(origin) as apimart:
            for _ in range(2):
                await apimart.get_session("task_1")

        # A client of the caller's keeps what it likes.
        assert over_httpx is (b"cookie" in heads[1].lower())

    async def test_a_task_id_is_written_as_it_was_quoted(self) -> None:
        heads: list[bytes] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(OK)

        async with upstream(answer) as origin, client(origin) as apimart:
            await apimart.get_session("a:b/../c?d%2f")

        assert b"GET /v1/tasks/a%3Ab%2F..%2Fc%3Fd%252f HTTP/1.1" == heads[0].split(b"\r\n")[0]

    async def test_it_says_who_asks_and_takes_no_compressed_answer(self) -> None:
        heads: list[bytes] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(OK)

        async with upstream(answer) as origin, client(origin) as apimart:
            await apimart.get_session("task_1")

        said = {
            name.lower(): value
            for name, _, value in (
                line.partition(": ") for line in heads[0].decode().split("\r\n")[1:] if line
            )
        }
        assert {"authorization", "accept", "accept-encoding", "user-agent", "host"} == {
            name for name in said if name != "connection"
        }
        assert ("Bearer sk-1", "identity") == (said["authorization"], said["accept-encoding"])


class TestAnswers:
    @pytest.mark.parametrize(("idle_s", "expected"), [(0, 1), (4, 2)])
    async def test_one_connection_serves_many_calls_until_the_server_may_hang_up(
        self, idle_s: float, expected: int
    ) -> None:
        connections = 0

        async def keep_alive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            while True:
                await read_request(reader)
                writer.write(OK)

        async with upstream(keep_alive) as origin, client(origin) as apimart:
            for pause_s in (0, 0, idle_s):
                await asyncio.sleep(pause_s)
                await apimart.create_session(
                    callback_url="https://w/c", project_name="p", timeout_s=5
                )

        assert expected == connections

    @pytest.mark.parametrize(
        "more",
        ["Content-Encoding: gzip", f"X-Long: {'x' * 9000}", "\r\n".join(["X-Many: 1"] * 200)],
        ids=["compressed", "a long header", "many headers"],
    )
    async def test_what_a_gateway_does_to_an_answer_loses_none(self, more: str) -> None:
        body = gzip.compress(BODY) if "gzip" in more else BODY
        head = OK_HEAD + b"%s\r\nContent-Length: %d\r\n\r\n" % (more.encode(), len(body))

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(head + body)

        async with upstream(answer) as origin:
            assert (await post(origin)).task_id == "task_1"

    async def test_a_body_that_is_compressed_in_name_only_leaves_a_post_unknown(self) -> None:
        head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BODY)

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(OK_HEAD + head + BODY)

        async with upstream(answer) as origin:
            with pytest.raises(OutcomeUnknown):
                await post(origin)

    async def test_a_body_that_grows_when_it_is_unpacked_is_left_at_the_limit(self) -> None:
        bomb = gzip.compress(b" " * 64 * 1024 * 1024)
        head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(OK_HEAD + head + bomb)

        tracemalloc.start()
        try:
            async with upstream(answer) as origin:
                of_get = await failure_of_get(origin)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert of_get.code == "unreadable_answer"
        assert over_httpx or peak < 16 * 1024 * 1024

    async def test_an_endless_body_is_left_at_the_limit(self) -> None:
        written = 0

        async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal written
            await read_request(reader)
            writer.write(OK_HEAD + b"\r\n")
            while True:
                writer.write(b" " * 65536)
                written += 65536
                await writer.drain()

        async with upstream(endless) as origin:
            of_get = await failure_of_get(origin)

        assert of_get.code == "unreadable_answer"
        assert written < 64 * 1024 * 1024

    async def test_the_users_proxy_is_not_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(OK)

        async with upstream(answer) as origin:
            assert (await post(origin)).task_id == "task_1"
