"""The client on real sockets: what breaks where, and whether the request may have worked."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

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


def client(origin: str) -> ApimartClient:
    base_url = origin if "://" in origin else f"http://{origin}"
    return ApimartClient(api_key=SecretStr("sk-1"), base_url=base_url, requests_per_second=100)


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
