"""From the invitation to the archived video."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from likeness.messages.onboarding import VideoRequest
from likeness.stages import AssetState, Stage, VideoState
from tests.workflows.conftest import Journey

pytestmark = pytest.mark.server

VIDEO = VideoRequest(prompt=SecretStr("Image 1 waves"), duration_s=5)


class TestHappyPath:
    async def test_one_person_gets_an_avatar(self, journey: Journey) -> None:
        await journey.start("a")
        await journey.pass_the_scan()

        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert [AssetState.USABLE] == [asset.state for asset in status.assets]
        assert 1 == journey.count("session_created")
        assert 1 == journey.count("assets_submitted")

    async def test_a_refused_asset_does_not_stop_a_run_with_enough_others(
        self, journey: Journey, tmp_path: Path
    ) -> None:
        await journey.start("a", "refused", "c", min_usable=2, video=VIDEO)
        await journey.pass_the_scan()

        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert [AssetState.USABLE, AssetState.REFUSED, AssetState.USABLE] == [
            asset.state for asset in status.assets
        ]
        assert status.video is not None
        assert VideoState.DONE == status.video.state
        assert status.video.key is not None
        assert status.video.size_bytes == (tmp_path / "archive" / status.video.key).stat().st_size
        assert 1 == journey.count("video_charged")
