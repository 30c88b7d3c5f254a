"""Keeping a file: whole and measured in its place, or nothing there at all."""

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import obstore
import pytest
from obstore.store import MemoryStore
from pydantic import SecretStr

from activities import archive as archive_module
from activities import downloading
from activities.archive import Archive
from activities.downloading import MAX_BYTES, ArchiveError, Downloads, Kept, SourceGoneError
from activities.stores import open_store
from outbound.client import checked_client
from simulator.media import video_file
from tests.unit.activities.file_server import Behaviour, answering, file_server
from tests.unit.outbound.listener import listening
from tests.unit.outbound.vectors import FORBIDDEN_URLS, LOCAL_SPELLINGS

KEY = "default/o-1/video-1.mp4"
ROOT = Path(__file__).parents[3]
COPY = f"""
import asyncio, sys
from pydantic import SecretStr
from activities.archive import Archive
from activities.downloading import Downloads
from activities.stores import open_store

address, folder = sys.argv[1:]
origin = address.removesuffix("/canary-file.mp4")
archive = Archive(open_store(folder), Downloads(allow=(origin,)))
asyncio.run(archive.keep(SecretStr(address), "{KEY}"))
"""
FILE = video_file(seed="a", size=300_000)


class Keeping:
    """An archive over a folder, and what lies in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = open_store(folder.as_uri())

    async def keep(self, address: str) -> Kept:
        origin = address.removesuffix("/canary-file.mp4")
        archive = Archive(self.store, Downloads(allow=(origin,)))
        try:
            return await archive.keep(SecretStr(address), KEY)
        finally:
            await archive.aclose()

    async def keeps(self, behave: Behaviour) -> Kept:
        async with file_server(behave) as address:
            return await self.keep(address)

    async def fails(self, behave: Behaviour) -> ArchiveError:
        with pytest.raises(ArchiveError) as failure:
            await self.keeps(behave)
        assert "canary" not in f"{failure.value!r} {failure.value.__cause__!r}"
        assert "127.0.0.1" not in str(failure.value)
        return failure.value

    @property
    def files(self) -> dict[str, bytes]:
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(tmp_path / "archive")


class TestKeep:
    async def test_every_byte_is_kept_and_measured(self, keeping: Keeping) -> None:
        kept = await keeping.keeps(answering("200 OK", FILE))

        assert Kept(len(FILE), hashlib.sha256(FILE).hexdigest()) == kept
        assert {KEY: FILE} == keeping.files

    async def test_a_second_copy_takes_the_place_of_the_first(self, keeping: Keeping) -> None:
        await keeping.keeps(answering("200 OK", video_file(seed="b", size=10)))

        await keeping.keeps(answering("200 OK", FILE))

        assert {KEY: FILE} == keeping.files

    async def test_neither_key_nor_account_goes_to_the_files_host(self, keeping: Keeping) -> None:
        heads: list[bytes] = []
        async with file_server(answering("200 OK", FILE), heads=heads) as address:
            await keeping.keep(address)

        assert b"authorization" not in heads[0].lower()
        assert b"cookie" not in heads[0].lower()


class TestBrokenOff:
    async def chunked(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"%x\r\n%s\r\n" % (len(FILE), FILE))

    async def test_a_file_shorter_than_promised_leaves_nothing(self, keeping: Keeping) -> None:
        await keeping.fails(answering("200 OK", FILE, length=len(FILE) + 1))

        assert {} == keeping.files

    async def test_a_stream_without_its_end_leaves_nothing(self, keeping: Keeping) -> None:
        await keeping.fails(self.chunked)

        assert {} == keeping.files

    async def test_an_earlier_file_survives_a_copy_that_fails(self, keeping: Keeping) -> None:
        await keeping.keeps(answering("200 OK", FILE))

        await keeping.fails(answering("200 OK", b"other", length=100))

        assert {KEY: FILE} == keeping.files

    async def test_a_cancelled_copy_leaves_nothing(self, keeping: Keeping) -> None:
        begun = asyncio.Event()

        async def slowly(writer: asyncio.StreamWriter) -> None:
            await answering("200 OK", FILE, length=2 * len(FILE))(writer)
            await writer.drain()
            begun.set()
            await asyncio.sleep(0.2)

        copying = asyncio.create_task(keeping.keeps(slowly))
        await begun.wait()
        copying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await copying

        assert {} == keeping.files

    async def test_nobody_there_is_a_failure_to_repeat(self, keeping: Keeping) -> None:
        async with file_server(answering("200 OK")) as address:
            pass

        with pytest.raises(ArchiveError):
            await keeping.keep(address)


class TestRefusal:
    @pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "410 Gone"])
    async def test_an_address_that_gives_nothing_any_more_is_gone(
        self, keeping: Keeping, status: str
    ) -> None:
        with pytest.raises(SourceGoneError) as gone:
            await keeping.keeps(answering(status, b"canary"))

        assert "canary" not in str(gone.value)
        assert {} == keeping.files

    @pytest.mark.parametrize(
        "status", ["500 Oops", "503 Busy", "401 Who", "206 Partial Content", "204 No Content"]
    )
    async def test_any_other_answer_is_a_failure(self, keeping: Keeping, status: str) -> None:
        assert status[:3] in str(await keeping.fails(answering(status)))
        assert {} == keeping.files

    async def test_a_redirect_is_not_followed(self, keeping: Keeping) -> None:
        heads: list[bytes] = []
        async with file_server(answering("200 OK", FILE), heads=heads) as elsewhere:

            async def redirecting(writer: asyncio.StreamWriter) -> None:
                writer.write(
                    b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n"
                    % elsewhere.encode()
                )

            await keeping.fails(redirecting)

        assert [] == heads

    async def test_an_empty_file_is_no_video(self, keeping: Keeping) -> None:
        await keeping.fails(answering("200 OK", b""))

        assert {} == keeping.files

    @pytest.mark.parametrize("over", [1, 1_000_000])
    async def test_a_file_larger_than_a_video_can_be_is_not_kept(
        self, keeping: Keeping, monkeypatch: pytest.MonkeyPatch, over: int
    ) -> None:
        monkeypatch.setattr(downloading, "MAX_BYTES", len(FILE))

        await keeping.fails(answering("200 OK", FILE + bytes(over)))

        assert {} == keeping.files

    async def test_the_largest_one_allowed_is_kept(
        self, keeping: Keeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(downloading, "MAX_BYTES", len(FILE))

        assert len(FILE) == (await keeping.keeps(answering("200 OK", FILE))).size_bytes

    async def test_a_length_that_is_too_much_is_believed_without_reading(
        self, keeping: Keeping
    ) -> None:
        failure = await keeping.fails(answering("200 OK", FILE, length=MAX_BYTES + 1))

        assert "larger" in str(failure)

    async def test_an_endless_stream_is_left_within_a_chunk_of_the_limit(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(downloading, "MAX_BYTES", 1_000_000)
        stream = Endless(FILE[:100], chunk=bytes(65_536), until=10**8)
        transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=stream))
        http = httpx.AsyncClient(transport=transport)
        archive = Archive(MemoryStore(), Downloads(http=http))

        with pytest.raises(ArchiveError, match="larger"):
            await archive.keep(SecretStr("https://files.example/canary"), KEY)
        await http.aclose()

        assert 1_000_000 < stream.given <= 1_000_000 + 65_536

    @pytest.mark.parametrize(
        ("kind", "kept"),
        [
            ("video/mp4", True),
            ("video/quicktime; codecs=x", True),
            ("binary/octet-stream", True),
            ("text/html", False),
            ("application/json", False),
            ("image/png", False),
        ],
    )
    async def test_what_calls_itself_no_video_is_none(
        self, keeping: Keeping, *, kind: str, kept: bool
    ) -> None:
        behave = answering("200 OK", FILE, kind=kind)
        if not kept:
            assert "calls itself" in str(await keeping.fails(behave))
        else:
            await keeping.keeps(behave)

        assert ({KEY} if kept else set()) == set(keeping.files)

    @pytest.mark.parametrize(
        "body",
        [
            b"<html>canary",
            b"\x89PNG\r\n\x1a\n" + bytes(100),
            bytes(100),
            b"\x00\x00\x00\x18ftypM4A \x00",
            b"\x00",
        ],
    )
    async def test_what_does_not_begin_as_a_video_is_none(
        self, keeping: Keeping, body: bytes
    ) -> None:
        await keeping.fails(answering("200 OK", body))

        assert {} == keeping.files

    @pytest.mark.parametrize(
        "head",
        [
            b"\x00\x00\x00\x14ftypisom\x00\x00\x02\x00",
            b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00",
            b"\x1a\x45\xdf\xa3\x01\x00\x00\x00",
        ],
        ids=["mp4", "mov", "webm"],
    )
    async def test_each_form_of_video_is_kept(self, keeping: Keeping, head: bytes) -> None:
        await keeping.keeps(answering("200 OK", head + bytes(100)))

        assert {KEY: head + bytes(100)} == keeping.files

    async def test_a_copy_that_takes_too_long_is_given_up(
        self, keeping: Keeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archive_module, "COPY_WITHIN_S", 0.05)

        async def trickling(writer: asyncio.StreamWriter) -> None:
            await answering("200 OK", FILE[:-1], length=len(FILE))(writer)
            await writer.drain()
            await asyncio.sleep(0.3)

        assert "too long" in str(await keeping.fails(trickling))
        assert {} == keeping.files


class Endless(httpx.AsyncByteStream):
    """Bytes for as long as somebody takes them."""

    def __init__(self, head: bytes, *, chunk: bytes, until: int) -> None:
        self._head = head
        self._chunk = chunk
        self._until = until
        self.given = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.given += len(self._head)
        yield self._head
        while self.given < self._until:
            self.given += len(self._chunk)
            yield self._chunk


class TestAddress:
    @pytest.mark.parametrize(
        "address",
        [
            "http://127.0.0.1:9/canary.mp4",
            "ftp://files.example/canary.mp4",
            "file:///etc/canary",
            "//files.example/canary.mp4",
            "canary",
            "",
        ],
    )
    async def test_only_https_is_fetched(self, address: str) -> None:
        archive = Archive(MemoryStore(), Downloads())

        with pytest.raises(ArchiveError) as failure:
            await archive.keep(SecretStr(address), KEY)
        await archive.aclose()

        assert "canary" not in str(failure.value)

    async def test_no_spelling_of_a_closed_network_is_connected_to(self) -> None:
        async with listening() as listener:
            http = checked_client(
                timeout=httpx.Timeout(5), connections=listener, port=listener.port
            )
            archive = Archive(MemoryStore(), Downloads(http=http))
            urls = [f"https://{host}:{listener.port}/a.mp4" for host in LOCAL_SPELLINGS]
            for url in (*urls, *FORBIDDEN_URLS):
                with pytest.raises(ArchiveError):
                    await archive.keep(SecretStr(url), KEY)
            await http.aclose()

        assert ([], 0) == (listener.dialled, listener.accepted)


class TestLeftovers:
    async def begun(self, keeping: Keeping, key: str) -> object:
        """A file as a worker leaves it that is killed while writing."""
        writer = obstore.open_writer_async(keeping.store, key, buffer_size=1)
        await writer.write(FILE)
        await writer.flush()
        return writer

    async def test_of_a_killed_copy_go_with_the_next_try(self, keeping: Keeping) -> None:
        writer = await self.begun(keeping, KEY)
        before = set(keeping.files)

        await keeping.keeps(answering("200 OK", FILE))

        assert {f"{KEY}#1"} == before
        assert {KEY: FILE} == keeping.files
        del writer

    async def test_of_a_killed_copy_go_with_an_erasure_or_a_removal(self, keeping: Keeping) -> None:
        beside = await self.begun(keeping, "default/o-11/video-1.mp4")
        writers = [await self.begun(keeping, KEY)]
        archive = Archive(keeping.store, Downloads())
        await archive.erase(["default/o-1"])
        erased = set(keeping.files)
        writers.append(await self.begun(keeping, KEY))
        await archive.remove(KEY)
        await archive.aclose()

        assert {"default/o-11/video-1.mp4#1"} == erased == set(keeping.files)
        del beside, writers

    async def test_a_killed_download_leaves_none(self, keeping: Keeping) -> None:
        begun = asyncio.Event()

        async def slowly(writer: asyncio.StreamWriter) -> None:
            await answering("200 OK", FILE, length=2 * len(FILE))(writer)
            await writer.drain()
            begun.set()
            await asyncio.sleep(0.5)

        async with file_server(slowly) as address:
            copying = await asyncio.create_subprocess_exec(
                sys.executable, "-c", COPY, address, keeping.folder.as_uri(), cwd=ROOT
            )
            await asyncio.wait_for(begun.wait(), 30)
            copying.kill()
            await copying.wait()

        assert {} == keeping.files


class TestStore:
    async def test_one_that_takes_nothing_is_a_failure_to_repeat(
        self, keeping: Keeping, tmp_path: Path
    ) -> None:
        (tmp_path / "archive").rmdir()
        (tmp_path / "archive").write_text("a file where the folder was")

        failure = await keeping.fails(answering("200 OK", FILE))

        assert "store" in str(failure)
        assert str(tmp_path) not in str(failure)

    def test_a_folder_that_is_not_there_is_made(self, tmp_path: Path) -> None:
        open_store((tmp_path / "deep" / "archive").as_uri())

        assert (tmp_path / "deep" / "archive").is_dir()
