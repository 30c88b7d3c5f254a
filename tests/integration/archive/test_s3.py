"""The archive in a bucket of a real S3 server: whole or not at all, and gone when erased."""

import hashlib
from collections.abc import AsyncIterator, Iterator

import obstore
import pytest
from obstore.store import ObjectStore, from_url
from pydantic import SecretStr

from activities.archive import Archive
from activities.downloading import ArchiveError, Downloads, Kept
from activities.stores import open_store
from simulator.media import video_file
from tests.integration.archive.bucket import S3Server, s3_server
from tests.unit.activities.file_server import answering, file_server

BUCKET = "s3://videos/some/prefix"
PART_BYTES = 5 * 1024**2
KEY = "default/o-1/video-1.mp4"
FILE = video_file(seed="a", size=12_000_000)
"""More than one part of an upload."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        server.make_bucket("videos")
        server.lock()
        yield server


@pytest.fixture
def signed(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The server, with this process's variables for it."""
    for name, value in server.settings().items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
async def whole(signed: S3Server) -> AsyncIterator[ObjectStore]:
    """The bucket as its owner sees it, empty at the end."""
    del signed
    store = from_url("s3://videos")
    yield store
    for path in await listed(store):
        await obstore.delete_async(store, path)


async def listed(store: ObjectStore) -> list[str]:
    return sorted(file["path"] for file in await obstore.list(store).collect_async())


async def keep(body: bytes = FILE, *, length: int | None = None, bucket: str = BUCKET) -> Kept:
    async with file_server(answering("200 OK", body, length=length)) as address:
        origin = address.removesuffix("/canary-file.mp4")
        archive = Archive(open_store(bucket), Downloads(allow=(origin,)))
        try:
            return await archive.keep(SecretStr(address), KEY)
        finally:
            await archive.aclose()


class TestKeep:
    async def test_every_byte_is_kept_below_the_prefix_and_measured(
        self, whole: ObjectStore
    ) -> None:
        kept = await keep()
        stored = bytes(await (await obstore.get_async(whole, f"some/prefix/{KEY}")).bytes_async())

        assert Kept(len(FILE), hashlib.sha256(FILE).hexdigest()) == kept
        assert FILE == stored

    async def test_a_download_that_breaks_off_leaves_the_bucket_as_it_was(
        self, whole: ObjectStore
    ) -> None:
        with pytest.raises(ArchiveError):
            await keep(length=len(FILE) + 1)

        assert [] == await listed(whole)

    async def test_an_upload_that_was_killed_shows_nothing_and_hinders_nothing(
        self, whole: ObjectStore
    ) -> None:
        store = open_store(BUCKET)
        killed = obstore.open_writer_async(store, KEY, buffer_size=PART_BYTES)
        await killed.write(FILE[: PART_BYTES + 1])
        before = await listed(whole)

        await keep()

        assert [] == before
        assert [f"some/prefix/{KEY}"] == await listed(whole)

    async def test_a_second_copy_takes_the_place_of_the_first(self, whole: ObjectStore) -> None:
        await keep(video_file(seed="b", size=10))

        kept = await keep()

        assert len(FILE) == kept.size_bytes
        assert [f"some/prefix/{KEY}"] == await listed(whole)


class TestErasure:
    async def test_it_takes_all_below_the_folders_and_nothing_beside_them(
        self, whole: ObjectStore
    ) -> None:
        archive = Archive(open_store(BUCKET), Downloads())
        keys = ["default/o-1/video-1.mp4", "default/o-1/video-2.mp4", "default/o-1/receipts/a.json"]
        for key in (*keys, "default/o-11/video-1.mp4", "default/o-2/video-1.mp4"):
            await archive.put(key, b"x")

        erased = await archive.erase(["default/o-1", "default/o-3"])
        await archive.remove("default/o-2/video-1.mp4")
        await archive.remove("default/o-2/video-1.mp4")
        await archive.aclose()

        assert 3 == erased
        assert ["some/prefix/default/o-11/video-1.mp4"] == await listed(whole)


class TestTrouble:
    async def test_wrong_credentials_are_named_and_not_shown(
        self, signed: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del signed
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret")

        with pytest.raises(ArchiveError) as failure:
            await keep()

        assert "credentials" in str(failure.value)
        assert "canary" not in f"{failure.value!r} {failure.value.__cause__!r}"

    async def test_a_bucket_that_is_not_there_is_a_failure_until_it_is(
        self, signed: S3Server
    ) -> None:
        with pytest.raises(ArchiveError, match="no such bucket"):
            await keep(bucket="s3://later")
        signed.unlock()
        signed.make_bucket("later")

        assert len(FILE) == (await keep(bucket="s3://later")).size_bytes

    async def test_a_server_that_is_away_is_a_failure(
        self, signed: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del signed
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

        with pytest.raises(ArchiveError) as failure:
            await keep()

        assert "127.0.0.1" not in str(failure.value)
