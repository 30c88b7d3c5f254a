"""What an idle store spends is charged to nobody, and nobody is charged less than nothing."""

from benchmarks.idling import least_idle_ms_per_s, net_cpu_ms

NOTHING = {"server": 0.0, "database": 0.0, "app": 0.0}


class TestLeastIdle:
    def test_is_the_least_of_all_rounds(self) -> None:
        rounds = [{"server_idle_cpu_ms_per_s": ms} for ms in (500.0, 4.0, 6.0)]

        assert NOTHING | {"server": 4.0} == least_idle_ms_per_s(rounds)

    def test_is_not_told_by_a_round_in_which_nobody_looked(self) -> None:
        rounds = [{"server_idle_cpu_ms_per_s": 4.0}, {}]

        assert NOTHING | {"server": 4.0} == least_idle_ms_per_s(rounds)


class TestNetCpu:
    def test_is_less_by_what_the_store_would_have_spent_in_the_same_time(self) -> None:
        figures = {"people": 10, "took_s": 20.0, "server_cpu_ms": 100.0, "app_cpu_ms": 30.0}

        found = net_cpu_ms(figures, NOTHING | {"server": 5.0})

        assert {"server": 90.0, "database": 0.0, "app": 30.0} == found

    def test_is_never_below_nothing(self) -> None:
        figures = {"people": 1, "took_s": 20.0, "server_cpu_ms": 10.0}

        assert NOTHING == net_cpu_ms(figures, NOTHING | {"server": 5.0})
