"""Deliveries as a worker makes them: its own client, its secrets file, its logs."""

import dataclasses
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.webhooks import WebhookSteps
from likeness.messages.telling import DeliverWebhook, WebhookDelivered
from runtime import logs
from runtime.settings import WorkerSettings
from runtime.webhook_keys import new_secret, store_webhook_keys
from tests.integration.webhooks.events import event
from tests.unit.activities.conftest import everything_said
from worker import webhook_steps


class Sender:
    """Delivers as a worker with these settings; ``log`` is all that it wrote, at its loudest."""

    def __init__(self, keys_file: Path, log: io.StringIO, resources: AsyncExitStack) -> None:
        self.keys_file = keys_file
        self._log = log
        self._resources = resources
        self._steps: dict[str, WebhookSteps] = {}

    @property
    def log(self) -> str:
        return self._log.getvalue()

    async def steps(self, *allow: str) -> WebhookSteps:
        """The step of a worker that may reach these origins wherever they are."""
        key = ",".join(allow)
        if key not in self._steps:
            settings = WorkerSettings(
                apimart_api_key=SecretStr("sk-canary"),
                webhook_keys_file=self.keys_file,
                webhook_allow=allow,
            )
            self._steps[key] = await self._resources.enter_async_context(webhook_steps(settings))
        return self._steps[key]

    async def delivers(
        self, url: str, *allow: str, sequence: int = 1, attempt: int = 1, tenant: str = "default"
    ) -> WebhookDelivered:
        order = DeliverWebhook(tenant=tenant, url=SecretStr(url), event=event(sequence))
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=attempt)
        steps = await self.steps(*allow)
        return await environment.run(steps.deliver_webhook, order)

    async def misses(self, url: str, *allow: str, tenant: str = "default") -> ApplicationError:
        """Deliver in vain; give the error, which like every log line holds no canary."""
        with pytest.raises(ApplicationError) as failure:
            await self.delivers(url, *allow, tenant=tenant)
        said = everything_said(failure.value) + self.log
        assert "canary" not in said
        assert "webhook_undelivered" == failure.value.type
        return failure.value

    def forgets_its_secrets(self) -> None:
        with suppress(FileNotFoundError):
            self.keys_file.unlink()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure(process="worker", level="DEBUG", stream=stream)
    yield stream
    logs.configure(process="worker", level="WARNING", stream=io.StringIO())


@pytest.fixture
async def sender(tmp_path: Path, log: io.StringIO) -> AsyncIterator[Sender]:
    keys_file = tmp_path / "keys" / "webhook.keys"
    store_webhook_keys(keys_file, {"default": [new_secret()]})
    async with AsyncExitStack() as resources:
        yield Sender(keys_file, log, resources)
