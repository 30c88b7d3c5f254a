"""What the provider takes, as its pages say; where they are unclear, the more generous reading.

Whatever passes here is still reviewed there: only what is surely refused must not be sent.
https://docs.apimart.ai/en/api-reference/videos/doubao-seedance-2-0/private-avatar
https://docs.byteplus.com/en/docs/ModelArk/2333589
"""

from likeness.asset_reasons import AssetReason
from likeness.messages.onboarding import AssetKind
from outbound.media import Media

MEBI = 1024**2

MAX_BYTES = {AssetKind.IMAGE: 30 * MEBI, AssetKind.VIDEO: 200 * MEBI}
MIN_SIDE_PX = 300
MAX_SIDE_PX = 6000
MIN_VIDEO_PX = 400_000
"""The pages say "about 408k": 854 x 480 less what encoders cut off."""

MAX_VIDEO_PX = 8_400_000
"""3840 x 2160, which the pages round to 8.3M."""

MAX_RATIO = 2.5
"""Of the longer side to the shorter one: 0.4 to 2.5 is the same either way round."""

MIN_DURATION_S = 2.0
MAX_DURATION_S = 30.0
"""The library's; a model may want 15, which is for its own order to say."""

DURATION_SLACK_S = 0.1
"""A clip cut at two seconds has a frame more or less."""


def unfit(media: Media | None, kind: AssetKind, *, total_bytes: int | None) -> AssetReason | None:
    """Tell why a file is surely refused by the provider; None where nothing speaks against it."""
    if media is None:
        return AssetReason.NOT_MEDIA
    if media.kind is not kind:
        return AssetReason.WRONG_KIND
    if total_bytes is not None and total_bytes > MAX_BYTES[kind]:
        return AssetReason.TOO_MANY_BYTES
    return _unfit_sides(media) or _unfit_duration(media.duration_s)


def _unfit_sides(media: Media) -> AssetReason | None:
    if media.width is None or media.height is None:
        return None
    shorter, longer = sorted((media.width, media.height))
    if longer / shorter > MAX_RATIO:
        return AssetReason.RATIO_OUT_OF_RANGE
    if media.kind is AssetKind.IMAGE:
        too_few, too_many = shorter < MIN_SIDE_PX, longer > MAX_SIDE_PX
    else:
        pixels = shorter * longer
        too_few, too_many = pixels < MIN_VIDEO_PX, pixels > MAX_VIDEO_PX
    if too_few:
        return AssetReason.TOO_FEW_PIXELS
    return AssetReason.TOO_MANY_PIXELS if too_many else None


def _unfit_duration(duration_s: float | None) -> AssetReason | None:
    if duration_s is None:
        return None
    if duration_s < MIN_DURATION_S - DURATION_SLACK_S:
        return AssetReason.TOO_SHORT
    return AssetReason.TOO_LONG if duration_s > MAX_DURATION_S + DURATION_SLACK_S else None
