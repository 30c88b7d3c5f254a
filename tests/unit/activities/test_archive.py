"""Keeping a file: whole and measured in its place, or nothing there at all."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from obstore.store import MemoryStore
from pydantic import SecretStr

from activities import archive as archive_module
from activities.archive import Archive, ArchiveError, Kept, SourceGoneError, open_store
from tests.unit.activities.file_server import Behaviour, answering, file_server

KEY = "default/o-1/video-1.mp4"
FILE = secrets.token_bytes(300_000)


class Keeping:
    """An archive over a folder, and what lies in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archive = Archive(open_store(folder.as_uri()), plain_http=True)

    async def keeps(self, behave: Behaviour) -> Kept:
        async with file_server(behave) as address:
            return await self.archive.keep(SecretStr(address), KEY)

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
async def keeping(tmp_path: Path) -> AsyncIterator[Keeping]:
    keeping = Keeping(tmp_path / "archive")
    yield keeping
    await keeping.archive.aclose()


class TestKeep:
    async def test_every_byte_is_kept_and_measured(self, keeping: Keeping) -> None:
        kept = await keeping.keeps(answering("200 OK", FILE))

        assert Kept(len(FILE), hashlib.sha256(FILE).hexdigest()) == kept
        assert {KEY: FILE} == keeping.files

    async def test_a_second_copy_takes_the_place_of_the_first(self, keeping: Keeping) -> None:
        await keeping.keeps(answering("200 OK", b"first"))

        await keeping.keeps(answering("200 OK", FILE))

        assert {KEY: FILE} == keeping.files

    async def test_neither_key_nor_account_goes_to_the_files_host(self, keeping: Keeping) -> None:
        heads: list[bytes] = []
        async with file_server(answering("200 OK", FILE), heads=heads) as address:
            await keeping.archive.keep(SecretStr(address), KEY)

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
            await keeping.archive.keep(SecretStr(address), KEY)


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
        monkeypatch.setattr(archive_module, "MAX_BYTES", 100_000)

        await keeping.fails(answering("200 OK", bytes(100_000 + over)))

        assert {} == keeping.files

    async def test_the_largest_one_allowed_is_kept(
        self, keeping: Keeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archive_module, "MAX_BYTES", 100_000)

        assert 100_000 == (await keeping.keeps(answering("200 OK", bytes(100_000)))).size_bytes

    async def test_an_endless_stream_is_left_at_the_limit(
        self, keeping: Keeping, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archive_module, "MAX_BYTES", 1_000_000)
        sent = 0

        async def endless(writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while sent < 100_000_000:
                writer.write(bytes(65_536))
                await writer.drain()
                sent += 65_536

        await keeping.fails(endless)

        assert sent < 50_000_000
        assert {} == keeping.files


class TestScheme:
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
        archive = Archive(MemoryStore())

        with pytest.raises(ArchiveError) as failure:
            await archive.keep(SecretStr(address), KEY)
        await archive.aclose()

        assert "not https" in str(failure.value)
        assert "canary" not in str(failure.value)

    async def test_plain_http_must_be_allowed_and_allows_nothing_else(self) -> None:
        archive = Archive(MemoryStore(), plain_http=True)

        with pytest.raises(ArchiveError):
            await archive.keep(SecretStr("file:///etc/hostname"), KEY)
        await archive.aclose()


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
