"""Why a check claims not to have passed: words for the person, never a proof of anything.

The provider publishes no table for this flow. The codes are those of its sibling product:
https://www.volcengine.com/docs/6973/152544
"""

from enum import StrEnum

_PROVIDERS_OWN = range(50200, 50600)


class Why(StrEnum):
    """A reason in one word, as the page's address carries it."""

    INTERRUPTED = "interrupted"
    LIVENESS = "liveness"
    CLOSED = "closed"
    TOO_MANY = "too_many"
    CAMERA = "camera"
    ANOTHER_FACE = "another_face"
    NO_FACE = "no_face"
    PROVIDER = "provider"

    @classmethod
    def of(cls, result_code: int | None) -> "Why | None":
        """Give the word for a callback's code; None for a pass and for codes nobody has told of."""
        if result_code is None:
            return None
        if result_code in _PROVIDERS_OWN:
            return cls.PROVIDER
        return _BY_CODE.get(result_code)

    @classmethod
    def parsed(cls, text: str | None) -> "Why | None":
        """Read the word back; None for anything that is none of ours."""
        return next((why for why in cls if why == text), None)


_BY_CODE = {
    -1002: Why.INTERRUPTED,
    -1003: Why.LIVENESS,
    -1006: Why.CLOSED,
    -1101: Why.TOO_MANY,
    -3003: Why.CAMERA,
    -5021: Why.ANOTHER_FACE,
    60102: Why.NO_FACE,
}
