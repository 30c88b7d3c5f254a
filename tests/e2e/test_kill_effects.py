"""The worker dies once under a crowd: nobody is lost, and nothing was done twice."""

from pathlib import Path

import pytest

from benchmarks.kill_effects import Effects, Moment, kill_effects
from benchmarks.likeness_contender import Likeness
from benchmarks.stores import SqliteStore

PEOPLE = 8
SEEDS = {"create_session": 4, "submit_assets": 1}
PATIENCE_S = 700

pytestmark = [
    pytest.mark.server,
    pytest.mark.processes,
    pytest.mark.timeout(PATIENCE_S),
]


@pytest.fixture(scope="module")
def deaths(temporal_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Effects]:
    directory = tmp_path_factory.mktemp("kill-effects")
    with SqliteStore(temporal_cli).running(directory / "store") as store:
        effects = kill_effects(Likeness(), store, directory, people=PEOPLE, seeds=SEEDS.values())
    return {each.moment.route: each for each in effects}


@pytest.mark.parametrize("route", SEEDS)
class TestADeathUnderACrowd:
    def test_is_at_the_moment_that_the_seed_says(
        self, deaths: dict[str, Effects], route: str
    ) -> None:
        assert Moment.of(SEEDS[route], PEOPLE) == deaths[route].moment

    def test_loses_nobody(self, deaths: dict[str, Effects], route: str) -> None:
        told = deaths[route]

        assert 0 == told.lost, told
        assert PEOPLE == told.finished + told.held

    def test_has_no_session_made_that_nobody_asked_for(
        self, deaths: dict[str, Effects], route: str
    ) -> None:
        assert 0 == deaths[route].doubled_sessions, deaths[route]

    def test_has_no_asset_submitted_twice(self, deaths: dict[str, Effects], route: str) -> None:
        assert 0 == deaths[route].doubled_submissions, deaths[route]
