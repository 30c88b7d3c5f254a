import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import TypeVar

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from likeness import names, search
from likeness.failures import FailureCode
from likeness.ids import video_workflow_id
from likeness.messages.conversation import Cancel
from likeness.messages.onboarding import OnboardingInput, OnboardingPolicy
from likeness.stages import Hold, QueryPolicy, Stage, WaitingFor
from likeness.temporal.codec import UndecodablePayloadError
from likeness.temporal.errors import (
    DifferentRequestError,
    NoSuchOnboardingError,
    OnboardingEndedError,
    RefusedError,
    TemporalAwayError,
    WorkerAwayError,
)
from likeness.temporal.keyring import Key, KeyRing
from likeness.temporal.onboardings import (
    OnboardingGlance,
    StartedOnboarding,
    cancel_onboarding,
    describe_onboarding,
    list_onboardings,
    onboarding_status,
    start_onboarding,
)
from likeness.temporal.plugin import likeness_plugin
from tests.integration.runtime.conftest import TASK_QUEUE, Realm
from tests.integration.runtime.test_payloads import an_order

pytestmark = pytest.mark.server

RunWorker = Callable[[], AbstractAsyncContextManager[Worker]]
FoundT = TypeVar("FoundT")
SHORT = timedelta(seconds=0.3)


async def started(realm: Realm, order: OnboardingInput | None = None) -> StartedOnboarding:
    return await start_onboarding(realm.client, order or an_order(), task_queue=TASK_QUEUE)


async def listed(realm: Realm, stage: Stage | None = None) -> list[OnboardingGlance]:
    return [glance async for glance in list_onboardings(realm.client, "default", stage=stage)]


async def listed_soon(realm: Realm, count: int) -> list[OnboardingGlance]:
    return await until(lambda: listed(realm), lambda found: len(found) >= count)


async def until(look: Callable[[], Awaitable[FoundT]], is_it: Callable[[FoundT], object]) -> FoundT:
    async with asyncio.timeout(20):
        while True:
            found = await look()
            if is_it(found):
                return found
            await asyncio.sleep(0.05)


