"""`starter.py person …` and an operator's orders, against a real server."""

import asyncio
import time
from typing import Any

import pytest
from temporalio.client import Client

from runtime.keys import load_key_file
from runtime.links import InviteToken, LinkSealer
from runtime.settings import StarterSettings
from tests.integration.runtime.people import people_served, registered
from tests.integration.starter.conftest import ORDER, TASK_QUEUE, Operator

pytestmark = pytest.mark.server

PROMPT = "canary of another prompt"


async def listed(operator: Operator, *, count: int) -> list[dict[str, Any]]:
    """The list when it has ``count`` lines: visibility lags behind by moments."""
    deadline = time.monotonic() + 20
    while True:
        ended = await operator.runs("person", "list", "-o", "json")
        if len(ended.answer) == count or time.monotonic() > deadline:
            lines: list[dict[str, Any]] = ended.answer
            return lines
        await asyncio.sleep(0.1)


class TestAPerson:
    async def test_is_shown_with_a_worker_and_without(
        self, operator: Operator, client: Client
    ) -> None:
        await registered(client, task_queue=TASK_QUEUE)

        away = await operator.runs("person", "show", "p-1", "-o", "json")
        async with people_served(client, TASK_QUEUE):
            told = await operator.runs(
                "person", "show", "likeness/default/person/p-1", "-o", "json"
            )

        assert (0, "verified", "worker away", None) == (
            away.code,
            away.answer["stands"],
            away.answer["details"],
            away.answer["assets"],
        )
        assert (0, None) == (told.code, told.answer["details"])
        assert [{"asset_id": "a-1", "kind": "image", "name": "front"}] == told.answer["assets"]

    async def test_nobody_knows_is_not_found(self, operator: Operator) -> None:
        ended = [
            await operator.runs("person", *words, "-o", "json")
            for words in (["show", "p-9"], ["withdraw", "p-9"], ["erase", "p-9", "--yes"])
        ]

        assert {(3, "not_found")} == {(one.code, one.error["code"]) for one in ended}

    async def test_is_imported_once_with_no_worker(self, operator: Operator) -> None:
        words = ["person", "import", "p-1", "--group", "group-9", "-o", "json", "--asset"]

        first = await operator.runs(*words, "a-1")
        again = await operator.runs(*words, "a-1")
        other = await operator.runs(*words, "a-2")

        assert (0, True) == (first.code, first.answer["is_new"])
        assert (0, False) == (again.code, again.answer["is_new"])
        assert (1, "different_request") == (other.code, other.error["code"])
        assert "person show p-1" in other.error["next_step"]

    async def test_is_listed_until_erased(self, operator: Operator, client: Client) -> None:
        await registered(client, "p-1", task_queue=TASK_QUEUE)
        await registered(client, "p-2", task_queue=TASK_QUEUE)
        assert ["p-2", "p-1"] == [line["person"] for line in await listed(operator, count=2)]

        async with people_served(client, TASK_QUEUE):
            erased = await operator.runs("person", "erase", "p-1", stdin="p-1\n")
        left = await listed(operator, count=1)
        gone = await operator.runs("person", "show", "p-1", "-o", "json")

        assert 0 == erased.code
        assert "3 files of the archive deleted" in erased.out
        assert "What remains:" in erased.out
        assert ["p-2"] == [line["person"] for line in left]
        assert "erased" == gone.answer["stands"]

    async def test_gets_another_video_once_under_one_id(
        self, operator: Operator, client: Client
    ) -> None:
        await registered(client, task_queue=TASK_QUEUE)
        words = ("person", "generate", "p-1", "--prompt-file", "-", "--id", "spring-1")
        async with people_served(client, TASK_QUEUE):
            first = await operator.runs(*words, "-o", "json", stdin=PROMPT)
            again = await operator.runs(*words, "-o", "json", stdin=PROMPT)
            shown = await operator.runs("person", "show", "p-1")

        assert (0, first.answer) == (first.code, again.answer)
        assert "likeness/default/person/p-1/video/1" in shown.out
        assert PROMPT not in first.out + first.err + shown.out

    async def test_who_withdraws_gets_no_video_any_more(
        self, operator: Operator, client: Client
    ) -> None:
        await registered(client, task_queue=TASK_QUEUE)
        async with people_served(client, TASK_QUEUE):
            withdrawn = await operator.runs("person", "withdraw", "p-1", "-o", "json")
            refused = await operator.runs(
                "person", "generate", "p-1", "--prompt", PROMPT, "-o", "json"
            )
        shown = await operator.runs("person", "show", "p-1", "-o", "json")

        assert (0, "p-1") == (withdrawn.code, withdrawn.answer["person"])
        assert withdrawn.answer["withdrawn_at"] is not None
        assert (1, "withdrawn") == (refused.code, refused.error["code"])
        assert "withdrawn" == shown.answer["stands"]

    async def test_whose_worker_is_away_is_asked_to_be_asked_again(
        self, operator: Operator, client: Client
    ) -> None:
        await registered(client, task_queue=TASK_QUEUE)

        ended = await operator.runs(
            "person", "generate", "p-1", "--prompt", PROMPT, "--id", "spring-1", "-o", "json"
        )

        assert (4, "worker_away") == (ended.code, ended.error["code"])
        assert "--id spring-1" in ended.error["next_step"]


class TestAnOperatorsOrder:
    async def test_to_revoke_the_link_makes_the_next_one_another(
        self, operator: Operator, client: Client, settings: StarterSettings
    ) -> None:
        sealer = LinkSealer.of(load_key_file(settings.link_keys_file))
        await operator.starts("one")
        async with people_served(client, TASK_QUEUE):
            revoked = await operator.runs("revoke-link", "one", "--reason", "sent to a group")

        link = await operator.runs("link", "one")

        assert (0, "Next: python starter.py link one gives the new one.") == (
            revoked.code,
            revoked.out.splitlines()[-1],
        )
        assert InviteToken(
            tenant="default", onboarding="one", person="p-1", link=2
        ) == sealer.open_invite(link.out.strip().rsplit("/", 1)[1])

    async def test_to_grant_attempts_or_release_the_device_is_taken(
        self, operator: Operator, client: Client
    ) -> None:
        await operator.starts("one")
        async with people_served(client, TASK_QUEUE):
            reset = await operator.runs("reset-attempts", "one", "-o", "json")
            released = await operator.runs("release-device", "one", "-o", "json")

        assert (0, 0, 5) == (
            reset.code,
            reset.answer["attempts"],
            reset.answer["attempts_left"],
        )
        assert (0, "invited") == (released.code, released.answer["stage"])

    async def test_to_an_ended_onboarding_is_refused(
        self, operator: Operator, client: Client
    ) -> None:
        started = await operator.starts("one")
        await client.get_workflow_handle(started["workflow_id"]).terminate()

        ended = [
            await operator.runs(verb, "one", "-o", "json")
            for verb in ("revoke-link", "release-device", "reset-attempts")
        ]

        assert {(1, "already_ended")} == {(one.code, one.error["code"]) for one in ended}


class TestWhoAsks:
    async def test_is_kept_for_the_page_and_printed_nowhere(self, operator: Operator) -> None:
        said = ("--contact", "canary@example.com", "--purpose", "Canary of a purpose")

        first = await operator.runs("start", *ORDER, *said, "--id", "one", "-o", "json")
        other = await operator.runs("start", *ORDER, "--id", "one", "-o", "json")

        assert 0 == first.code
        assert "anary" not in first.out + first.err
        assert "different_request" == other.error["code"]
