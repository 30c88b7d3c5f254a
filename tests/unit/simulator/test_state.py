"""The world in a file: nothing that was answered is lost, whatever ends the process."""

import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.control import SimulatorControl
from simulator.scenario import Scenario
from simulator.server import serve
from simulator.state import StateError, StateFile
from simulator.world import NEVER, GroupQuery, Review, Session, Video, World

CALLBACK = "http://127.0.0.1:9/callback/one?lang=en"
GENERATIONS = "/v1/videos/generations"
KEY = {"Idempotency-Key": "a" * 64}
MEMORIES = (
    "scenario",
    "clock_offset_s",
    "spent_usd",
    "tasks",
    "sessions_by_token",
    "sessions_by_code",
    "files",
    "unsettled",
    "groups",
    "assets",
)

Avatar = Callable[..., Awaitable[httpx.Response]]
NewSession = Callable[[], Awaitable[tuple[str, str]]]
Choose = Callable[[str, str], Awaitable[httpx.Response]]
Verified = Callable[[], Awaitable[str]]
VideoBody = Callable[[], Awaitable[dict[str, Any]]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "world.json"


@pytest.fixture
def state(path: Path, world: World) -> StateFile:
    return StateFile(path, world)


@pytest.fixture
async def base_url(world: World, state: StateFile) -> AsyncIterator[str]:
    async with serve(world, state=state) as url:
        yield url


def loaded(path: Path) -> World:
    world = World()
    StateFile(path, world).load()
    return world


def remembered(world: World) -> dict[str, object]:
    return {
        **{name: getattr(world, name) for name in MEMORIES},
        "entries": world.ledger.entries,
        "happenings": world.ledger.happenings,
        "secrets": world.vault.secrets,
        "records": world.keys.records,
    }


def inode(path: Path) -> int:
    return path.stat().st_ino


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def beside(path: Path) -> list[Path]:
    return list(path.parent.iterdir())


def halve(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


class TestRoundTrip:
    async def test_every_kind_of_object_comes_back_equal(
        self,
        *,
        world: World,
        state: StateFile,
        path: Path,
        http: httpx.AsyncClient,
        avatar: Avatar,
        control: SimulatorControl,
        new_session: NewSession,
        verified_group: Verified,
        video_body: VideoBody,
    ) -> None:
        body = await video_body()
        await http.post(GENERATIONS, json=body, headers=KEY)
        await control.scenario(review="stuck", video="stuck", callback="late")
        group_id = await verified_group()
        assets = [{"url": "https://portraits.test/refused.jpg", "name": "b"}]
        await avatar(group_id=group_id, asset_type="Image", assets=assets)
        await http.post(GENERATIONS, json=body)
        await control.scenario(pending_form="task")
        token, _ = await new_session()
        await avatar(byted_token=token)
        state.save()

        assert remembered(world) == remembered(loaded(path))
        assert {Session, GroupQuery, Review, Video} == {type(it) for it in world.tasks.values()}
        assert NEVER in {it.done_at for it in world.unsettled}
        assert NEVER in {it.file_dies_at for it in world.files.values()}

    async def test_a_check_passed_after_the_restart_is_seen_by_a_query_of_before(
        self, *, path: Path, avatar: Avatar, control: SimulatorControl, new_session: NewSession
    ) -> None:
        await control.scenario(pending_form="task")
        token, h5_link = await new_session()
        query_id = (await avatar(byted_token=token)).json()["data"]["id"]

        async with serve(loaded(path)) as again, httpx.AsyncClient(base_url=again) as client:
            client.headers["Authorization"] = "Bearer sk-canary"
            h5 = httpx.URL(h5_link).path
            await client.post(h5, data={"outcome": "pass"})
            task = (await client.get(f"/v1/tasks/{query_id}")).json()["data"]

        assert "GroupId" in task["result"]

    async def test_what_was_refunded_is_not_refunded_again(
        self,
        *,
        path: Path,
        http: httpx.AsyncClient,
        control: SimulatorControl,
        video_body: VideoBody,
    ) -> None:
        body = await video_body()
        await control.scenario(video="failed")
        await http.post(GENERATIONS, json=body)
        await control.advance(7)

        again = loaded(path)
        again.settle()

        assert 0 == again.spent_usd
        assert 1 == again.ledger.counts()["video_refunded"]

    async def test_a_repeat_after_the_restart_is_replayed_and_not_charged(
        self, *, path: Path, http: httpx.AsyncClient, video_body: VideoBody
    ) -> None:
        body = await video_body()
        first = await http.post(GENERATIONS, json=body, headers=KEY)

        again = loaded(path)
        async with serve(again) as url, httpx.AsyncClient(base_url=url) as client:
            client.headers["Authorization"] = "Bearer sk-canary"
            repeat = await client.post(GENERATIONS, json=body, headers=KEY)

        assert first.json() == repeat.json()
        assert 1 == again.ledger.counts()["video_charged"]


class TestSaving:
    async def test_an_effect_is_in_the_file_before_its_answer_is_there(
        self, path: Path, avatar: Avatar
    ) -> None:
        task_id = (await avatar(callback_url=CALLBACK)).json()["data"]["id"]

        assert task_id in loaded(path).tasks

    async def test_an_effect_is_in_the_file_although_its_answer_never_comes(
        self, *, path: Path, avatar: Avatar, control: SimulatorControl
    ) -> None:
        await control.fault("create_session", "drop_after_effect")
        with pytest.raises(httpx.RemoteProtocolError):
            await avatar(callback_url=CALLBACK)

        assert 1 == len(loaded(path).tasks)

    async def test_a_change_by_a_control_route_is_in_the_file(
        self, path: Path, control: SimulatorControl
    ) -> None:
        await control.scenario(review_seconds=600)
        await control.advance(120)

        again = loaded(path)

        assert (600, 120) == (again.scenario.review_seconds, again.clock_offset_s)

    async def test_a_reset_empties_the_file(
        self, *, path: Path, avatar: Avatar, control: SimulatorControl
    ) -> None:
        await avatar(callback_url=CALLBACK)
        await control.reset()

        again = loaded(path)

        assert {} == again.tasks
        assert [] == again.ledger.entries

    async def test_calls_alone_do_not_rewrite_it(
        self, path: Path, http: httpx.AsyncClient, avatar: Avatar
    ) -> None:
        task_id = (await avatar(callback_url=CALLBACK)).json()["data"]["id"]
        before = inode(path)

        for _ in range(3):
            await http.get(f"/v1/tasks/{task_id}")

        assert before == inode(path)

    async def test_it_is_its_owners_alone_and_nothing_lies_beside_it(
        self, path: Path, avatar: Avatar
    ) -> None:
        await avatar(callback_url=CALLBACK)

        assert 0o600 == mode(path)
        assert [path] == beside(path)


class TestReading:
    def test_without_a_file_the_world_begins_as_told(self, path: Path) -> None:
        world = World(Scenario(review_seconds=5))

        StateFile(path, world).load()

        assert remembered(World(Scenario(review_seconds=5))) == remembered(world)

    @pytest.mark.parametrize("text", ["", "{", '{"secret": "canary"}', "\x00\xff"])
    def test_a_damaged_file_is_one_sentence_that_quotes_nothing(
        self, path: Path, text: str
    ) -> None:
        path.write_text(text)

        with pytest.raises(StateError) as refused:
            loaded(path)

        assert f"{path} is damaged or of another version; without it a new world begins" == str(
            refused.value
        )
        assert refused.value.__suppress_context__

    async def test_half_a_file_is_damaged(self, path: Path, avatar: Avatar) -> None:
        await avatar(callback_url=CALLBACK)
        halve(path)

        with pytest.raises(StateError):
            loaded(path)
