"""The upstream's webhook: a hint to one video's run, from nobody that could be believed."""

from collections.abc import AsyncIterator

import httpx
import pytest

from runtime.links import LinkSealer, VideoToken
from tests.unit.web.pretended import Clock, PretendedRuns, PretendedVideos
from tests.unit.web.reading import read

VIDEO = VideoToken(tenant="default", owner="ob-1", number=1)
PERSONS_VIDEO = VideoToken(tenant="default", owner="p-1", number=2, of_person=True)


@pytest.fixture
def webhook(links: LinkSealer) -> str:
    """Path of a good webhook."""
    return f"/webhook/{links.seal_video(VIDEO)}/callback"


class TestHint:
    @pytest.mark.parametrize(
        ("token", "workflow_id"),
        [
            (VIDEO, "likeness/default/ob-1/video/1"),
            (PERSONS_VIDEO, "likeness/default/person/p-1/video/2"),
        ],
    )
    async def test_the_run_of_the_video_is_told(
        self,
        client: httpx.AsyncClient,
        links: LinkSealer,
        videos: PretendedVideos,
        *,
        token: VideoToken,
        workflow_id: str,
    ) -> None:
        path = f"/webhook/{links.seal_video(token)}/callback"

        response = await client.post(path, json={"data": {"status": "completed"}})

        assert (200, {"received": True}) == (response.status_code, response.json())
        assert [workflow_id] == videos.hinted

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"\xff\x00", b"x" * 1_000_000], ids=["none", "cut", "odd", "huge"]
    )
    async def test_what_it_brings_does_not_matter(
        self, client: httpx.AsyncClient, webhook: str, videos: PretendedVideos, body: bytes
    ) -> None:
        response = await client.post(webhook, content=body)

        assert 200 == response.status_code
        assert 1 == len(videos.hinted)

    async def test_a_body_without_end_is_left_unread(
        self, client: httpx.AsyncClient, webhook: str, videos: PretendedVideos
    ) -> None:
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            while True:
                sent += 1
                yield b"x" * 1024

        response = await client.post(webhook, content=endless())

        assert 200 == response.status_code
        assert 1 == len(videos.hinted)
        assert sent < 20

    async def test_repeated_it_is_told_three_times_a_minute(
        self, client: httpx.AsyncClient, webhook: str, videos: PretendedVideos
    ) -> None:
        answers = [await client.post(webhook) for _ in range(20)]

        assert {200} == {answer.status_code for answer in answers}
        assert 3 == len(videos.hinted)

    async def test_setting_the_machines_clock_back_stops_none(
        self,
        client: httpx.AsyncClient,
        webhook: str,
        videos: PretendedVideos,
        clock: Clock,
        steady_clock: Clock,
    ) -> None:
        for _ in range(4):
            await client.post(webhook)
        clock.now -= 600
        steady_clock.now += 61
        await client.post(webhook)

        assert 4 == len(videos.hinted)


class TestRefusals:
    async def test_a_token_changed_anywhere_makes_no_call(
        self, client: httpx.AsyncClient, webhook: str, runs: PretendedRuns, videos: PretendedVideos
    ) -> None:
        token = webhook.split("/")[2]
        mutants = [
            token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
            for at in range(len(token))
        ]
        mutants += [token[:-1], token + "A", token + "=", "x", "a" * 5000]

        answers = [await client.post(f"/webhook/{mutant}/callback") for mutant in mutants]

        assert {(404, "neutral")} == {(a.status_code, read(a).page) for a in answers}
        assert ([], []) == (runs.calls, videos.hinted)

    @pytest.mark.parametrize("kind", ["invite", "callback"])
    async def test_a_token_of_another_kind_is_none(
        self,
        client: httpx.AsyncClient,
        videos: PretendedVideos,
        request: pytest.FixtureRequest,
        kind: str,
    ) -> None:
        token = request.getfixturevalue(kind).split("/")[2]

        response = await client.post(f"/webhook/{token}/callback")

        assert 404 == response.status_code
        assert [] == videos.hinted

    async def test_looking_is_no_hint(
        self, client: httpx.AsyncClient, webhook: str, videos: PretendedVideos
    ) -> None:
        response = await client.get(webhook)

        assert 405 == response.status_code
        assert [] == videos.hinted


class TestRun:
    async def test_one_that_is_over_is_no_error(
        self, client: httpx.AsyncClient, webhook: str, videos: PretendedVideos
    ) -> None:
        videos.gone = True

        assert 200 == (await client.post(webhook)).status_code

    async def test_while_temporal_is_away_the_upstream_is_asked_to_come_again(
        self, client: httpx.AsyncClient, webhook: str, videos: PretendedVideos
    ) -> None:
        videos.away = True
        answers = [await client.post(webhook) for _ in range(4)]
        videos.away = False

        assert {503} == {answer.status_code for answer in answers}
        assert 200 == (await client.post(webhook)).status_code
        assert 1 == len(videos.hinted)
