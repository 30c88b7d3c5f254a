"""What the public app is built of."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from runtime.h5_hosts import H5Hosts
from runtime.links import LinkSealer
from runtime.receipts import ReceiptSigner
from web.branding import Brand
from web.consent import ConsentTexts, load_consent_texts
from web.forms import FormSeals
from web.onboardings import Onboardings
from web.people import People
from web.rendering import Renderer
from web.tally import Tally
from web.videos import Videos

OPEN_WITHIN_S = 8.0
"""How long the POST of a tap waits before the "preparing" page goes on waiting."""


@dataclass(frozen=True, kw_only=True)
class PublicDeps:
    """Everything that a route needs.

    ``clock`` gives unix seconds; ``steady_clock`` seconds since whenever, and nobody can set it.
    """

    onboardings: Onboardings
    people: People
    videos: Videos
    links: LinkSealer
    forms: FormSeals
    receipts: ReceiptSigner
    h5_hosts: H5Hosts
    token_ttl_s: float
    base_url: str
    brand: Brand = field(default_factory=Brand)
    tally: Tally = field(default_factory=Tally)
    consent_texts: ConsentTexts = field(default_factory=load_consent_texts)
    clock: Callable[[], float] = time.time
    steady_clock: Callable[[], float] = time.monotonic
    open_within_s: float = OPEN_WITHIN_S

    @property
    def path(self) -> str:
        """Give the path that our addresses begin with behind a gateway; empty as a rule."""
        return urlsplit(self.base_url).path

    @property
    def https(self) -> bool:
        """Tell whether browsers reach us by https."""
        return self.base_url.startswith("https://")

    @property
    def renderer(self) -> Renderer:
        """Give what turns pages into responses."""
        return Renderer(brand=self.brand, https=self.https, path=self.path)
