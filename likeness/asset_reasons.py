"""Why an asset was refused, word by word, and what its owner can do about it."""

from enum import StrEnum


class AssetReason(StrEnum):
    """Our own words: what a look at the file has found, and what an operator has decided."""

    ADDRESS_FORBIDDEN = "address_forbidden"
    UNREACHABLE = "unreachable"
    GONE = "gone"
    NOT_MEDIA = "not_media"
    WRONG_KIND = "wrong_kind"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_FEW_PIXELS = "too_few_pixels"
    TOO_MANY_PIXELS = "too_many_pixels"
    RATIO_OUT_OF_RANGE = "ratio_out_of_range"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    GIVEN_UP = "given_up"
    UNSPECIFIED = "unspecified"


GENERAL = "Give another file: sharp, well lit, the person alone and facing the camera."
"""For a word nobody has explained."""

_BIGGER = "Give a file of more pixels, or crop it less."
_SMALLER = "Give the same picture with fewer pixels."
_LIGHTER = "Give a smaller file: fewer pixels, or stronger compression."
_LONGER = "Give a longer clip."
_SHORTER = "Cut the clip shorter."
_SQUARER = "Crop it closer to a square: it is far longer on one side than on the other."
_REACHABLE = (
    "See that the address answers without cookies or a redirect, from the internet, until the "
    "review is over; then give it again."
)
_PLAIN = "Give a plain JPEG or PNG picture, or an MP4 clip."
_OTHER_CONTENT = "Give another file: a rule on content forbids what this one shows or says."

_ADVICE: dict[str, str] = {
    AssetReason.ADDRESS_FORBIDDEN: "Give a public https address: this one leads into a network "
    "that must not be asked.",
    AssetReason.UNREACHABLE: _REACHABLE,
    AssetReason.GONE: "Give an address that lives on until the review is over: this one is dead.",
    AssetReason.NOT_MEDIA: _PLAIN,
    AssetReason.WRONG_KIND: "Name it as what it is, image or video, or give a file of that kind.",
    AssetReason.TOO_MANY_BYTES: _LIGHTER,
    AssetReason.TOO_FEW_PIXELS: _BIGGER,
    AssetReason.TOO_MANY_PIXELS: _SMALLER,
    AssetReason.RATIO_OUT_OF_RANGE: _SQUARER,
    AssetReason.TOO_SHORT: _LONGER,
    AssetReason.TOO_LONG: _SHORTER,
    AssetReason.GIVEN_UP: "An operator went on without it; give it again if it is still wanted.",
    AssetReason.UNSPECIFIED: "The upstream gave no reason, which often means that it could not "
    "fetch the file: see that the address still answers, or give another file.",
    # The provider's own codes.
    "DownloadFailed": _REACHABLE,
    "TypeMismatch": "Name it as what it is, image or video, or give a file of that kind.",
    "FormatUnsupported": _PLAIN,
    "FormatUndetectable": _PLAIN,
    "DurationTooShort": _LONGER,
    "DurationTooLong": _SHORTER,
    "WidthTooSmall": _BIGGER,
    "HeightTooSmall": _BIGGER,
    "WidthTooLarge": _SMALLER,
    "HeightTooLarge": _SMALLER,
    "AspectRatioTooSmall": _SQUARER,
    "AspectRatioTooLarge": _SQUARER,
    "FileSizeTooLarge": _LIGHTER,
    "PixelCountTooSmall": _BIGGER,
    "PixelCountTooLarge": _SMALLER,
    "FpsTooLow": "Give a clip with more frames a second.",
    "FpsTooHigh": "Give a clip with fewer frames a second.",
    "AudioTrackRequired": "Give a clip with sound.",
    "AudioTrackForbidden": "Give the clip without its sound.",
    "ContentRestricted": _OTHER_CONTENT,
    "InputTextSensitiveContentDetected": _OTHER_CONTENT,
    "InputImageSensitiveContentDetected": _OTHER_CONTENT,
    "InputVideoSensitiveContentDetected": _OTHER_CONTENT,
    "InputAudioSensitiveContentDetected": _OTHER_CONTENT,
    "FaceMismatch": "Give a recent frontal picture of the person who went through the check, "
    "alone, the face well lit and large.",
    "TranscodingFailed": "Save the file anew in a common format and give that.",
}


def advice_on(reason: str) -> str:
    """Give the sentence that says what to do about an asset refused with ``reason``."""
    return _ADVICE.get(reason, GENERAL)