class TestStart:
    async def test_begins_a_run_that_tells_who_is_waited_for(self, realm: Realm) -> None:
        outcome = await started(realm)

        glance = await describe_onboarding(realm.client, "default", "o1")
        assert outcome == StartedOnboarding(
            onboarding_id="o1",
            workflow_id="likeness/default/o1",
            tenant="default",
            person="ref-1",
            link=1,
            stage=Stage.INVITED,
            is_new=True,
        )
        assert (glance.stage, glance.waiting_for) == (Stage.INVITED, WaitingFor.PERSON)
        assert glance.memo is not None
        assert glance.memo.person == "ref-1"
        assert glance.deadline is not None
        assert abs(glance.deadline.timestamp() - time.time() - 14 * 86400) < 60

    async def test_of_the_same_request_finds_the_run(self, realm: Realm) -> None:
        await started(realm)
        patient = an_order().model_copy(
            update={"policy": OnboardingPolicy(query_policy=QueryPolicy.POLL)}
        )

        again = await started(realm, patient)

        assert not again.is_new

    async def test_of_the_same_request_finds_the_run_after_its_end(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        await started(realm)
        async with worker():
            await cancel_onboarding(realm.client, "default", "o1", Cancel())
            await realm.client.get_workflow_handle("likeness/default/o1").result()

        again = await started(realm)

        assert (again.is_new, again.stage) == (False, Stage.CANCELED)

    @pytest.mark.parametrize("is_ended", [False, True], ids=["running", "ended"])
    async def test_of_another_request_under_the_id_is_refused(
        self, realm: Realm, is_ended: bool
    ) -> None:
        await started(realm)
        if is_ended:
            await realm.client.get_workflow_handle("likeness/default/o1").terminate()

        with pytest.raises(DifferentRequestError, match="The id o1 is taken"):
            await started(realm, an_order(display_name="Somebody else"))

    async def test_twice_at_once_makes_one_run(self, realm: Realm) -> None:
        outcomes = await asyncio.gather(*(started(realm) for _ in range(5)))

        assert sorted(outcome.is_new for outcome in outcomes) == [False] * 4 + [True]

    async def test_carries_every_duration_of_the_policy(self, realm: Realm) -> None:
        await started(realm)

        history = await realm.client.get_workflow_handle("likeness/default/o1").fetch_history()
        payloads = history.events[0].workflow_execution_started_event_attributes.input.payloads
        [order] = await realm.client.data_converter.decode(payloads)
        assert set(order["policy"]) == set(OnboardingPolicy.model_fields)
        assert order["request"]["tenant"] == "default"

    async def test_says_that_the_server_did_not_do_it(self, realm: Realm) -> None:
        plugin = likeness_plugin(realm.keys, namespace="likeness-test-nowhere")
        nowhere = await Client.connect(
            realm.address, namespace="likeness-test-nowhere", plugins=[plugin]
        )

        with pytest.raises(TemporalAwayError, match="did not do what was asked"):
            await start_onboarding(nowhere, an_order(), task_queue=TASK_QUEUE)


class TestDescribe:
    async def test_says_that_there_is_none(self, realm: Realm) -> None:
        with pytest.raises(NoSuchOnboardingError, match="no onboarding of that id"):
            await describe_onboarding(realm.client, "default", "nobody")

    async def test_shows_a_run_ended_from_outside_as_canceled(self, realm: Realm) -> None:
        await started(realm)
        await realm.client.get_workflow_handle("likeness/default/o1").terminate()

        glance = await describe_onboarding(realm.client, "default", "o1")

        assert (glance.stage, glance.status, glance.closed) == (Stage.CANCELED, "terminated", True)
        assert glance.waiting_for is WaitingFor.NOBODY
        assert glance.closed_at is not None

    async def test_raises_for_a_memo_under_a_foreign_key(self, realm: Realm) -> None:
        await started(realm)
        stranger = await realm.client_with(KeyRing.of(Key.of(b"o" * 32)))

        with pytest.raises(UndecodablePayloadError, match=realm.keys.write.id):
            await describe_onboarding(stranger, "default", "o1")

    async def test_shows_the_hold_of_the_video_as_its_own(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        outcome = await started(realm)
        handle = realm.client.get_workflow_handle(outcome.workflow_id)
        async with worker():
            await handle.execute_update("show", Stage.GENERATING)
            video = await realm.client.start_workflow(
                names.GENERATE_VIDEO,
                id=video_workflow_id(outcome.workflow_id),
                task_queue=TASK_QUEUE,
            )
            await until(video.describe, lambda seen: len(seen.typed_search_attributes))
            status = await onboarding_status(realm.client, "default", "o1")

        glance = await describe_onboarding(realm.client, "default", "o1")
        assert (glance.hold, glance.reason, glance.waiting_for) == (
            Hold.NEEDS_DECISION,
            FailureCode.GENERATION_UNCONFIRMED,
            WaitingFor.OPERATOR,
        )
        assert status is not None
        assert status.failure is not None
        assert (status.hold, status.failure.code) == (glance.hold, glance.reason)


class TestStatus:
    async def test_is_none_while_no_worker_answers(self, realm: Realm) -> None:
        await started(realm)

        assert await onboarding_status(realm.client, "default", "o1", timeout=SHORT) is None

    async def test_comes_from_the_run_itself(self, realm: Realm, worker: RunWorker) -> None:
        await started(realm)

        async with worker():
            status = await onboarding_status(
                realm.client, "default", "o1", timeout=timedelta(seconds=10)
            )

        assert status is not None
        assert (status.onboarding_id, status.stage) == ("o1", Stage.INVITED)

    async def test_says_that_there_is_none(self, realm: Realm) -> None:
        with pytest.raises(NoSuchOnboardingError):
            await onboarding_status(realm.client, "default", "nobody")


class TestCancel:
    async def test_ends_the_run_and_may_be_said_twice(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        await started(realm)

        async with worker():
            await cancel_onboarding(realm.client, "default", "o1", Cancel())
            await realm.client.get_workflow_handle("likeness/default/o1").result()
        await cancel_onboarding(realm.client, "default", "o1", Cancel())

        assert (await describe_onboarding(realm.client, "default", "o1")).closed

    async def test_gives_the_sentence_of_a_refusal(self, realm: Realm, worker: RunWorker) -> None:
        await started(realm)

        async with worker():
            with pytest.raises(RefusedError, match="this one is not ended from outside"):
                await cancel_onboarding(realm.client, "default", "o1", Cancel(reason="refuse me"))

    async def test_says_that_no_worker_answered(self, realm: Realm) -> None:
        await started(realm)

        with pytest.raises(WorkerAwayError, match=r"not carried out within 0\.3 s"):
            await cancel_onboarding(realm.client, "default", "o1", Cancel(), rpc_timeout=SHORT)

    async def test_says_that_the_run_has_ended(self, realm: Realm) -> None:
        await started(realm)
        await realm.client.get_workflow_handle("likeness/default/o1").terminate()

        with pytest.raises(OnboardingEndedError):
            await cancel_onboarding(realm.client, "default", "o1", Cancel())

    async def test_says_that_there_is_none(self, realm: Realm) -> None:
        with pytest.raises(NoSuchOnboardingError):
            await cancel_onboarding(realm.client, "default", "nobody", Cancel())


class TestList:
    async def test_gives_the_tenants_own_and_filters_by_stage(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        await started(realm, an_order(onboarding="a"))
        await started(realm, an_order(onboarding="b"))
        await started(realm, an_order(onboarding="c", tenant="default-2"))
        await listed_soon(realm, 2)
        async with worker():
            await cancel_onboarding(realm.client, "default", "b", Cancel())
        canceled = await until(lambda: listed(realm, Stage.CANCELED), bool)

        assert {glance.onboarding_id for glance in await listed(realm)} == {"a", "b"}
        assert [glance.onboarding_id for glance in canceled] == ["b"]

    async def test_hides_no_run_behind_one_with_a_foreign_key(self, realm: Realm) -> None:
        stranger = await realm.client_with(KeyRing.of(Key.of(b"o" * 32)))
        await start_onboarding(stranger, an_order(onboarding="theirs"), task_queue=TASK_QUEUE)
        await started(realm, an_order(onboarding="ours"))

        found = await listed_soon(realm, 2)

        memos = {glance.onboarding_id: glance.memo is not None for glance in found}
        assert memos == {"theirs": False, "ours": True}

    async def test_keeps_personal_data_out_of_what_visibility_holds(self, realm: Realm) -> None:
        await started(realm)
        await listed_soon(realm, 1)

        [run] = [run async for run in (await realm.outsider()).list_workflows()]
        assert set(run.search_attributes) <= set(search.SEARCH_ATTRIBUTES)
        assert b"ref-1" not in run.raw_info.SerializeToString()
