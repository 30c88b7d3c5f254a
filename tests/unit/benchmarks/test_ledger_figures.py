"""What a ledger tells of a drive: calls, doubled and lost effects, how late a contender was."""

from typing import Any

import pytest

from benchmarks.driving import Drive, Journey
from benchmarks.ledger_figures import figures
from benchmarks.schedule import Visit
from simulator.ledger import fingerprint

UPSTREAM = "http://127.0.0.1:9"
ASSET = fingerprint(f"{UPSTREAM}/portraits/ann.jpg")


def entry(at: float, kind: str, name: str, task_id: str | None = None, /, **detail: Any) -> Any:
    return {"at": at, "kind": kind, "name": name, "task_id": task_id, "detail": detail}


def ann(**known: Any) -> Journey:
    visit = Visit(person="ann", arrives_at_s=0, tap_after_s=0, check_s=0, review_s=10)
    return Journey(visit=visit, planned_at=0, **known)


STORY = (
    entry(1, "call", "create_session"),
    entry(1, "effect", "session_created", token="t"),
    entry(2, "call", "get_task", "task_s", kind="session"),
    entry(5.25, "call", "query_group", token="t"),
    entry(6, "call", "submit_assets"),
    entry(6, "effect", "assets_submitted", "task_r", asset_urls=[ASSET]),
    entry(11, "call", "get_task", "task_r", kind="review"),
    entry(17, "call", "get_task", "task_r", kind="review"),
)


@pytest.fixture
def drive() -> Drive:
    journey = ann(token="t", back_planned_at=5.0, usable=True, ended_at=18.0)
    return Drive(began_at=0, took_s=18, journeys=(journey,))


def told(entries: Any, drive: Drive) -> dict[str, Any]:
    return figures(entries, drive, upstream_url=UPSTREAM)


class TestFigures:
    def test_calls_are_counted_by_what_they_ask(self, drive: Drive) -> None:
        found = told(STORY, drive)

        assert 6 == found["upstream_calls"]
        assert {
            "create_session": 1,
            "get_task/review": 2,
            "get_task/session": 1,
            "query_group": 1,
            "submit_assets": 1,
        } == found["upstream_calls_by_name"]

    def test_the_way_from_callback_to_call_counts_from_the_planned_moment(
        self, drive: Drive
    ) -> None:
        assert 250 == told(STORY, drive)["callback_to_call_p50_ms"]

    def test_a_review_is_late_from_its_end_to_the_look_that_sees_it(self, drive: Drive) -> None:
        assert 1 == told(STORY, drive)["review_lag_mean_s"]

    def test_nothing_is_doubled_in_a_plain_story(self, drive: Drive) -> None:
        found = told(STORY, drive)

        assert (0, 0) == (found["doubled_sessions"], found["doubled_submissions"])

    def test_a_second_submission_of_an_asset_is_a_doubled_effect(self, drive: Drive) -> None:
        again = entry(7, "effect", "assets_submitted", "task_q", asset_urls=[ASSET])

        assert 1 == told((*STORY, again), drive)["doubled_submissions"]

    def test_a_second_session_of_a_person_is_a_doubled_effect(self, drive: Drive) -> None:
        again = entry(3, "effect", "session_created", token="u")

        assert 1 == told((*STORY, again), drive)["doubled_sessions"]


class TestDrive:
    def test_only_who_ended_well_counts_as_onboarded(self) -> None:
        lost = ann(trouble="TimeoutError")
        drive = Drive(began_at=10, took_s=9, journeys=(ann(usable=True, ended_at=12.0), lost))

        assert 0.5 == drive.per_s
