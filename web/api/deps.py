"""What the API is built of."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from temporalio.client import Client

from likeness.messages.onboarding import OnboardingPolicy, OnboardingRequest
from runtime.links import LinkSealer
from web.api.callers import Admit


@dataclass(frozen=True, kw_only=True)
class ApiDeps:
    """Everything that a route needs.

    ``admit`` is asked before a route is entered, and again while a stream goes on.
    ``client(within_s)`` gives a checked connection or raises ``TemporalAwayError``. ``preflight``
    looks at a new onboarding's addresses and raises ``ProblemError`` where the review would surely
    refuse an asset, or the webhook could never be delivered. ``leaving`` is set when the process
    stops, so that streams end at once.
    """

    admit: Admit
    client: Callable[[float], Awaitable[Client]]
    links: LinkSealer
    base_url: str
    task_queue: str
    policy: OnboardingPolicy
    preflight: Callable[[OnboardingRequest], Awaitable[None]]
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
