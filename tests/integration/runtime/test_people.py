"""What any service with a Temporal client can learn of verified persons, and order."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest
from pydantic import SecretStr
from temporalio.client import Client

from likeness import names
from likeness.failures import FailureCode
from likeness.ids import person_workflow_id
from likeness.messages.conversation import (
    Cancel,
    OnboardingStatus,
    OperatorOrder,
)
from likeness.messages.onboarding import AssetKind, VideoRequest
from likeness.messages.person import (
    Erase,
    Generate,
    OnboardingChanged,
    Renew,
    UsableAsset,
)
from likeness.rest.people import ImportedAsset, ImportPerson
from likeness.stages import Stage
from likeness.temporal import ordering
from likeness.temporal.errors import (
    DifferentRequestError,
    NoSuchOnboardingError,
    NoSuchPersonError,
    OnboardingEndedError,
    PersonErasedError,
    RefusedError,
    TemporalAwayError,
    WorkerAwayError,
)
from likeness.temporal.onboardings import (
    cancel_onboarding,
    describe_onboarding,
    release_device,
    reset_attempts,
    revoke_link,
    start_onboarding,
)
from likeness.temporal.people import (
    PersonStands,
    begin_erasure,
    describe_person,
    erase_person,
    generate_for_person,
    import_person,
    list_people,
    person_status,
    videos_of_person,
    withdraw_person,
)
from tests.integration.runtime.conftest import TASK_QUEUE, Realm
from tests.integration.runtime.people import ASSET, a_consent, people_served, registered
from tests.integration.runtime.test_onboardings import until
from tests.integration.runtime.test_payloads import an_order

pytestmark = pytest.mark.server

RunWorker = Callable[[], AbstractAsyncContextManager[None]]
SHORT = timedelta(seconds=0.3)
WANTED = Generate(video=VideoRequest(prompt=SecretStr("Image 1 waves")))
WHO = ("default", "p-1")
ELSEWHERE = ImportPerson(
    person="p-1", group_id="group-7", assets=(ImportedAsset(**ASSET.model_dump()),)
)


@pytest.fixture
def people_worker(realm: Realm) -> RunWorker:
    return lambda: people_served(realm.client, TASK_QUEUE)


async def verified(
    client: Client, person: str = "p-1", *, assets: tuple[UsableAsset, ...] = (ASSET,)
) -> None:
    await registered(client, person, task_queue=TASK_QUEUE, assets=assets)


async def names_listed(realm: Realm) -> list[str]:
    return [glance.person async for glance in list_people(realm.client, "default")]


class TestALook:
    async def test_needs_no_worker(self, realm: Realm) -> None:
        await verified(realm.client)

        glance = await describe_person(realm.client, *WHO)
        status = await person_status(realm.client, *WHO, timeout=SHORT)

        assert ("default", "p-1", PersonStands.VERIFIED) == (
            glance.tenant,
            glance.person,
            glance.stands,
        )
        assert glance.closed_at is None
        assert status is None

    async def test_with_a_worker_tells_everything(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        await verified(realm.client)

        async with people_worker():
            status = await person_status(realm.client, *WHO)

        assert status is not None
        assert ("group-9", (ASSET,)) == (status.group_id, status.assets)

    async def test_at_nobody_says_so(self, realm: Realm) -> None:
        with pytest.raises(NoSuchPersonError, match="Nobody of that reference"):
            await describe_person(realm.client, *WHO)
        with pytest.raises(NoSuchPersonError):
            await person_status(realm.client, *WHO)

    async def test_after_an_end_from_outside_vouches_for_nothing(self, realm: Realm) -> None:
        await verified(realm.client)
        await realm.client.get_workflow_handle(person_workflow_id(*WHO)).terminate()

        glance = await describe_person(realm.client, *WHO)

        assert PersonStands.LOST == glance.stands
        assert glance.closed_at is not None
        with pytest.raises(PersonErasedError, match="ended from outside"):
            await withdraw_person(realm.client, *WHO)

    async def test_in_a_namespace_that_is_not_there_blames_temporal(self, realm: Realm) -> None:
        lost = await Client.connect(realm.address, namespace="likeness-test-none")

        with pytest.raises(TemporalAwayError):
            [glance async for glance in list_people(lost, "default")]


class TestAList:
    async def test_holds_who_is_verified_and_not_who_was_erased(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        for person in ("p-1", "p-2", "p-3"):
            await verified(realm.client, person)
        await until(lambda: names_listed(realm), lambda found: len(found) == 3)

        async with people_worker():
            await erase_person(realm.client, "default", "p-2", Erase())
        found = await until(lambda: names_listed(realm), lambda found: "p-2" not in found)

        assert ["p-3", "p-1"] == found

    async def test_of_another_tenant_is_empty(self, realm: Realm) -> None:
        await verified(realm.client)
        await until(lambda: names_listed(realm), len)

        assert [] == [glance async for glance in list_people(realm.client, "acme")]

    async def test_is_as_long_as_was_asked(self, realm: Realm) -> None:
        for person in ("p-1", "p-2"):
            await verified(realm.client, person)
        await until(lambda: names_listed(realm), lambda found: len(found) == 2)

        assert 1 == len([one async for one in list_people(realm.client, "default", limit=1)])


class TestAnImport:
    async def test_makes_somebody_known_once_with_no_worker(self, realm: Realm) -> None:
        first = await import_person(realm.client, "default", ELSEWHERE, task_queue=TASK_QUEUE)
        again = await import_person(realm.client, "default", ELSEWHERE, task_queue=TASK_QUEUE)

        glance = await describe_person(realm.client, *WHO)

        assert (True, False) == (first.is_new, again.is_new)
        assert PersonStands.VERIFIED == glance.stands

    async def test_needs_no_consent_of_ours_for_a_video(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        await import_person(realm.client, "default", ELSEWHERE, task_queue=TASK_QUEUE)
        async with people_worker():
            ordered = await generate_for_person(realm.client, *WHO, WANTED, order_id="v")
            state = await person_status(realm.client, *WHO)

        assert 1 == ordered.number
        assert state is not None
        assert ("group-7", (ASSET,), ()) == (state.group_id, state.assets, state.receipts)

    async def test_of_twenty_at_once_makes_one(self, realm: Realm) -> None:
        done = await asyncio.gather(
            *(
                import_person(realm.client, "default", ELSEWHERE, task_queue=TASK_QUEUE)
                for _ in range(20)
            )
        )

        assert 1 == sum(each.is_new for each in done)

    @pytest.mark.parametrize(
        "otherwise",
        [
            {"group_id": "group-8"},
            {"project_name": "town"},
            {"assets": (ImportedAsset(asset_id="a-2", kind=AssetKind.VIDEO),)},
        ],
    )
    async def test_that_says_something_else_is_refused(
        self, realm: Realm, otherwise: dict[str, object]
    ) -> None:
        other = ELSEWHERE.model_copy(update=otherwise)
        await import_person(realm.client, "default", ELSEWHERE, task_queue=TASK_QUEUE)

        with pytest.raises(DifferentRequestError, match="known already"):
            await import_person(realm.client, "default", other, task_queue=TASK_QUEUE)
        with pytest.raises(DifferentRequestError):
            await import_person(
                realm.client, "default", ELSEWHERE, task_queue=TASK_QUEUE, account="second"
            )

    async def test_of_somebody_verified_here_is_refused(self, realm: Realm) -> None:
        await verified(realm.client)

        with pytest.raises(DifferentRequestError, match="by an onboarding"):
            await import_person(realm.client, "default", ELSEWHERE, task_queue=TASK_QUEUE)

    async def test_brings_nobody_back_who_was_erased_unless_they_agreed_anew(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        anew = ELSEWHERE.model_copy(update={"anew": True})
        await import_person(realm.client, "default", ELSEWHERE, task_queue=TASK_QUEUE)
        async with people_worker():
            await generate_for_person(realm.client, *WHO, WANTED, order_id="v")
            await erase_person(realm.client, *WHO, Erase())
            with pytest.raises(PersonErasedError, match="agreed anew"):
                await import_person(realm.client, "default", ELSEWHERE, task_queue=TASK_QUEUE)
            gone = await describe_person(realm.client, *WHO)

            back = await import_person(realm.client, "default", anew, task_queue=TASK_QUEUE)
            second = await generate_for_person(realm.client, *WHO, WANTED, order_id="v")
            await erase_person(realm.client, *WHO, Erase())
            with pytest.raises(PersonErasedError, match="very words"):
                await import_person(realm.client, "default", anew, task_queue=TASK_QUEUE)

        assert PersonStands.ERASED == gone.stands
        assert back.is_new
        assert 2 == second.number

    async def test_of_somebody_whose_run_was_ended_from_outside_is_refused(
        self, realm: Realm
    ) -> None:
        anew = ELSEWHERE.model_copy(update={"anew": True})
        await import_person(realm.client, "default", ELSEWHERE, task_queue=TASK_QUEUE)
        await realm.client.get_workflow_handle(person_workflow_id(*WHO)).terminate()

        with pytest.raises(PersonErasedError, match="ended from outside"):
            await import_person(realm.client, "default", anew, task_queue=TASK_QUEUE)

    async def test_stays_known_as_it_was_through_a_new_history(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        await import_person(realm.client, "default", ELSEWHERE, task_queue=TASK_QUEUE)
        before = await describe_person(realm.client, *WHO)
        async with people_worker():
            handle = realm.client.get_workflow_handle(before.workflow_id)
            await handle.signal(names.RENEW, Renew())
            after = await until(
                lambda: describe_person(realm.client, *WHO),
                lambda glance: glance.started_at > before.started_at,
            )
            again = await import_person(realm.client, "default", ELSEWHERE, task_queue=TASK_QUEUE)

        assert before.since == after.since
        assert not again.is_new


class TestAWithdrawal:
    async def test_shows_without_a_worker(self, realm: Realm, people_worker: RunWorker) -> None:
        await verified(realm.client)
        async with people_worker():
            state = await withdraw_person(realm.client, *WHO)

        glance = await describe_person(realm.client, *WHO)

        assert state.withdrawn_at is not None
        assert PersonStands.WITHDRAWN == glance.stands

    async def test_after_a_new_consent_is_heard_again(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        await verified(realm.client)
        async with people_worker():
            await withdraw_person(realm.client, *WHO)
            news = OnboardingChanged(
                onboarding="o2", stage=Stage.VERIFIED, receipt=a_consent("o2", time.time() + 60)
            )
            handle = realm.client.get_workflow_handle(person_workflow_id(*WHO))
            await handle.signal(names.ONBOARDING_CHANGED, news)
            await until(
                lambda: describe_person(realm.client, *WHO),
                lambda glance: glance.stands is PersonStands.VERIFIED,
            )
            again = await withdraw_person(realm.client, *WHO)

        assert again.withdrawn_at is not None

    async def test_without_a_worker_may_still_take_effect(self, realm: Realm) -> None:
        await verified(realm.client)

        with pytest.raises(WorkerAwayError, match="may still take effect"):
            await withdraw_person(realm.client, *WHO, rpc_timeout=SHORT)

    async def test_of_nobody_is_refused(self, realm: Realm) -> None:
        with pytest.raises(NoSuchPersonError):
            await withdraw_person(realm.client, *WHO)


class TestAnotherVideo:
    async def test_is_ordered_once_however_often_it_is_asked_for(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        await verified(realm.client)
        async with people_worker():
            first = await generate_for_person(realm.client, *WHO, WANTED, order_id="v")
            again = await generate_for_person(realm.client, *WHO, WANTED, order_id="v")
            other = await generate_for_person(realm.client, *WHO, WANTED, order_id="w")

        assert (1, first) == (first.number, again)
        assert (2, "likeness/default/person/p-1/video/2") == (other.number, other.workflow_id)

    async def test_of_another_wording_under_a_known_id_is_refused_and_not_made(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        other = WANTED.model_copy(update={"video": WANTED.video.model_copy(update={"seed": 7})})
        await verified(realm.client)
        async with people_worker():
            await generate_for_person(realm.client, *WHO, WANTED, order_id="v")
            with pytest.raises(DifferentRequestError, match="under the same id"):
                await generate_for_person(realm.client, *WHO, other, order_id="v")
            state = await person_status(realm.client, *WHO)

        assert state is not None
        assert 1 == state.videos

    async def test_is_found_among_the_persons_with_its_end_and_no_worker(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        await verified(realm.client)
        async with people_worker():
            ordered = await generate_for_person(realm.client, *WHO, WANTED, order_id="v")
            await realm.client.get_workflow_handle(ordered.workflow_id).result()
            state = await person_status(realm.client, *WHO)
        assert state is not None
        known = state.model_copy(
            update={"video_ids": (*state.video_ids, "likeness/default/gone/video/1")}
        )

        made, gone = await videos_of_person(realm.client, known)

        assert made.status is not None
        assert "default/person/p-1/video-1.mp4" == made.status.key
        assert gone.status is None

    async def test_of_somebody_who_has_withdrawn_is_refused(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        await verified(realm.client)
        async with people_worker():
            await withdraw_person(realm.client, *WHO)

            with pytest.raises(RefusedError, match="withdrawn their consent") as refused:
                await generate_for_person(realm.client, *WHO, WANTED, order_id="v")

        assert FailureCode.WITHDRAWN == refused.value.code

    async def test_of_nothing_usable_is_refused(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        await verified(realm.client, assets=())
        async with people_worker():
            with pytest.raises(RefusedError, match="no usable asset"):
                await generate_for_person(realm.client, *WHO, WANTED, order_id="v")


class TestAnErasure:
    async def test_tells_what_remains_and_the_same_when_repeated(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        await verified(realm.client)
        async with people_worker():
            erased = await erase_person(realm.client, *WHO, Erase(reason="asked"))
            again = await erase_person(realm.client, *WHO, Erase(reason="asked"))

        glance = await describe_person(realm.client, *WHO)

        assert (3, 2) == (erased.files_deleted, len(erased.remains))
        assert erased == again
        assert PersonStands.ERASED == glance.stands

    async def test_leaves_nobody_to_order_anything_of(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        await verified(realm.client)
        async with people_worker():
            await erase_person(realm.client, *WHO, Erase())

            with pytest.raises(PersonErasedError, match="has been erased"):
                await generate_for_person(realm.client, *WHO, WANTED, order_id="v")


class TestAnErasureThatTakesLong:
    async def test_is_promised_once_it_is_taken_and_answers_when_it_is_done(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        await verified(realm.client)
        async with people_served(realm.client, TASK_QUEUE, steps=False):
            promised = await begin_erasure(realm.client, *WHO, Erase(), within=SHORT)
        async with people_worker():
            erased = await begin_erasure(realm.client, *WHO, Erase())

        assert promised is None
        assert erased is not None
        assert 3 == erased.files_deleted

    async def test_is_promised_by_nobody_where_no_worker_runs(
        self, realm: Realm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ordering, "ORDER_TIMEOUT", SHORT)
        await verified(realm.client)

        with pytest.raises(WorkerAwayError):
            await begin_erasure(realm.client, *WHO, Erase())


class TestAnOperatorsOrder:
    async def test_to_revoke_the_link_puts_the_next_number_into_the_memo(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        await start_onboarding(realm.client, an_order(), task_queue=TASK_QUEUE)
        async with people_worker():
            status = await revoke_link(realm.client, "default", "o1", OperatorOrder())

        glance = await describe_onboarding(realm.client, "default", "o1")

        assert glance.memo is not None
        assert (2, 2) == (status.link, glance.memo.link)

    async def test_to_reset_attempts_or_release_the_device_is_taken(
        self, realm: Realm, people_worker: RunWorker
    ) -> None:
        await start_onboarding(realm.client, an_order(), task_queue=TASK_QUEUE)
        async with people_worker():
            reset = await reset_attempts(realm.client, "default", "o1", OperatorOrder())
            released = await release_device(realm.client, "default", "o1", OperatorOrder())

        assert (5, None) == (reset.attempts_left, released.device)

    @pytest.mark.parametrize("order", [release_device, revoke_link, reset_attempts])
    async def test_to_an_ended_onboarding_is_refused(
        self,
        realm: Realm,
        people_worker: RunWorker,
        order: Callable[..., Awaitable[OnboardingStatus]],
    ) -> None:
        await start_onboarding(realm.client, an_order(), task_queue=TASK_QUEUE)
        async with people_worker():
            await cancel_onboarding(realm.client, "default", "o1", Cancel())

        with pytest.raises(OnboardingEndedError):
            await order(realm.client, "default", "o1", OperatorOrder())

    async def test_to_none_is_refused(self, realm: Realm) -> None:
        with pytest.raises(NoSuchOnboardingError):
            await revoke_link(realm.client, "default", "o1", OperatorOrder())
