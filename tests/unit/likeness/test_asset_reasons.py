"""Every reason of a refusal says what to do about it."""

import pytest

from likeness.asset_reasons import GENERAL, AssetReason, advice_on


class TestAdvice:
    @pytest.mark.parametrize("reason", AssetReason)
    def test_each_word_of_ours_has_its_own(self, reason: AssetReason) -> None:
        assert GENERAL != advice_on(reason)

    @pytest.mark.parametrize(
        "code",
        [
            "DownloadFailed",
            "TypeMismatch",
            "FormatUnsupported",
            "FormatUndetectable",
            "DurationTooShort",
            "DurationTooLong",
            "WidthTooSmall",
            "WidthTooLarge",
            "HeightTooSmall",
            "HeightTooLarge",
            "AspectRatioTooSmall",
            "AspectRatioTooLarge",
            "FileSizeTooLarge",
            "PixelCountTooSmall",
            "PixelCountTooLarge",
            "FpsTooLow",
            "FpsTooHigh",
            "AudioTrackRequired",
            "AudioTrackForbidden",
            "ContentRestricted",
            "InputTextSensitiveContentDetected",
            "InputImageSensitiveContentDetected",
            "InputVideoSensitiveContentDetected",
            "InputAudioSensitiveContentDetected",
            "FaceMismatch",
            "TranscodingFailed",
        ],
    )
    def test_each_code_of_the_provider_has_its_own(self, code: str) -> None:
        assert GENERAL != advice_on(code)

    def test_a_word_nobody_knows_gets_a_general_one(self) -> None:
        assert GENERAL == advice_on("SomethingNew")

    @pytest.mark.parametrize("reason", [*AssetReason, "FaceMismatch", "SomethingNew"])
    def test_it_is_one_sentence(self, reason: str) -> None:
        advice = advice_on(reason)

        assert advice.endswith(".")
        assert ". " not in advice
