import re
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

import pytest
from google.protobuf.message import Message as Proto
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, Worker

from likeness import names
from likeness.messages.conversation import OnboardingStatus, VerificationCallback
from likeness.messages.onboarding import OnboardingInput
from likeness.summaries import Summary
from likeness.temporal.onboardings import start_onboarding
from likeness.temporal.plugin import likeness_plugin
from tests.integration.runtime.conftest import TASK_QUEUE, Realm
from tests.integration.runtime.miniature import CANARY, DETAILS, WORKFLOWS

pytestmark = pytest.mark.server

RunWorker = Callable[[], AbstractAsyncContextManager[Worker]]


def an_order(**changes: object) -> OnboardingInput:
    request = {
        "onboarding": "o1",
        "person": "ref-1",
        "display_name": CANARY,
        "assets": [{"name": "front", "url": f"https://files.example/{CANARY}.jpg"}],
    }
    return OnboardingInput.model_validate({"request": request | changes})


def payloads_in(message: Proto) -> Iterator[Payload]:
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.name == "search_attributes" or field.message_type is None:
            continue
        is_map = field.message_type.GetOptions().map_entry
        for part in value.values() if is_map else value if field.is_repeated else [value]:
            if isinstance(part, Proto):
                yield from payloads_in(part)


async def a_finished_run(realm: Realm, run_worker: RunWorker) -> WorkflowHistory:
    started = await start_onboarding(realm.client, an_order(), task_queue=TASK_QUEUE)
    handle = realm.client.get_workflow_handle(started.workflow_id)
    async with run_worker():
        await handle.signal(names.VERIFICATION_CALLBACK, VerificationCallback(attempt=1))
        await handle.result()
    return await (await realm.outsider()).get_workflow_handle(started.workflow_id).fetch_history()


class TestAnEncryptedRun:
    async def test_gives_the_messages_back_as_models(self, realm: Realm, worker: RunWorker) -> None:
        await a_finished_run(realm, worker)

        handle = realm.client.get_workflow_handle("likeness/default/o1")
        result = await realm.client.get_workflow_handle_for(WORKFLOWS[0].run, handle.id).result()

        assert isinstance(result, OnboardingStatus)
        assert result.onboarding_id == "o1"

    async def test_shows_summaries_in_clear_and_nothing_else(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        history = await a_finished_run(realm, worker)

        payloads = [payload for event in history.events for payload in payloads_in(event)]
        clear = {p.data.decode() for p in payloads if p.metadata["encoding"] == b"json/plain"}
        others = {p.metadata["encoding"] for p in payloads if p.data.decode("latin1") not in clear}
        assert clear == {
            f'"{sentence}"'
            for sentence in (Summary.ONBOARDING, Summary.NEXT_LOOK, Summary.LOOK_AFTER_CALLBACK)
        }
        assert others == {b"binary/encrypted"}
        assert CANARY.encode() not in b"".join(e.SerializeToString() for e in history.events)

    async def test_shows_its_current_details_to_a_client_without_keys(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        started = await start_onboarding(realm.client, an_order(), task_queue=TASK_QUEUE)
        outsider = await realm.outsider()

        async with worker():
            handle = outsider.get_workflow_handle(started.workflow_id)
            answer = await handle.query("__temporal_workflow_metadata")

        assert re.search(re.escape(DETAILS), str(answer))

    async def test_replays_with_the_plugin_and_not_without(
        self, realm: Realm, worker: RunWorker
    ) -> None:
        history = await a_finished_run(realm, worker)

        plugin = likeness_plugin(realm.keys, namespace=realm.namespace)
        await Replayer(
            workflows=WORKFLOWS, namespace=realm.namespace, plugins=[plugin]
        ).replay_workflow(history)
        with pytest.raises(RuntimeError):
            await Replayer(workflows=WORKFLOWS).replay_workflow(history)

    async def test_is_small_in_history(self, realm: Realm, worker: RunWorker) -> None:
        history = await a_finished_run(realm, worker)

        started = history.events[0].workflow_execution_started_event_attributes
        assert started.input.payloads[0].ByteSize() < 600
