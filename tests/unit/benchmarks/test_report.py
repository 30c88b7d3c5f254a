"""Ratios are made round by round, never out of medians."""

from typing import Any

from benchmarks.picture import Cost
from benchmarks.report import report, table
from benchmarks.rounds import Plan, Played, Round
from benchmarks.schedule import Load

PLAN = Plan(phases={"open": Load(people=10, rate_per_s=1)}, rounds=3)


def measured(contender: str, number: int, **figures: Any) -> Round:
    return Round(
        contender=contender,
        round=number,
        phases={"open": {"people": 10, "took_s": 20.0, "troubles": [], **figures}},
    )


def told(*rounds: Round) -> dict[str, Any]:
    played = Played(store={"name": "postgresql", "fsync": "on"}, rounds=list(rounds))
    return report(PLAN, played, seed=3, command="python -m benchmarks run")


ROUNDS = (
    measured("likeness", 1, server_cpu_ms=10.0, server_idle_cpu_ms_per_s=2.0),
    measured("naive", 1, server_cpu_ms=40.0),
    measured("naive", 2, server_cpu_ms=90.0),
    measured("likeness", 2, server_cpu_ms=30.0),
    measured("likeness", 3, server_cpu_ms=20.0),
    measured("naive", 3, server_cpu_ms=20.0),
)


class TestReport:
    def test_ours_is_divided_by_the_peers_of_the_same_round(self) -> None:
        found = told(*ROUNDS)["ratios"]["open"]["naive"]["server_cpu_ms"]

        assert [0.25, 0.3333, 1.0] == found["rounds"]
        assert (0.3333, 0.25, 1.0) == (found["median"], found["min"], found["max"])

    def test_a_round_that_only_one_of_them_played_gives_no_ratio(self) -> None:
        found = told(*ROUNDS[:3])["ratios"]["open"]["naive"]["server_cpu_ms"]

        assert [0.25] == found["rounds"]

    def test_what_a_peer_does_not_have_is_not_divided(self) -> None:
        found = told(measured("likeness", 1, events=46), measured("dbos", 1))

        assert "events" not in found["ratios"]["open"]["dbos"]

    def test_the_idle_stores_part_is_left_out_of_the_net_cost(self) -> None:
        figures = told(*ROUNDS[:2])["figures"]["open"]["likeness"]

        assert 10.0 == figures["whole_cpu_ms"]["median"]
        assert 10.0 - 2.0 * 20 / 10 == figures["whole_net_cpu_ms"]["median"]

    def test_what_is_net_is_the_same_in_the_picture(self) -> None:
        report = told(*ROUNDS)

        found = {
            name: figures["whole_net_cpu_ms"]["median"]
            for name, figures in report["figures"]["open"].items()
        }

        assert {n: Cost.of(report, n, "open").total_ms for n in ("likeness", "naive")} == found

    def test_it_says_what_it_was_measured_with(self) -> None:
        found = told(*ROUNDS)

        assert (3, "on") == (found["seed"], found["store"]["fsync"])
        assert {"python", "temporalio", "dbos"} <= found["versions"].keys()
        assert "1/likeness" == found["order"][0]

    def test_the_table_has_a_column_for_each_contender(self) -> None:
        shown = table(told(*ROUNDS), "open")

        assert ["figure", "likeness", "naive"] == [column.header for column in shown.columns]
