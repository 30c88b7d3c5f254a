"""Deliveries on a real server: the schedule, what it costs, and what anybody may read of it."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import Worker

from devstack.ports import free_port
from devstack.temporal_server import RunningServer
from likeness.messages.telling import DeliverWebhook, WebhookDelivered, WebhookMissed
from likeness.temporal.keyring import Key, KeyRing
from likeness.temporal.plugin import likeness_plugin
from runtime.settings import WorkerSettings
from runtime.webhook_keys import new_secret, store_webhook_keys
from tests.integration.webhooks.events import event
from tests.integration.webhooks.receiver import Receiver, answering, in_turn, receiving
from tests.integration.webhooks.teller import Teller
from worker import webhook_steps, webhook_worker

pytestmark = pytest.mark.server

TASK_QUEUE = "likeness"
RETRIES_S = (0.05, 0.1, 0.1)
OK, OOPS = answering("204 No Content"), answering("500 Oops", body=b"canary-answer")


class Post:
    """A worker and clients of one namespace; ``secret`` signs."""

    def __init__(self, client: Client, outsider: Client, secret: str, keys_file: Path) -> None:
        self.client = client
        self.outsider = outsider
        self.secret = secret
        self._keys_file = keys_file

    async def tells(self, url: str) -> WorkflowHandle[Teller, WebhookDelivered]:
        order = DeliverWebhook(tenant="default", url=SecretStr(url), event=event())
        return await self.client.start_workflow(
            Teller.run, order, id=f"teller-{uuid4()}", task_queue=TASK_QUEUE
        )

    @asynccontextmanager
    async def delivering(
        self, *allow: str, retries_s: tuple[float, ...] = RETRIES_S
    ) -> AsyncIterator[None]:
        settings = WorkerSettings(
            apimart_api_key=SecretStr("sk-canary"),
            webhook_keys_file=self._keys_file,
            webhook_allow=allow,
            webhook_retries_s=retries_s,
        )
        async with AsyncExitStack() as stack:
            steps = await stack.enter_async_context(webhook_steps(settings))
            await stack.enter_async_context(webhook_worker(self.client, TASK_QUEUE, steps))
            await stack.enter_async_context(
                Worker(self.client, task_queue=TASK_QUEUE, workflows=[Teller])
            )
            yield

    async def anybody_reads(self, handle: WorkflowHandle[Teller, WebhookDelivered]) -> str:
        """All that the server shows of a run to whoever has no key."""
        theirs = self.outsider.get_workflow_handle(handle.id)
        history = await theirs.fetch_history()
        described = await theirs.describe()
        return history.to_json() + str(described.raw_description)


@pytest.fixture
async def post(temporal_server: RunningServer, namespace: str, tmp_path: Path) -> Post:
    plugin = likeness_plugin(KeyRing.of(Key.of(b"k" * 32)), namespace=namespace)
    address = temporal_server.address
    secret = new_secret()
    keys_file = tmp_path / "keys" / "webhook.keys"
    store_webhook_keys(keys_file, {"default": [secret]})
    return Post(
        await Client.connect(address, namespace=namespace, plugins=[plugin]),
        await Client.connect(address, namespace=namespace),
        secret.get_secret_value().removeprefix("whsec_"),
        keys_file,
    )


def ids(receiver: Receiver) -> list[str]:
    return [request.headers["webhook-id"] for request in receiver.requests]


class TestTheSchedule:
    async def test_a_receiver_that_comes_back_has_the_same_event(self, post: Post) -> None:
        async with receiving(in_turn(OOPS, OOPS, OK)) as receiver, post.delivering(receiver.origin):
            handle = await post.tells(receiver.url)
            delivered = await handle.result()

        assert WebhookDelivered(attempts=3, status=204) == delivered
        assert [event().id] * 3 == ids(receiver)
        assert 1 == len({request.body for request in receiver.requests})

    async def test_tries_cost_no_events(self, post: Post) -> None:
        async with (
            receiving(in_turn(OOPS, OOPS, OOPS, OK)) as receiver,
            post.delivering(receiver.origin),
        ):
            handle = await post.tells(receiver.url)
            await handle.result()
            history = await handle.fetch_history()

        kinds = [each.event_type for each in history.events]
        assert 4 == len(receiver.requests)
        assert 1 == kinds.count(EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED)
        assert 0 == kinds.count(EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED)

    async def test_after_the_last_try_it_is_given_up(self, post: Post) -> None:
        async with receiving(OOPS) as receiver, post.delivering(receiver.origin):
            handle = await post.tells(receiver.url)
            with pytest.raises(WorkflowFailureError) as failure:
                await handle.result()

        assert 1 + len(RETRIES_S) == len(receiver.requests)
        assert isinstance(failure.value.cause, ActivityError)
        undelivered = failure.value.cause.cause
        assert isinstance(undelivered, ApplicationError)
        assert "webhook_undelivered" == undelivered.type
        assert WebhookMissed(attempts=4, status=500, why="HTTP 500") == (
            WebhookMissed.model_validate(undelivered.details[1])
        )

    async def test_one_that_wants_no_more_is_asked_once(self, post: Post) -> None:
        async with receiving(answering("410 Gone")) as receiver, post.delivering(receiver.origin):
            delivered = await (await post.tells(receiver.url)).result()

        assert WebhookDelivered(status=410, gone=True) == delivered
        assert 1 == len(receiver.requests)

    async def test_waits_without_a_worker_and_across_them(self, post: Post) -> None:
        port = free_port()
        origin = f"http://127.0.0.1:{port}"
        handle = await post.tells(f"{origin}/canary")
        async with post.delivering(origin, retries_s=(0.5,) * 20):
            await until_tried(handle)

        async with receiving(OK, port=port) as receiver, post.delivering(origin):
            delivered = await handle.result()

        assert 1 < delivered.attempts
        assert [event().id] == ids(receiver)


class TestWhatAnybodyReads:
    async def test_holds_neither_address_nor_secret_nor_what_was_answered(
        self, post: Post, log: io.StringIO
    ) -> None:
        async with receiving(OOPS) as receiver:
            async with post.delivering(receiver.origin, retries_s=(60,)):
                handle = await post.tells(receiver.url)
                await until_tried(handle)
                shown = await post.anybody_reads(handle)
            (request,) = receiver.requests

        said = shown + log.getvalue()
        signature = request.headers["webhook-signature"]
        for canary in ("canary", "127.0.0.1:", post.secret, signature, "group-20261127"):
            assert canary not in said, canary
        assert "webhook_undelivered" in shown


async def until_tried(handle: WorkflowHandle[Teller, WebhookDelivered]) -> None:
    """Wait until a try has failed and the next one is planned."""
    async with asyncio.timeout(30):
        while True:
            pending = (await handle.describe()).raw_description.pending_activities
            if any(each.HasField("last_failure") for each in pending):
                return
            await asyncio.sleep(0.02)
