import asyncio
import json
import signal
import time

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from likeness import names
from likeness.stages import Hold
from likeness.temporal import attributes
from runtime.keys import load_key_file
from runtime.links import LinkSealer
from runtime.settings import StarterSettings
from tests.integration.starter.conftest import CANARIES, ORDER, TASK_QUEUE, Operator, WorkerRunning

pytestmark = pytest.mark.server

UNKNOWN = {"attempts", "attempts_left", "group_id", "assets", "video", "failure"}


class TestStart:
    async def test_prints_a_link_that_only_the_link_key_opens(
        self, operator: Operator, settings: StarterSettings
    ) -> None:
        answer = await operator.starts("one")

        base, token = answer["invite_url"].rsplit("/", 1)
        opened = LinkSealer.of(load_key_file(settings.link_keys_file)).open_invite(token)
        assert base == "https://invites.example/i"
        assert opened is not None
        assert (opened.tenant, opened.onboarding, opened.person) == ("default", "one", "p-1")
        assert (answer["onboarding_id"], answer["stage"], answer["is_new"]) == (
            "one",
            "invited",
            True,
        )

    async def test_of_a_known_id_finds_the_same_run(self, operator: Operator) -> None:
        await operator.starts("one")

        again = await operator.starts("one")

        assert not again["is_new"]

    async def test_of_a_known_id_with_other_settings_finds_the_same_run(
        self, operator: Operator
    ) -> None:
        await operator.starts("one")

        again = await operator.whose(MAX_ATTEMPTS="2", LINK_TTL_S="9").starts("one")

        assert not again["is_new"]

    async def test_of_a_known_id_with_another_order_is_refused(self, operator: Operator) -> None:
        await operator.starts("one")

        other = await operator.runs("start", *ORDER, "--seed", "7", "--id", "one", "-o", "json")

        assert other.code == 1
        assert other.error["code"] == "different_request"
        assert other.out == ""

    async def test_of_a_closed_run_finds_it_still(
        self, operator: Operator, worker: WorkerRunning
    ) -> None:
        await operator.starts("one")
        async with worker():
            assert (await operator.runs("cancel", "one")).code == 0

        again = await operator.starts("one")

        assert (again["is_new"], again["stage"]) == (False, "canceled")

    async def test_takes_the_prompt_from_stdin(self, operator: Operator) -> None:
        order = (
            "start",
            "--person",
            "p-1",
            "--asset",
            "https://files.example/a.jpg",
            "--id",
            "one",
        )
        read = await operator.runs(*order, "--prompt-file", "-", stdin="Wave.\n")

        typed = await operator.runs(*order, "--prompt", "Wave.", "-o", "json")

        assert (read.code, typed.code) == (0, 0)
        assert not typed.answer["is_new"]

    async def test_that_waits_tells_the_start_at_once_and_the_end_at_last(
        self, operator: Operator, worker: WorkerRunning
    ) -> None:
        async with worker():
            waiting = await operator.begins("start", *ORDER, "--id", "one", "--wait", "-o", "json")
            assert waiting.stdout is not None
            first = json.loads(await waiting.stdout.readline())
            await operator.runs("cancel", "one")
            out, err = await waiting.communicate()

        last = json.loads(out)
        assert (first["stage"], last["stage"]) == ("invited", "canceled")
        assert first["invite_url"] == last["invite_url"]
        assert waiting.returncode == 1
        assert json.loads(err)["error"]["code"] == "unfinished"


class TestStatus:
    async def test_without_a_worker_tells_what_temporal_knows(self, operator: Operator) -> None:
        await operator.starts("one")

        ended = await operator.runs("status", "one", "-o", "json")

        assert ended.code == 0
        assert (ended.answer["stage"], ended.answer["waiting_for"]) == ("invited", "person")
        assert ended.answer["details"] == "worker away"
        assert {key for key in UNKNOWN if ended.answer[key] is None} == UNKNOWN

    async def test_without_a_worker_answers_everybody_who_asks_at_once(
        self, operator: Operator
    ) -> None:
        await operator.starts("one")

        ended = await asyncio.gather(
            *(operator.runs("status", "one", "-o", "json") for _ in range(4))
        )

        assert {(0, "worker away")} == {(one.code, one.answer["details"]) for one in ended}

    async def test_with_a_worker_tells_what_the_run_knows(
        self, operator: Operator, worker: WorkerRunning
    ) -> None:
        await operator.starts("one")

        async with worker():
            ended = await operator.runs("status", "likeness/default/one", "-o", "json")

        assert ended.code == 0
        assert (ended.answer["attempts"], ended.answer["details"]) == (0, None)
        [asset] = ended.answer["assets"]
        assert ("asset-1", "image", "waiting") == (
            asset.pop("name"),
            asset.pop("kind"),
            asset.pop("state"),
        )
        assert {None} == set(asset.values())

    async def test_of_a_closed_run_knows_the_end_without_a_worker(
        self, operator: Operator, worker: WorkerRunning
    ) -> None:
        await operator.starts("one")
        async with worker():
            await operator.runs("cancel", "one", "--reason", "asked")

        ended = await operator.runs("status", "one", "-o", "json")

        assert (ended.answer["stage"], ended.answer["details"]) == ("canceled", None)
        assert ended.answer["failure"]["code"] == "canceled"
        assert ended.answer["attempts"] == 0

    async def test_of_a_terminated_run_says_that_it_is_over(
        self, operator: Operator, client: Client, worker: WorkerRunning
    ) -> None:
        started = await operator.starts("one")
        await client.get_workflow_handle(started["workflow_id"]).terminate()

        without = await operator.runs("status", "one", "-o", "json")
        async with worker():
            told = await operator.runs("status", "one", "-o", "json")

        for ended in (without, told):
            assert (ended.answer["stage"], ended.answer["waiting_for"]) == ("canceled", "nobody")
            assert ended.answer["failure"]["detail"] == "Temporal says terminated"

    async def test_of_a_run_started_with_nonsense_says_so(
        self, operator: Operator, client: Client, worker: WorkerRunning
    ) -> None:
        workflow_id = "likeness/default/one"
        async with worker():
            handle = await client.start_workflow(
                names.ONBOARD_PERSON, {"request": 1}, id=workflow_id, task_queue=TASK_QUEUE
            )
            with pytest.raises(Exception, match="Workflow execution failed"):
                await handle.result()

        ended = await operator.runs("status", "one", "-o", "json")

        assert ended.code == 0
        assert ended.answer["stage"] == "failed"
        assert ended.answer["failure"]["code"] == "bad_input"

    async def test_of_an_unknown_id_is_not_found(self, operator: Operator) -> None:
        ended = await operator.runs("status", "nobody", "-o", "json")

        assert (ended.code, ended.error["code"]) == (3, "not_found")


