"""No address that a stranger gives leads anywhere but to the public network."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpcore
import httpx
import pytest

from outbound.client import checked_client
from outbound.dialling import AddressForbiddenError, CheckedBackend, Resolve
from outbound.public_addresses import is_public
from tests.unit.outbound.listener import Listener, Names, listening
from tests.unit.outbound.vectors import (
    FORBIDDEN_URLS,
    LOCAL_SPELLINGS,
    PRIVATE_ADDRESSES,
    PUBLIC_ADDRESSES,
)

TIMEOUT = httpx.Timeout(5)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


async def ask(
    listener: Listener, url: str, *, resolve: Resolve | None = None, allow: tuple[str, ...] = ()
) -> httpx.Response:
    """Ask as every surface does, with the listener's port in the place of 443."""
    async with checked_client(
        allow, timeout=TIMEOUT, resolve=resolve, connections=listener, port=listener.port
    ) as http:
        return await http.get(url)


class TestVectors:
    def test_there_are_enough_of_them(self) -> None:
        vectors = (*LOCAL_SPELLINGS, *PRIVATE_ADDRESSES, *FORBIDDEN_URLS)

        assert 80 <= len(set(vectors)) == len(vectors)

    @pytest.mark.parametrize("host", LOCAL_SPELLINGS)
    async def test_this_machine_is_never_connected_to(self, listener: Listener, host: str) -> None:
        with pytest.raises((AddressForbiddenError, httpx.TransportError, httpx.InvalidURL)):
            await ask(listener, f"https://{host}:{listener.port}/a.jpg")

        assert ([], 0) == (listener.dialled, listener.accepted)

    @pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
    async def test_a_name_that_resolves_into_a_closed_network_is_refused(
        self, listener: Listener, address: str
    ) -> None:
        names = Names({"files.example": [[address]]})

        with pytest.raises(AddressForbiddenError) as refused:
            await ask(
                listener, f"https://files.example:{listener.port}/a.jpg", resolve=names.resolve
            )

        assert address not in str(refused.value)
        assert ([], 0) == (listener.dialled, listener.accepted)

    @pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
    async def test_one_closed_address_among_public_ones_is_enough(
        self, listener: Listener, address: str
    ) -> None:
        names = Names({"files.example": [["8.8.8.8", address]]})

        with pytest.raises(AddressForbiddenError):
            await ask(
                listener, f"https://files.example:{listener.port}/a.jpg", resolve=names.resolve
            )

        assert ([], 0) == (listener.dialled, listener.accepted)

    @pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
    async def test_a_public_address_is_dialled_as_it_was_judged(
        self, listener: Listener, address: str
    ) -> None:
        names = Names({"files.example": [[address]]})

        with pytest.raises(httpx.ConnectError):
            # The listener closes at once: what counts is that it was reached.
            await ask(
                listener, f"https://files.example:{listener.port}/a.jpg", resolve=names.resolve
            )

        assert ([address], 1) == (listener.dialled, listener.accepted)

    @pytest.mark.parametrize("url", FORBIDDEN_URLS)
    async def test_a_forbidden_form_is_refused_without_a_look_up(
        self, listener: Listener, url: str
    ) -> None:
        names = Names({"files.example": [["8.8.8.8"]]})

        with pytest.raises((AddressForbiddenError, httpx.UnsupportedProtocol)):
            await ask(listener, url, resolve=names.resolve)

        assert ([], []) == (names.asked, listener.dialled)

    async def test_without_the_check_the_spellings_do_lead_to_this_machine(
        self, listener: Listener
    ) -> None:
        """The proof that the vectors are worth something, and that the listener counts."""
        for host in LOCAL_SPELLINGS:
            origin = f"https://{host}:{listener.port}"
            with contextlib.suppress(httpx.HTTPError, httpx.InvalidURL):
                async with checked_client((str(httpx.URL(origin)),), timeout=TIMEOUT) as http:
                    await http.get(origin)

        assert 20 <= listener.accepted


