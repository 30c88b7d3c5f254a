"""What the public app is built of."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runtime.h5_hosts import H5Hosts
from runtime.links import LinkSealer
from web.consent import ConsentText, load_consent_texts
from web.forms import FormSeals
from web.onboardings import Onboardings
from web.tally import Tally

OPEN_WITHIN_S = 8.0
"""How long the POST of a tap waits before the "preparing" page goes on waiting."""


@dataclass(frozen=True, kw_only=True)
class PublicDeps:
    """Everything that a route needs; ``clock`` gives unix seconds."""

    onboardings: Onboardings
    links: LinkSealer
    forms: FormSeals
    h5_hosts: H5Hosts
    token_ttl_s: float
    https: bool
    tally: Tally = field(default_factory=Tally)
    consent_texts: Mapping[str, ConsentText] = field(default_factory=load_consent_texts)
    clock: Callable[[], float] = time.time
    open_within_s: float = OPEN_WITHIN_S
