"""The estimate: never below what the provider's own table comes to."""

import pytest

from likeness.prices import usd_at_most


class TestEstimate:
    @pytest.mark.parametrize(
        ("model", "resolution", "usd"),
        [
            ("doubao-seedance-2.0-face", "720p", 1.068),
            ("seedance-2.0-fast-face", "480p", 0.496),
            ("doubao-seedance-2.0-face", "1080p", 2.5),
            ("doubao-seedance-2.0", "720p", 0.71),
            ("seedance-2.0", "1080p", 1.772),
        ],
    )
    def test_it_is_the_seconds_at_the_published_price(
        self, model: str, resolution: str, usd: float
    ) -> None:
        price = usd_at_most(model, resolution=resolution, duration_s=5, reference_videos=False)

        assert usd == price

    def test_seconds_of_reference_videos_are_billed_too(self) -> None:
        price = usd_at_most(
            "doubao-seedance-2.0-face", resolution="720p", duration_s=4, reference_videos=True
        )

        assert round(0.1288 * (4 + 15.2), 4) == price

    @pytest.mark.parametrize("duration_s", [4, 15])
    def test_a_reference_never_lowers_it(self, duration_s: int) -> None:
        plain, referring = (
            usd_at_most(
                "doubao-seedance-2.0",
                resolution="1080p",
                duration_s=duration_s,
                reference_videos=reference_videos,
            )
            for reference_videos in (False, True)
        )

        assert plain <= referring

    def test_a_model_nobody_knows_is_taken_for_the_dearest(self) -> None:
        price = usd_at_most("seedance-9", resolution="720p", duration_s=10, reference_videos=False)

        assert 2.136 == price

    def test_so_is_a_resolution(self) -> None:
        price = usd_at_most("seedance-2.0", resolution="8k", duration_s=10, reference_videos=False)

        assert 7.22 == price