class TestWatch:
    async def test_tells_each_change_until_the_end(
        self, operator: Operator, worker: WorkerRunning
    ) -> None:
        await operator.starts("one")
        async with worker():
            watching = await operator.begins("watch", "one", "-o", "json")
            assert watching.stdout is not None
            first = json.loads(await watching.stdout.readline())
            await operator.runs("cancel", "one")
            out, _ = await watching.communicate()

        assert first["stage"] == "invited"
        assert json.loads(out.splitlines()[-1])["stage"] == "canceled"
        assert watching.returncode == 0

    async def test_on_ctrl_c_gives_the_command_that_goes_on(self, operator: Operator) -> None:
        await operator.starts("one")
        watching = await operator.begins("watch", "one")
        assert watching.stdout is not None
        assert b"invited" in await watching.stdout.readline()

        watching.send_signal(signal.SIGINT)
        _, err = await watching.communicate()

        assert watching.returncode == 130
        assert err.decode().splitlines() == [
            "Stopped watching; the onboarding itself goes on.",
            "Next: python starter.py watch one",
        ]


class TestListAndLinkAndCancel:
    async def test_list_shows_the_tenants_onboardings_newest_first(
        self, operator: Operator
    ) -> None:
        await operator.starts("one")
        await operator.starts("two")
        await operator.runs("start", *ORDER, "--tenant", "acme", "--id", "three")

        # Visibility lags behind by moments.
        deadline = time.monotonic() + 20
        found: list[str] = []
        while found != ["two", "one"] and time.monotonic() < deadline:
            listed = await operator.runs("list", "--stage", "invited", "-o", "json")
            found = [line["onboarding_id"] for line in listed.answer]

        assert found == ["two", "one"]
        assert listed.answer[0]["person"] == "p-1"

    async def test_list_shows_those_that_hold(self, operator: Operator, client: Client) -> None:
        await operator.starts("one")
        holding = [SearchAttributePair(attributes.HOLD, Hold.NEEDS_DECISION)]
        await client.start_workflow(
            names.ONBOARD_PERSON,
            id="likeness/default/two",
            task_queue=TASK_QUEUE,
            search_attributes=TypedSearchAttributes(holding),
        )

        deadline = time.monotonic() + 20
        found: list[str] = []
        while found != ["two"] and time.monotonic() < deadline:
            listed = await operator.runs("list", "--hold", "needs_decision", "-o", "json")
            found = [line["onboarding_id"] for line in listed.answer]
        other = await operator.runs("list", "--hold", "needs_assets", "-o", "json")

        assert (["two"], []) == (found, other.answer)

    async def test_link_seals_the_link_again_without_a_worker(
        self, operator: Operator, settings: StarterSettings
    ) -> None:
        started = await operator.starts("one")

        ended = await operator.runs("link", "one")

        sealer = LinkSealer.of(load_key_file(settings.link_keys_file))
        tokens = [url.strip().rsplit("/", 1)[1] for url in (started["invite_url"], ended.out)]
        first, second = (sealer.open_invite(token) for token in tokens)
        assert first == second
        assert first is not None

    async def test_cancel_is_the_same_twice_as_once(
        self, operator: Operator, worker: WorkerRunning
    ) -> None:
        await operator.starts("one")
        async with worker():
            first = await operator.runs("cancel", "one", "-o", "json")
            second = await operator.runs("cancel", "one", "-o", "json")

        assert (first.code, second.code) == (0, 0)
        assert first.answer["stage"] == second.answer["stage"] == "canceled"

    async def test_cancel_of_a_run_that_ended_otherwise_is_refused(
        self, operator: Operator, client: Client
    ) -> None:
        started = await operator.starts("one")
        await client.get_workflow_handle(started["workflow_id"]).terminate()

        ended = await operator.runs("cancel", "one", "-o", "json")

        assert (ended.code, ended.error["code"]) == (1, "already_ended")


class TestConfidences:
    async def test_are_never_printed_again(self, operator: Operator, worker: WorkerRunning) -> None:
        operator = operator.whose(LOG_LEVEL="DEBUG")
        await operator.starts("one")
        async with worker():
            ended = [
                await operator.runs(*words)
                for words in (
                    ["status", "one"],
                    ["status", "one", "-o", "json"],
                    ["list"],
                    ["cancel", "one", "-o", "json"],
                    ["watch", "one"],
                    ["start", *ORDER, "--id", "one"],
                )
            ]

        said = "".join(one.out + one.err for one in ended)
        assert [] == [canary for canary in CANARIES if canary in said]
        assert 0 == said.count("https://invites.example/i/")
