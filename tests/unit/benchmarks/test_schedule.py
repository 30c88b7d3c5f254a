"""One crowd for everybody: the same for a seed, late steps or not."""

from dataclasses import replace

from benchmarks.schedule import Load, schedule
from simulator.durations import spread_seconds

LOAD = Load(people=50, rate_per_s=2.0, seed=7)


class TestSchedule:
    def test_it_is_the_same_for_a_seed(self) -> None:
        assert schedule(LOAD) == schedule(LOAD)

    def test_another_seed_is_another_crowd(self) -> None:
        assert schedule(LOAD) != schedule(replace(LOAD, seed=8))

    def test_people_arrive_one_after_the_other_at_the_rate(self) -> None:
        arrivals = [visit.arrives_at_s for visit in schedule(replace(LOAD, people=2000))]

        assert sorted(arrivals) == arrivals
        assert 2.0 == round(2000 / arrivals[-1], 1)

    def test_without_a_rate_all_come_at_once(self) -> None:
        visits = schedule(replace(LOAD, rate_per_s=None))

        assert {0.0} == {visit.arrives_at_s for visit in visits}

    def test_the_simulator_takes_as_long_for_a_person_as_the_schedule_says(self) -> None:
        told = LOAD.scenario()

        takes = [
            spread_seconds(
                told["review_seconds"],
                sigma=told["review_sigma"],
                seed=told["review_seed"],
                asset_url=f"http://127.0.0.1:9/portraits/{visit.person}.jpg",
            )
            for visit in schedule(LOAD)
        ]

        assert [visit.review_s for visit in schedule(LOAD)] == takes

    def test_a_scale_shortens_pauses_reviews_and_polls_alike(self) -> None:
        real, quick = schedule(LOAD), schedule(replace(LOAD, scale=0.1))

        assert [round(visit.tap_after_s / 10, 9) for visit in real] == [
            round(visit.tap_after_s, 9) for visit in quick
        ]
        assert [round(visit.review_s / 10, 9) for visit in real] == [
            round(visit.review_s, 9) for visit in quick
        ]
        assert 0.5 == replace(LOAD, scale=0.1).scaled_poll_s
