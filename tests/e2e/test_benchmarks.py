"""A dry run of the benchmarks: what they count is exact, and nobody's effect is doubled."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.contenders import CONTENDERS
from benchmarks.report import OURS, report
from benchmarks.rounds import Plan, play
from benchmarks.schedule import Load
from benchmarks.stores import SqliteStore

pytestmark = [pytest.mark.server, pytest.mark.processes, pytest.mark.timeout(300)]

PEERS = ("naive", "bare")
# So slow that nothing comes in one workflow task with something else.
CALM = Load(
    people=2,
    rate_per_s=0.5,
    tap_after_s=2,
    check_s=2,
    review_median_s=4,
    review_sigma=0,
    poll_interval_s=1,
)
PLAN = Plan(phases={"open": CALM}, idle_s=0.1, keeps_store=True)


@pytest.fixture(scope="module")
def told(temporal_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give the report of one round of two people."""
    contenders = [CONTENDERS[name]() for name in (OURS, *PEERS)]
    directory = tmp_path_factory.mktemp("benchmarks")
    played = play(PLAN, SqliteStore(temporal_cli), contenders, directory, say=lambda _: None)
    return report(PLAN, played, seed=CALM.seed, command="")


@pytest.fixture
def phases(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give what was measured, by contender."""
    return {each["contender"]: each["phases"]["open"] for each in told["rounds"]}


class TestDryRun:
    def test_nobody_is_lost_and_nothing_is_done_twice(
        self, phases: dict[str, dict[str, Any]]
    ) -> None:
        names = ("people", "lost", "troubles", "doubled_sessions", "doubled_submissions")

        found = {name: tuple(phase[word] for word in names) for name, phase in phases.items()}

        assert dict.fromkeys((OURS, *PEERS), (2, 0, [], 0, 0)) == found

    def test_an_onboarding_costs_what_its_budget_says(
        self, phases: dict[str, dict[str, Any]]
    ) -> None:
        ours = phases[OURS]

        assert {"OnboardPerson": 45, "Person": 10} == ours["events_by_workflow"]
        assert (55, 16) == (ours["events"], ours["actions"])

    def test_the_floor_is_38_events_and_7_actions(self, phases: dict[str, dict[str, Any]]) -> None:
        assert (38, 7) == (phases["bare"]["events"], phases["bare"]["actions"])

    def test_polling_by_timers_costs_more_events_than_the_floor(
        self, phases: dict[str, dict[str, Any]]
    ) -> None:
        assert phases["naive"]["events"] > phases["bare"]["events"]

    @pytest.mark.parametrize("name", [OURS, *PEERS])
    def test_each_post_is_sent_once_by_everybody(
        self, phases: dict[str, dict[str, Any]], name: str
    ) -> None:
        calls = phases[name]["upstream_calls_by_name"]

        posts = {word: calls[word] for word in ("create_session", "query_group", "submit_assets")}

        assert {"create_session": 1, "query_group": 1, "submit_assets": 1} == posts

    def test_latencies_come_from_the_upstreams_own_stamps(
        self, phases: dict[str, dict[str, Any]]
    ) -> None:
        assert all(phase["callback_to_call_p50_ms"] > 0 for phase in phases.values())
        assert all(phase["review_lag_mean_s"] >= 0 for phase in phases.values())

    def test_ours_is_told_as_a_ratio_to_each_peer(self, told: dict[str, Any]) -> None:
        ratios = told["ratios"]["open"]

        assert set(PEERS) == ratios.keys()
        assert all("server_cpu_ms" in figures for figures in ratios.values())
