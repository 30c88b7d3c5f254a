"""The figures of a running worker, with few people: they come to their end, and count right."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks.contender import RunningStore
from benchmarks.figures import parked, recovery
from benchmarks.figures.house import House
from benchmarks.stores import SqliteStore

pytestmark = [pytest.mark.server, pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture
def store(temporal_cli: Path, tmp_path: Path) -> Iterator[RunningStore]:
    with SqliteStore(temporal_cli).running(tmp_path / "store") as running:
        yield running


class TestRest:
    def test_comes_only_after_the_worker_has_done_a_runs_first_task(
        self, store: RunningStore, tmp_path: Path
    ) -> None:
        async def seen() -> tuple[bool, bool]:
            async with House.opened(store, tmp_path / "house") as house:
                house.processes.kill("worker")
                person = house.person("early")
                await person.is_invited()
                before = await person.is_at_rest()
                house.processes.child("worker").start()
                await house.at_rest([person])
                return before, await person.is_at_rest()

        assert (False, True) == asyncio.run(seen())


class TestSomebodyWhoDoesNotEnd:
    def test_is_named_with_the_stage_in_which_they_stand(
        self, store: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(recovery, "END_WITHIN_S", 0.1)

        async def seen() -> dict[str, str]:
            async with House.opened(store, tmp_path / "house") as house:
                return await recovery._not_ended(await house.invited("waiting", 1))

        assert {"waiting-0": "invited"} == asyncio.run(seen())


class TestParked:
    def test_is_read_at_five_places_and_leaves_no_process(
        self, store: RunningStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(parked, "GO_ALL_THE_WAY", 2)
        monkeypatch.setattr(parked, "FILL_THE_CACHE", 3)
        before = psutil.Process().children()

        told = asyncio.run(
            parked.measure(store, tmp_path / "house", parked=10, settles_s=0, idle_s=0.1)
        )

        assert [0, 2, 4, 7, 10] == list(told["rss_mib"]) == list(told["pss_mib"])
        assert all(mib > 0 for mib in told["rss_mib"].values())
        assert before == psutil.Process().children()
