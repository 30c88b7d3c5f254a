"""What the code does now is what the committed histories say, path by path."""

import pytest

from tests.replay.archive import current_version, histories_of, recorded
from tests.replay.commands import LESSON, commands_of, difference, fingerprint
from tests.replay.paths import PATHS, Path
from tests.workflows.conftest import Journey

STEADY = [path for path in PATHS.values() if path.steady]


def known_orders(path: str, workflow_id: str) -> dict[str, tuple[str, ...]]:
    """Give the committed orders of a path's run by fingerprint; ids differ by the onboarding."""
    role = workflow_id.split("/")[3:] or [""]
    return {
        fingerprint(commands): commands
        for each in recorded()
        if each.path == path and (each.history.workflow_id.split("/")[3:] or [""]) == role
        for commands in [commands_of(each.history)]
    }


class TestEveryPath:
    @pytest.mark.parametrize("name", PATHS)
    def test_has_a_committed_history(self, name: str) -> None:
        assert name in {each.path for each in recorded()}, f"make histories ONLY={name}"

    def test_of_a_committed_history_is_known_by_name(self) -> None:
        assert set(PATHS) >= {each.path for each in recorded()}


class TestTheLesson:
    def test_says_where_the_orders_part_and_how_to_keep_the_old_one(self) -> None:
        known = ("TIMER_STARTED", "MARKER_RECORDED", "ACTIVITY_TASK_SCHEDULED submit_assets")
        now = ("TIMER_STARTED", "ACTIVITY_TASK_SCHEDULED submit_assets", "MARKER_RECORDED")

        said = LESSON.format(path="one_asset", difference=difference(known, now), version="0.1.0")

        assert "after 1 equal commands comes ACTIVITY_TASK_SCHEDULED submit_assets" in said
        assert 'if workflow.patched("say-what-changed"):' in said
        assert "make histories ONLY=one_asset" in said

    def test_an_order_that_only_ends_sooner_is_another_one(self) -> None:
        assert fingerprint(("TIMER_STARTED",)) != fingerprint(("TIMER_STARTED", "MARKER_RECORDED"))


@pytest.mark.server
class TestTheOrderOfCommands:
    @pytest.mark.parametrize("path", STEADY, ids=lambda path: path.name)
    async def test_is_one_that_is_committed(self, journey: Journey, path: Path) -> None:
        await path.played_by(journey)

        async for history in histories_of(journey.client):
            now = commands_of(history)
            known = known_orders(path.name, history.workflow_id)
            latest = list(known.values())[-1] if known else ()

            assert fingerprint(now) in known, LESSON.format(
                path=path.name,
                difference=difference(latest, now),
                version=current_version(),
            )
