import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import Worker

from likeness import names
from likeness.messages.conversation import Consent, OpenSession, VerificationCallback
from likeness.temporal.onboardings import start_onboarding
from tests.integration.runtime.conftest import TASK_QUEUE, Realm
from tests.integration.runtime.miniature import CANARY
from tests.integration.runtime.test_payloads import an_order

pytestmark = pytest.mark.server

RunWorker = Callable[[], AbstractAsyncContextManager[Worker]]


async def failure_of_start(realm: Realm, run_worker: RunWorker, *args: object) -> ApplicationError:
    async with run_worker():
        with pytest.raises(WorkflowFailureError) as caught:
            await realm.client.execute_workflow(
                names.ONBOARD_PERSON, args=args, id="likeness/default/bad", task_queue=TASK_QUEUE
            )
    cause = caught.value.cause
    assert isinstance(cause, ApplicationError)
    return cause


class TestAStartWithBadInput:
    async def test_fails_at_once_with_field_and_rule(self, realm: Realm, worker: RunWorker) -> None:
        order = {"request": {"onboarding": "o1", "person": f"{CANARY}@example.org", "assets": []}}

        cause = await failure_of_start(realm, worker, order)

        assert cause.type == "bad_input"
        assert cause.non_retryable
        assert cause.message == (
            "The input does not fit: request.person: an id part looks like an e-mail address; ids "
            "are readable by every operator, so use a reference of your own instead (1 more)."
        )
        assert CANARY not in str(cause)

    @pytest.mark.parametrize("arg", [None, "text", [], b"bytes"], ids=str)
    async def test_of_another_shape_altogether_fails_at_once(
        self, realm: Realm, worker: RunWorker, arg: object
    ) -> None:
        cause = await failure_of_start(realm, worker, arg)

        assert cause.type == "bad_input"

    @pytest.mark.parametrize("args", [(), ({}, {})], ids=str)
    async def test_of_another_count_fails_at_once(
        self, realm: Realm, worker: RunWorker, args: tuple[object, ...]
    ) -> None:
        cause = await failure_of_start(realm, worker, *args)

        assert cause.type == "bad_input"
        assert cause.message == "The input must be one JSON object of the form OnboardingInput."


class TestARunningOnboarding:
    @pytest.mark.parametrize(
        "args",
        [
            ({"not_after": CANARY},),
            (),
            (None,),
            (OpenSession(not_after=1), OpenSession(not_after=1)),
        ],
        ids=["a field", "nothing", "null", "two"],
    )
    async def test_rejects_a_bad_update_and_goes_on(
        self, realm: Realm, worker: RunWorker, args: tuple[object, ...]
    ) -> None:
        started = await start_onboarding(realm.client, an_order(), task_queue=TASK_QUEUE)
        handle = realm.client.get_workflow_handle(started.workflow_id)
        consent = Consent(text_version="1", sha256="0" * 64, locale="en")

        async with worker():
            with pytest.raises(WorkflowUpdateFailedError) as caught:
                await handle.execute_update(names.OPEN_SESSION, args=args, id="bad")
            answer = await handle.execute_update(
                names.OPEN_SESSION, OpenSession(consent=consent, not_after=1), id="good"
            )

        assert isinstance(caught.value.cause, ApplicationError)
        assert caught.value.cause.type == "bad_input"
        assert CANARY not in str(caught.value.cause)
        assert answer["outcome"] == "opened"

    @pytest.mark.parametrize("args", [({"attempt": CANARY},), (), (1, 2)], ids=str)
    async def test_drops_a_bad_signal_and_takes_the_next(
        self,
        realm: Realm,
        worker: RunWorker,
        args: tuple[object, ...],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        started = await start_onboarding(realm.client, an_order(), task_queue=TASK_QUEUE)
        handle = realm.client.get_workflow_handle(started.workflow_id)

        with caplog.at_level(logging.WARNING):
            async with worker():
                await handle.signal(names.VERIFICATION_CALLBACK, args=args)
                await handle.signal(names.VERIFICATION_CALLBACK, VerificationCallback(attempt=1))
                await handle.result()

        assert CANARY not in caplog.text

    async def test_is_told_of_an_activity_with_bad_input_without_retries(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        async with worker():
            with pytest.raises(WorkflowFailureError) as caught:
                await realm.client.execute_workflow(
                    "BadActivityInput", id="bad-activity", task_queue=TASK_QUEUE
                )

        activity_error = caught.value.cause
        assert isinstance(activity_error, ActivityError)
        assert isinstance(activity_error.cause, ApplicationError)
        assert activity_error.cause.type == "bad_input"
        assert "byted_token: Field required" in activity_error.cause.message
        assert CANARY not in str(activity_error.cause)
