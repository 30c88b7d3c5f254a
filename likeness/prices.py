"""What a video costs at most, by our own estimate; what it did cost is the upstream's to say.

Prices drift, so none of this is ever taken for a bill.
"""

from collections.abc import Mapping

# USD a second on 2026-09-26: https://github.com/apimart-api-ai-Aggregator/seedance-2.0-api
# (data/model.json); the face models' are from a public client of August 2026.
_PLAIN = {"480p": 0.066, "720p": 0.142, "1080p": 0.3544, "4k": 0.722}
_FACE = {"480p": 0.0992, "720p": 0.2136, "1080p": 0.5}
# With reference videos the seconds of these are billed too, at a lower price.
_PLAIN_REFERRING = {"480p": 0.04, "720p": 0.08584, "1080p": 0.21568, "4k": 0.44432}
_FACE_REFERRING = {"480p": 0.06, "720p": 0.1288, "1080p": 0.3}

LONGEST_REFERENCE_S = 15.2
"""All reference videos together are shorter.

https://docs.apimart.ai/en/api-reference/videos/doubao-seedance-2-0/generation
"""

_KNOWN_PLAIN = frozenset(
    f"{prefix}seedance-2.0{kind}" for prefix in ("", "doubao-") for kind in ("", "-fast", "-mini")
)


def usd_at_most(model: str, *, resolution: str, duration_s: int, reference_videos: bool) -> float:
    """Give an upper bound in USD; a model or resolution nobody knows is taken for the dearest."""
    price = _dearest(model, resolution, _PLAIN, _FACE) * duration_s
    if reference_videos:
        rate = _dearest(model, resolution, _PLAIN_REFERRING, _FACE_REFERRING)
        price = max(price, rate * (duration_s + LONGEST_REFERENCE_S))
    return round(price, 4)


def _dearest(
    model: str, resolution: str, plain: Mapping[str, float], face: Mapping[str, float]
) -> float:
    tables = [plain] if model in _KNOWN_PLAIN else [plain, face]
    known = [table[resolution] for table in tables if resolution in table]
    return max(known or [price for table in tables for price in table.values()])
