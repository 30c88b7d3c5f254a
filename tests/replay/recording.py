"""`make histories`: plays the paths on the real server and writes what became of each run.

Not collected by itself: a released history is never written again.
"""

import pytest

from tests.replay.archive import Recorded, current_version, forget, histories_of, is_released
from tests.replay.paths import PATHS, Path
from tests.workflows.conftest import Journey

pytestmark = pytest.mark.server


@pytest.mark.parametrize("path", PATHS.values(), ids=lambda path: path.name)
async def test_a_path_is_played_and_kept(journey: Journey, path: Path) -> None:
    version = current_version()
    assert not is_released(version), f"{version} is released: raise the version first"

    await path.played_by(journey)

    forget(path.name, version)
    async for history in histories_of(journey.client):
        Recorded(path.name, version, journey.client.namespace, history).write()
