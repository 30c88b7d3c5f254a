"""Orders given by a service, to a miniature of the runs that obey them."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.worker import Worker

from likeness import names
from likeness.ids import video_workflow_id
from likeness.messages.conversation import Cancel, Resolution, Resolve, VideoStatus
from likeness.stages import Stage
from likeness.temporal.errors import NoSuchVideoError, OnboardingEndedError, WorkerAwayError
from likeness.temporal.orders import cancel_onboarding, resolve
from likeness.temporal.videos import describe_video, resolve_video
from tests.integration.runtime.conftest import TASK_QUEUE, Realm
from tests.integration.runtime.test_onboardings import SHORT, started, until

pytestmark = pytest.mark.server

RunWorker = Callable[[], AbstractAsyncContextManager[Worker]]
VIDEO = video_workflow_id("likeness/default/o1")
RESUBMIT = Resolve(resolution=Resolution.RESUBMIT, reason="nothing in the console")


async def held_video(realm: Realm) -> WorkflowHandle[object, VideoStatus]:
    """A video that holds and, once more, is at rest."""
    video: WorkflowHandle[object, VideoStatus] = await realm.client.start_workflow(
        names.GENERATE_VIDEO, id=VIDEO, task_queue=TASK_QUEUE, result_type=VideoStatus
    )
    await until(video.describe, lambda seen: len(seen.typed_search_attributes))
    return video


async def times_obeyed(realm: Realm) -> float:
    glance = await describe_video(realm.client, VIDEO)
    assert glance.status is not None
    return glance.status.spent_usd


class TestResolve:
    async def test_of_an_onboarding_goes_to_the_video_where_that_holds(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        await started(realm)
        async with worker():
            handle = realm.client.get_workflow_handle("likeness/default/o1")
            await handle.execute_update("show", Stage.GENERATING)
            await held_video(realm)

            status = await resolve(realm.client, "default", "o1", RESUBMIT)

        assert isinstance(status, VideoStatus)
        assert (VIDEO, 1) == (status.workflow_id, status.spent_usd)

    async def test_given_by_several_at_once_is_obeyed_once(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        async with worker():
            video = await held_video(realm)
        impatient = [
            asyncio.create_task(resolve_video(realm.client, video.id, RESUBMIT)) for _ in range(4)
        ]
        # Until a worker runs, all of them wait at the server.
        await asyncio.sleep(0.5)

        async with worker():
            answers = await asyncio.gather(*impatient)
            assert 1 == await times_obeyed(realm)

        assert [1] * 4 == [answer.spent_usd for answer in answers]

    async def test_repeated_after_nobody_answered_is_obeyed_once(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        async with worker():
            video = await held_video(realm)
        for _ in range(3):
            with pytest.raises(WorkerAwayError, match="It may still take effect"):
                await resolve_video(realm.client, video.id, RESUBMIT, rpc_timeout=SHORT)

        async with worker():
            await resolve_video(realm.client, video.id, RESUBMIT)
            assert 1 == await times_obeyed(realm)

    async def test_given_again_after_it_was_obeyed_is_a_new_order(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        async with worker():
            video = await held_video(realm)
            await resolve_video(realm.client, video.id, RESUBMIT)

            again = await resolve_video(realm.client, video.id, RESUBMIT)

        assert 2 == again.spent_usd

    async def test_shows_nothing_of_itself_in_the_history(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        async with worker():
            video = await held_video(realm)
            await resolve_video(
                realm.client,
                video.id,
                Resolve(resolution=Resolution.ADOPT, task_id="canary-1", actor="canary-2"),
            )

        history = (await video.fetch_history()).to_json()
        assert [] == [word for word in ("canary-1", "canary-2") if word in history]

    async def test_of_no_video_or_an_ended_one_is_refused(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        with pytest.raises(NoSuchVideoError):
            await resolve_video(realm.client, VIDEO, RESUBMIT)
        async with worker():
            video = await held_video(realm)
        await video.terminate()

        with pytest.raises(OnboardingEndedError, match="The video's run has ended"):
            await resolve_video(realm.client, VIDEO, RESUBMIT)


class TestCancelWhilePosting:
    async def test_tells_that_the_end_is_decided_and_what_is_waited_for(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        await started(realm)
        posting = Cancel(reason="a POST is under way")

        async with worker():
            status = await cancel_onboarding(
                realm.client, "default", "o1", posting, rpc_timeout=SHORT
            )
            again = await cancel_onboarding(
                realm.client, "default", "o1", posting, rpc_timeout=SHORT
            )

        assert Stage.INVITED is status.stage
        assert Stage.CANCELED is status.ending is again.ending
        history = await realm.client.get_workflow_handle("likeness/default/o1").fetch_history()
        kinds = [event.event_type for event in history.events]
        accepted = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
        assert 1 == kinds.count(accepted)
