"""Runs outlive deploys: the code of today goes on with every run of yesterday."""

import pytest
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from likeness.temporal.plugin import likeness_plugin
from tests.replay.archive import RECORDING_KEY, Recorded, recorded
from tests.replay.twins import BrokenOnboardPerson
from worker import WORKFLOWS
from workflows.onboard_person import OnboardPerson

EVERY = list(recorded())


def replayer(namespace: str, workflows: list[type]) -> Replayer:
    return Replayer(
        workflows=workflows,
        namespace=namespace,
        plugins=[likeness_plugin(RECORDING_KEY, namespace=namespace)],
    )


class TestReplay:
    @pytest.mark.parametrize("run", EVERY, ids=lambda run: run.label)
    async def test_a_released_history_replays_on_the_code_of_today(self, run: Recorded) -> None:
        await replayer(run.namespace, list(WORKFLOWS)).replay_workflow(run.history)

    def test_there_are_histories_at_all(self) -> None:
        assert EVERY

    async def test_a_careless_change_is_noticed(self) -> None:
        run = next(
            run
            for run in EVERY
            if run.path == "one_asset" and run.history.workflow_id.count("/") == 2
        )
        twins = [each for each in WORKFLOWS if each is not OnboardPerson]

        with pytest.raises(NondeterminismError):
            await replayer(run.namespace, [BrokenOnboardPerson, *twins]).replay_workflow(
                run.history
            )
