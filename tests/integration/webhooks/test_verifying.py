"""The reference libraries verify what we send, by the very programs of docs/webhooks.md."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from commands.webhook_keys import retire_secret, rotate_secret, show_secrets
from likeness.rest.webhooks import WebhookBody
from runtime.settings import WebhookKeysSettings
from runtime.webhook_keys import new_secret, store_webhook_keys
from tests.integration.webhooks.conftest import Sender
from tests.integration.webhooks.documented import (
    NODE,
    PYTHON,
    Documented,
    Language,
    block,
    node_modules,
    running,
)
from tests.integration.webhooks.events import event

EACH_LANGUAGE = pytest.mark.parametrize("language", [PYTHON, NODE], ids=lambda it: it.name)
TOLD = "onboarding.in_review {} o-3f9c01d2ab77e6540c1b in_review"


@pytest.fixture(scope="session")
def javascript(
    tmp_path_factory: pytest.TempPathFactory, user_environment: Mapping[str, str]
) -> Path:
    folder = tmp_path_factory.mktemp("javascript")
    node_modules(folder, user_environment)
    return folder


class Runner:
    """Runs receivers until the test's end."""

    def __init__(self, folders: Mapping[str, Path], resources: AsyncExitStack) -> None:
        self._folders = folders
        self._resources = resources

    async def starts(self, language: Language, secret: str) -> Documented:
        receiver = running(language, self._folders[language.name], secret)
        return await self._resources.enter_async_context(receiver)


@pytest.fixture
async def runner(tmp_path: Path, javascript: Path) -> AsyncIterator[Runner]:
    async with AsyncExitStack() as resources:
        yield Runner({"python": tmp_path, "javascript": javascript}, resources)


def secrets_of(sender: Sender) -> tuple[str, ...]:
    return show_secrets(settings_of(sender), "default").secrets


def settings_of(sender: Sender) -> WebhookKeysSettings:
    return WebhookKeysSettings(webhook_keys_file=sender.keys_file)


async def delivered(sender: Sender, receiver: Documented, sequence: int = 1) -> int | None:
    """The status that a delivery came to."""
    origin = receiver.url.rstrip("/")
    try:
        return (await sender.delivers(receiver.url, origin, sequence=sequence)).status
    except ApplicationError as missed:
        status: int | None = missed.details[1].status
        return status


class TestThePage:
    def test_its_example_is_what_is_sent(self) -> None:
        sent = json.loads(WebhookBody.of(event()).model_dump_json())

        assert json.dumps(sent, indent=2) == block("json").strip()


@EACH_LANGUAGE
class TestAReceiver:
    async def test_verifies_and_takes_what_is_ours(
        self, sender: Sender, runner: Runner, language: Language
    ) -> None:
        receiver = await runner.starts(language, *secrets_of(sender))

        assert 204 == await delivered(sender, receiver, 2)
        assert TOLD.format(2) == await receiver.line()

    async def test_refuses_what_is_signed_under_another_secret(
        self, sender: Sender, runner: Runner, language: Language
    ) -> None:
        receiver = await runner.starts(language, new_secret().get_secret_value())

        assert 401 == await delivered(sender, receiver)

    async def test_passes_over_what_it_has_and_what_comes_late(
        self, sender: Sender, runner: Runner, language: Language
    ) -> None:
        receiver = await runner.starts(language, *secrets_of(sender))

        came = [await delivered(sender, receiver, sequence) for sequence in (1, 1, 3, 2, 3, 4)]

        assert [204] * 6 == came
        assert [TOLD.format(each) for each in (1, 3, 4)] == [await receiver.line() for _ in "134"]


@EACH_LANGUAGE
class TestAnExchange:
    async def test_loses_nothing_whichever_secret_a_receiver_knows(
        self, sender: Sender, runner: Runner, language: Language
    ) -> None:
        (old,) = secrets_of(sender)
        before = await runner.starts(language, old)
        came = [await delivered(sender, before, sequence) for sequence in (1, 2)]

        new = rotate_secret(settings_of(sender), "default").secret
        came += [await delivered(sender, before, sequence) for sequence in (3, 4)]
        after = await runner.starts(language, new)
        came += [
            await delivered(sender, it, sequence) for it in (before, after) for sequence in (5, 6)
        ]

        retire_secret(settings_of(sender), "default")
        came += [await delivered(sender, after, sequence) for sequence in (7, 8)]

        assert [204] * 10 == came
        assert 401 == await delivered(sender, before, 9)

    async def test_done_in_one_step_would_lose_some(
        self, sender: Sender, runner: Runner, language: Language
    ) -> None:
        """The proof that the receivers do refuse."""
        receiver = await runner.starts(language, *secrets_of(sender))

        store_webhook_keys(sender.keys_file, {"default": [new_secret()]})

        assert 401 == await delivered(sender, receiver)
