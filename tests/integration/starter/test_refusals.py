import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from devstack.isolation import new_test_namespace
from devstack.namespaces import ensure_namespace
from devstack.temporal_server import RunningServer
from runtime.keys import load_key_file
from tests.integration.starter.conftest import ORDER, Operator

pytestmark = pytest.mark.server


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An address at which nobody listens, and nobody can begin to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def stranger(operator: Operator, tmp_path: Path) -> Operator:
    """Somebody with key files of their own for our namespace."""
    keys = tmp_path / "others"
    return operator.whose(
        PAYLOAD_KEYS_FILE=str(keys / "payload.keys"),
        LINK_KEYS_FILE=str(keys / "link.keys"),
        WEBHOOK_KEYS_FILE=str(keys / "webhook.keys"),
    )


def payload_file(operator: Operator) -> Path:
    return Path(operator.environment["PAYLOAD_KEYS_FILE"])


def payload_keys(operator: Operator) -> bytes:
    return payload_file(operator).read_bytes()


class TestKeys:
    async def test_of_another_namespace_are_refused_before_anything_is_started(
        self, operator: Operator, stranger: Operator, client: Client
    ) -> None:
        await operator.starts("one")
        assert (await stranger.runs("keys", "new")).code == 0

        ended = await stranger.runs("start", *ORDER, "--id", "two", "-o", "json")

        assert (ended.code, ended.error["code"]) == (2, "wrong_key")
        with pytest.raises(RPCError, match="not found"):
            await client.get_workflow_handle("likeness/default/two").describe()

    async def test_that_are_missing_stop_every_command(
        self, operator: Operator, stranger: Operator, client: Client
    ) -> None:
        await operator.starts("one")
        for words in (["start", *ORDER, "--id", "two"], ["status", "one"], ["link", "one"]):
            ended = await stranger.runs(*words, "-o", "json")

            assert (ended.code, ended.error["code"]) == (2, "key_file")
        with pytest.raises(RPCError, match="not found"):
            await client.get_workflow_handle("likeness/default/two").describe()

    async def test_rotate_in_two_steps_and_what_was_sealed_stays_readable(
        self, operator: Operator, stranger: Operator
    ) -> None:
        started = await operator.starts("one")
        old = payload_keys(operator)

        added = await operator.runs("keys", "rotate", "-o", "json")
        written = await operator.runs("keys", "rotate", "--write", "-o", "json")

        assert (added.code, written.code) == (0, 0)
        assert (added.answer["writes"], written.answer["writes"]) == (False, True)
        again = await operator.starts("one")
        assert again["workflow_id"] == started["workflow_id"]
        await stranger.runs("keys", "new")
        payload_file(stranger).write_bytes(old)
        assert (await stranger.runs("status", "one", "-o", "json")).error["code"] == "wrong_key"

    async def test_are_retired_when_no_history_needs_them_any_more(
        self, operator: Operator, client: Client
    ) -> None:
        started = await operator.starts("one")
        [old] = load_key_file(payload_file(operator)).read
        for step in ([], ["--write"]):
            await operator.runs("keys", "rotate", *step)
        retire = ("keys", "retire", old, "-o", "json")

        going_on = await operator.runs(*retire)
        await client.get_workflow_handle(started["workflow_id"]).terminate()
        ended = await operator.runs(*retire)
        given_up = await operator.runs(*retire, "--unread")
        again = await operator.runs(*retire, "--unread")

        assert (going_on.code, going_on.error["code"]) == (1, "refused")
        assert "go on: 1, runs that have ended: 0" in going_on.error["sentence"]
        assert "go on: 0, runs that have ended: 1" in ended.error["sentence"]
        assert given_up.answer == {"payload_key_id": old, "unreadable_runs": 1}
        assert old not in load_key_file(payload_file(operator)).read
        assert (again.code, (await operator.starts("two"))["onboarding_id"]) == (0, "two")

    async def test_that_write_are_not_retired(self, operator: Operator) -> None:
        [writes] = load_key_file(payload_file(operator)).read

        refused = await operator.runs("keys", "retire", writes, "-o", "json")

        assert (refused.code, refused.error["code"]) == (1, "refused")

    async def test_are_not_changed_when_the_check_cannot_be_stored(
        self, operator: Operator, nowhere: str
    ) -> None:
        await operator.runs("keys", "rotate")
        before = payload_keys(operator)

        away = await operator.whose(TEMPORAL_ADDRESS=nowhere).runs("keys", "rotate", "--write")

        assert away.code == 4
        assert before == payload_keys(operator)
        assert (await operator.runs("keys", "rotate", "--write")).code == 0


class TestTemporal:
    async def test_that_is_away_may_be_asked_again_under_the_same_id(
        self, operator: Operator, nowhere: str
    ) -> None:
        ended = await operator.whose(TEMPORAL_ADDRESS=nowhere).runs(
            "start", *ORDER, "--id", "one", "-o", "json"
        )

        assert (ended.code, ended.error["code"]) == (4, "temporal_away")
        assert "--id one" in ended.error["next_step"]

    async def test_without_the_namespace_is_a_wrong_setting(self, operator: Operator) -> None:
        ended = await operator.whose(TEMPORAL_NAMESPACE="likeness-test-nowhere").runs(
            "status", "one", "-o", "json"
        )

        assert (ended.code, ended.error["code"]) == (2, "settings")
        assert "has no namespace" in ended.error["sentence"]

    async def test_without_our_search_attributes_names_them(
        self, operator: Operator, temporal_server: RunningServer
    ) -> None:
        bare = new_test_namespace()
        anybody = await Client.connect(temporal_server.address)
        await ensure_namespace(anybody, bare, search_attributes={})

        ended = await operator.whose(TEMPORAL_NAMESPACE=bare).runs("start", *ORDER, "-o", "json")

        assert (ended.code, ended.error["code"]) == (2, "namespace_unprepared")
        assert "LikenessStage (Keyword)" in ended.error["next_step"]

    async def test_at_no_address_is_a_wrong_setting(self, operator: Operator) -> None:
        ended = await operator.whose(TEMPORAL_ADDRESS="no address").runs("list", "-o", "json")

        assert ended.code in {2, 4}
        assert ended.error["sentence"].endswith(".")

    async def test_metrics_are_left_to_the_worker_beside_it(
        self, operator: Operator, nowhere: str
    ) -> None:
        await operator.starts("one")

        assert (await operator.whose(METRICS_ADDRESS=nowhere).runs("status", "one")).code == 0
