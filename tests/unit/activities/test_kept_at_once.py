"""The end of the watch: the finished file is copied at once, unless the watch was broken off."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from obstore.store import MemoryStore
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.archive import Archive
from activities.downloading import Downloads
from likeness.messages.steps import GenerationFinished, PollGeneration
from simulator.scenario import VideoOutcome
from tests.unit.activities.conftest import Simulated
from tests.unit.activities.video_orders import PLAIN, steps

KEY = "default/o-1/video-1.mp4"
SEALED = f"sealed.d/{KEY}"

Pending = list[PendingActivityInfo] | RPCError


def waited_for(attempt: int = 1, state: str = "STARTED") -> list[PendingActivityInfo]:
    """The step as the server has it."""
    return [
        PendingActivityInfo(
            activity_id="3",
            attempt=attempt,
            state=PendingActivityState.Value(f"PENDING_ACTIVITY_STATE_{state}"),
        )
    ]


AWAY = RPCError("canary", RPCStatusCode.UNAVAILABLE, b"")
BROKEN_OFF = waited_for(state="CANCEL_REQUESTED")


class Temporal:
    """Tells in turn what the run waits for, the last word again and again."""

    def __init__(self, *told: Pending) -> None:
        self._told = list(told)

    def get_workflow_handle(self, workflow_id: str, *, run_id: str) -> "Temporal":
        assert ("likeness/default/o-1/video/1", "run-1") == (workflow_id, run_id)
        return self

    async def describe(self, *, rpc_timeout: timedelta) -> Any:
        assert rpc_timeout.total_seconds() > 0
        told = self._told.pop(0) if len(self._told) > 1 else self._told[0]
        if isinstance(told, RPCError):
            raise told
        return SimpleNamespace(
            raw_description=DescribeWorkflowExecutionResponse(pending_activities=told)
        )


class Watched:
    """A video at the simulator whose watch may copy it."""

    def __init__(self, simulated: Simulated, environment: ActivityEnvironment) -> None:
        self.simulated = simulated
        self.environment = environment
        self.store = MemoryStore()
        self.archive = Archive(self.store, Downloads(allow=(simulated.base_url,)))

    async def ends(
        self, *told: Pending, key: str | None = KEY, instead_of: str | None = None
    ) -> GenerationFinished:
        video = steps(self.simulated.client, archive=self.archive, temporal=Temporal(*told))
        triggered = await self.environment.run(video.trigger_generation, PLAIN)
        watch = PollGeneration(
            task_id=triggered.task_id or "",
            poll_interval_s=0.05,
            key=key,
            instead_of=instead_of,
        )
        finished: GenerationFinished = await self.environment.run(video.poll_generation, watch)
        return finished

    @property
    def files(self) -> list[str]:
        return [file["path"] for batch in self.store.list() for file in batch]


@pytest.fixture
async def watched(simulated: Simulated, environment: ActivityEnvironment) -> AsyncIterator[Watched]:
    environment.info = dataclasses.replace(
        environment.info,
        workflow_id="likeness/default/o-1/video/1",
        workflow_run_id="run-1",
        activity_id="3",
    )
    watched = Watched(simulated, environment)
    yield watched
    await watched.archive.aclose()


class TestKeptAtOnce:
    async def test_the_file_is_fetched_by_the_address_just_read(self, watched: Watched) -> None:
        finished = await watched.ends(waited_for())
        size = watched.store.head(KEY)["size"]

        assert finished.succeeded
        assert finished.kept is not None
        assert (KEY, size) == (finished.kept.key, finished.kept.size_bytes)
        assert "http" not in finished.model_dump_json()
        assert (1, 1) == (watched.simulated.count("get_task"), watched.simulated.count("download"))

    async def test_one_that_must_not_stay_elsewhere_is_deleted_there(
        self, watched: Watched
    ) -> None:
        watched.store.put(KEY, b"copied before the person withdrew")

        await watched.ends(waited_for(), key=SEALED, instead_of=KEY)

        assert [SEALED] == watched.files

    @pytest.mark.parametrize("kind", ["403", "500", "cut_midway"])
    async def test_a_copy_that_fails_is_left_to_a_step_that_tells_why(
        self, watched: Watched, kind: str
    ) -> None:
        watched.simulated.fault("download", kind)

        finished = await watched.ends(waited_for())

        assert GenerationFinished(succeeded=True, cost_usd=1.068) == finished
        assert [] == watched.files

    async def test_one_nobody_keeps_is_not_fetched(self, watched: Watched) -> None:
        finished = await watched.ends(AWAY, key=None)

        assert (True, None) == (finished.succeeded, finished.kept)
        assert 0 == watched.simulated.count("download")

    async def test_of_one_that_failed_there_is_nothing_to_fetch(self, watched: Watched) -> None:
        watched.simulated.change(video=VideoOutcome.FAILED)

        finished = await watched.ends(waited_for())

        assert (False, None) == (finished.succeeded, finished.kept)
        assert 0 == watched.simulated.count("download")


class TestBrokenOff:
    @pytest.mark.parametrize(
        "told",
        [BROKEN_OFF, waited_for(attempt=2), [], AWAY],
        ids=["broken off", "tried elsewhere", "run is over", "server away"],
    )
    async def test_what_may_be_nobodys_wish_is_not_fetched(
        self, watched: Watched, told: Pending
    ) -> None:
        finished = await watched.ends(told)

        assert (True, None) == (finished.succeeded, finished.kept)
        assert 0 == watched.simulated.count("download")

    async def test_a_wish_that_ends_during_the_download_leaves_nothing(
        self, watched: Watched
    ) -> None:
        finished = await watched.ends(waited_for(), BROKEN_OFF)

        assert (True, None) == (finished.succeeded, finished.kept)
        assert (1, []) == (watched.simulated.count("download"), watched.files)
