"""How long reviews take where they differ: the same portrait waits as long in every world."""

import hashlib
import math
from pathlib import PurePosixPath
from statistics import NormalDist
from urllib.parse import urlsplit

_STANDARD = NormalDist()
_STEPS = 2**64


def spread_seconds(median_s: float, *, sigma: float, seed: int, asset_url: str) -> float:
    """Give one review's duration (seconds): lognormal around its median, chosen by seed and name.

    Args:
        median_s: What half of the reviews stay below.
        sigma: Standard deviation of the duration's logarithm; 0 makes all take the median.
        seed: Another one gives every portrait another duration.
        asset_url: Of its first asset; only the file's name without suffix counts.

    """
    if sigma == 0:
        return median_s
    name = PurePosixPath(urlsplit(asset_url).path).stem
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    share = (int.from_bytes(digest[:8]) + 0.5) / _STEPS
    return median_s * math.exp(sigma * _STANDARD.inv_cdf(min(share, 1 - 1e-12)))
