"""A public app over runs that are pretended in memory, and a client for it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from runtime.h5_hosts import H5Hosts
from runtime.links import LinkSealer
from runtime.receipts import ReceiptSigner
from tests.unit.web.pretended import (
    INVITE,
    LINK_KEYS,
    NOW,
    Clock,
    PretendedPeople,
    PretendedRuns,
    PretendedVideos,
    minted,
)
from web.deps import PublicDeps
from web.forms import FormSeals
from web.public import public_app


@pytest.fixture
def runs() -> PretendedRuns:
    return PretendedRuns()


@pytest.fixture
def people() -> PretendedPeople:
    return PretendedPeople()


@pytest.fixture
def videos() -> PretendedVideos:
    return PretendedVideos()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def steady_clock() -> Clock:
    """The one that nobody can set."""
    return Clock()


@pytest.fixture
def links() -> LinkSealer:
    return LinkSealer.of(LINK_KEYS)


@pytest.fixture
def deps(
    runs: PretendedRuns,
    people: PretendedPeople,
    videos: PretendedVideos,
    *,
    clock: Clock,
    steady_clock: Clock,
    links: LinkSealer,
) -> PublicDeps:
    return PublicDeps(
        onboardings=runs,
        people=people,
        videos=videos,
        links=links,
        forms=FormSeals.of(LINK_KEYS),
        receipts=ReceiptSigner.of(LINK_KEYS),
        h5_hosts=H5Hosts.of(["h5.example", "http://127.0.0.1:9000"]),
        token_ttl_s=1800,
        base_url="https://likeness.example",
        clock=clock,
        steady_clock=steady_clock,
    )


@pytest.fixture
async def client(deps: PublicDeps) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=public_app(deps))
    async with httpx.AsyncClient(transport=transport, base_url="https://likeness.example") as it:
        yield it


@pytest.fixture
def invite(links: LinkSealer) -> str:
    """Path of a good invite page."""
    return f"/i/{links.seal_invite(INVITE)}"


@pytest.fixture
def callback(links: LinkSealer) -> str:
    """Path of a good callback, minted a minute ago."""
    return f"/callback/{links.seal_callback(minted(NOW - 60))}"
