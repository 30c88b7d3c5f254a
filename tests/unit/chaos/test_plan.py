"""A seed makes one plan, always the same, and a plan that shows much."""

from collections import Counter

import pytest

from simulator.faults import FaultKind
from simulator.scenario import PRESETS
from tests.chaos.plan import Guest, Mischief, OnAssets, Storm, Verb, digest, plan, planned

RUNS = plan(1, 900)


class TestSeed:
    def test_the_same_one_makes_the_same_plan(self) -> None:
        assert digest(plan(7, 120)) == digest(plan(7, 120))

    def test_another_one_makes_another(self) -> None:
        assert digest(plan(7, 120)) != digest(plan(8, 120))

    def test_a_longer_plan_begins_with_the_shorter_one(self) -> None:
        assert plan(7, 120) == plan(7, 200)[:120]

    def test_a_run_can_be_made_by_itself(self) -> None:
        assert plan(7, 120)[16] == planned(7, 17)

    def test_the_digest_sees_every_run(self) -> None:
        runs = plan(7, 120)
        other = (*runs[:-1], runs[-1].model_copy(update={"deadline_s": 1.0}))

        assert digest(runs) != digest(other)


class TestReach:
    def test_a_third_of_the_runs_loses_its_worker(self) -> None:
        assert 40 == sum(run.kill is not None for run in RUNS[:120])

    def test_temporal_and_web_die_in_some_runs_each(self) -> None:
        blows = Counter(run.blow.what for run in RUNS[:120] if run.blow is not None)

        assert {Storm.TEMPORAL: 4, Storm.WEB: 4} == blows

    def test_every_world_is_played(self) -> None:
        assert set(PRESETS) == {run.preset for run in RUNS}

    def test_every_fault_strikes(self) -> None:
        assert set(FaultKind) == {fault.kind for run in RUNS for fault in run.faults}

    @pytest.mark.parametrize("kinds", [Guest, OnAssets])
    def test_everybody_comes(self, kinds: type[Guest | OnAssets]) -> None:
        assert set(kinds) <= {run.guest for run in RUNS} | {run.on_assets for run in RUNS}

    def test_every_mischief_is_made_and_every_order_given(self) -> None:
        assert set(Mischief) == {each for run in RUNS for each in run.mischief}
        assert set(Verb) == {order.verb for run in RUNS for order in run.orders}

    def test_the_worker_is_killed_on_both_sides_of_every_effect(self) -> None:
        points = {(run.kill.route, run.kill.task_kind, run.kill.when) for run in RUNS if run.kill}

        assert 9 * 2 == len(points)

    def test_every_world_can_be_made(self) -> None:
        assert len(RUNS) == sum(run.scenario is not None for run in RUNS)
