"""What a kill has cost is counted from the upstream's ledger."""

from typing import Any

from benchmarks.figures import recovery


def submitted(group_id: str, at: float = 0) -> dict[str, Any]:
    detail = {"group_id": group_id}
    name, task_id = "assets_submitted", f"task-{group_id}-{at}"
    return {"kind": "effect", "name": name, "task_id": task_id, "at": at, "detail": detail}


def read(task_id: str, at: float) -> dict[str, Any]:
    return {"kind": "call", "name": "get_task", "task_id": task_id, "at": at, "detail": {}}


class TestEffects:
    def test_who_was_submitted_twice_is_doubled_and_who_never_was_is_lost(self) -> None:
        effects = recovery._effects([submitted("a"), submitted("a"), submitted("b")])

        people = effects["people"]
        assert (1, people - 2) == (effects["doubled_submissions"], effects["lost"])


class TestReviewsResumed:
    def test_a_review_under_way_is_resumed_by_the_first_read_after_the_kill(self) -> None:
        entries = [
            *(submitted("a", 1), submitted("late", 11)),
            *(read("task-a-1", 2), read("task-a-1", 14), read("task-a-1", 19)),
        ]

        assert [4.0] == recovery._reviews_resumed(entries, 10.0)