class TestRebinding:
    async def test_the_address_that_was_judged_is_the_one_connected_to(
        self, listener: Listener
    ) -> None:
        names = Names({"files.example": [["8.8.8.8"], ["127.0.0.1"]]})

        with pytest.raises(httpx.ConnectError):
            await ask(listener, f"https://files.example:{listener.port}/", resolve=names.resolve)

        assert (["files.example"], ["8.8.8.8"]) == (names.asked, listener.dialled)

    async def test_the_next_request_is_judged_anew(self, listener: Listener) -> None:
        names = Names({"files.example": [["8.8.8.8"], ["127.0.0.1"]]})
        async with checked_client(
            timeout=TIMEOUT, resolve=names.resolve, connections=listener, port=listener.port
        ) as http:
            with pytest.raises(httpx.ConnectError):
                await http.get(f"https://files.example:{listener.port}/")
            with pytest.raises(AddressForbiddenError):
                await http.get(f"https://files.example:{listener.port}/")

        assert ["8.8.8.8"] == listener.dialled


class TestRedirects:
    @pytest.mark.parametrize(
        "target",
        ["http://169.254.169.254/latest/meta-data/", "https://127.0.0.1/", "file:///etc/passwd"],
    )
    async def test_none_is_followed(self, listener: Listener, target: str) -> None:
        async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\n"
                b"Location: %s\r\n\r\n" % target.encode()
            )
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(redirect, "127.0.0.1", 0)
        origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            answer = await ask(listener, f"{origin}/a.jpg", allow=(origin,))

        assert 302 == answer.status_code
        assert ["127.0.0.1"] == listener.dialled


class TestExemption:
    async def test_it_is_one_origin_and_nothing_beside_it(self, listener: Listener) -> None:
        allow = (f"http://127.0.0.1:{listener.port}",)
        with pytest.raises(httpx.TransportError):
            await ask(listener, f"http://127.0.0.1:{listener.port}/a", allow=allow)
        for other in (
            f"https://127.0.0.1:{listener.port}/a",
            "http://127.0.0.1/a",
            f"http://localhost:{listener.port}/a",
            f"http://user@127.0.0.1:{listener.port}/a",
        ):
            with pytest.raises(AddressForbiddenError):
                await ask(listener, other, allow=allow)

        assert 1 == listener.accepted

    async def test_proxies_of_the_environment_are_not_asked(
        self, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
        names = Names({})

        with pytest.raises(httpx.ConnectError):
            await ask(listener, f"https://files.example:{listener.port}/", resolve=names.resolve)

        assert (["files.example"], 0) == (names.asked, listener.accepted)


class TestTrouble:
    async def test_each_address_has_its_turn(self) -> None:
        class Deaf(Listener):
            async def connect_tcp(
                self, host: str, *args: object, **more: object
            ) -> httpcore.AsyncNetworkStream:
                del args, more
                self.dialled.append(host)
                raise httpcore.ConnectError("nobody there")

        deaf = Deaf()
        names = Names({"files.example": [["8.8.8.8", "1.1.1.1", "8.8.4.4", "9.9.9.9", "8.8.8.9"]]})
        backend = CheckedBackend(resolve=names.resolve, connections=deaf)

        with pytest.raises(httpcore.ConnectError):
            await backend.connect_tcp("files.example", 443, timeout=5)

        assert ["8.8.8.8", "1.1.1.1", "8.8.4.4", "9.9.9.9"] == deaf.dialled

    async def test_a_name_server_that_never_answers_costs_the_timeout_only(self) -> None:
        async def never(host: str, port: int) -> tuple[str, ...]:
            del host, port
            await asyncio.Event().wait()
            return ()

        with pytest.raises(httpcore.ConnectTimeout):
            await CheckedBackend(resolve=never).connect_tcp("files.example", 443, timeout=0.05)

    @pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64 + ".example", "."])
    async def test_a_name_without_an_address_is_a_connection_that_failed(self, host: str) -> None:
        with pytest.raises(httpcore.ConnectError):
            await CheckedBackend().connect_tcp(host, 443, timeout=5)


class TestPublic:
    @pytest.mark.parametrize("text", ["", "files.example", "8.8.8", "8.8.8.8/32", "[::1]", "1"])
    def test_what_is_no_address_is_not_public(self, text: str) -> None:
        assert not is_public(text)
