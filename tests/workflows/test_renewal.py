"""Long-lived runs of persons begin a new history when a deploy asks them to."""

import asyncio
from pathlib import Path

import pytest
from temporalio.client import Client

from devstack.temporal_server import RunningServer
from likeness.stages import Stage
from tests.workflows.conftest import Journey

pytestmark = pytest.mark.server


async def runs_of(journey: Journey) -> list[str]:
    """Give the run ids of the journey's person, one a history."""
    found = journey.client.list_workflows(f"WorkflowId = '{journey.person.id}'")
    return [run.run_id async for run in found]


class TestRenew:
    async def test_the_operators_one_line_gives_every_person_a_new_history_with_all_they_know(
        self,
        journey: Journey,
        client: Client,
        temporal_cli: Path,
        temporal_server: RunningServer,
    ) -> None:
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.result()
        before = await journey.person_until(lambda state: bool(state.assets))

        while not await runs_of(journey):  # noqa: ASYNC110  # a batch goes by the list, which lags
            await asyncio.sleep(0.1)

        signalling = await asyncio.create_subprocess_exec(
            temporal_cli,
            *("workflow", "signal", "--address", temporal_server.address),
            *("--namespace", client.namespace, "--name", "renew", "--input", "{}"),
            *("--query", "WorkflowType = 'Person' AND ExecutionStatus = 'Running'"),
            *("--reason", "release 2", "--yes"),
        )
        assert 0 == await signalling.wait()
        while len(await runs_of(journey)) < 2:  # noqa: ASYNC110  # the server tells nobody
            await asyncio.sleep(0.1)
        after = await journey.person_until(lambda state: bool(state.assets))

        assert before == after
        assert Stage.READY in after.onboardings.values()
