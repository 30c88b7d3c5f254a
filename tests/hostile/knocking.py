"""Knocks at the public app with forged tokens; the runs behind it are pretended in memory."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx

from runtime.h5_hosts import H5Hosts
from runtime.links import LinkSealer
from runtime.receipts import ReceiptSigner
from tests.hostile.tokens import READ_KEYS, Forgery
from tests.unit.web.pretended import PretendedPeople, PretendedRuns, PretendedVideos
from web.deps import PublicDeps
from web.forms import FormSeals
from web.public import public_app

PATHS = {
    "invite": (
        ("GET", "/i/{token}"),
        ("GET", "/i/{token}/again"),
        ("GET", "/i/{token}/decline"),
        ("GET", "/i/{token}/receipt"),
        ("POST", "/i/{token}/start"),
        ("POST", "/i/{token}/finished"),
        ("POST", "/i/{token}/withdraw"),
    ),
    "video": (("POST", "/webhook/{token}/callback"),),
    "callback": (("GET", "/callback/{token}?resultCode=10000"), ("POST", "/callback/{token}")),
    "cursor": (),
}
"""By the door of ``tokens.DOORS`` whose tokens are asked for there; cursors by callers alone."""


@dataclass
class Knocks:
    """What became of them: answers by status and body, and every call to the runs behind."""

    answers: Counter[tuple[int, str]] = field(default_factory=Counter)
    calls: list[str] = field(default_factory=list)


async def knock(forgeries: Iterable[Forgery]) -> Knocks:
    """Bring each forgery to one of the paths it is not good at, all of them in turn."""
    runs, people, videos = PretendedRuns(), PretendedPeople(), PretendedVideos()
    knocks = Knocks()
    app = public_app(pretended_deps(runs, people, videos))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://likeness.example") as it:
        for number, forgery in enumerate(forgeries):
            paths = [
                path for door, some in PATHS.items() if door != forgery.good_at for path in some
            ]
            method, path = paths[number % len(paths)]
            address = path.format(token=quote(forgery.text, safe=""))
            answer = await it.request(method, address)
            knocks.answers[answer.status_code, answer.text] += 1
    knocks.calls = [*runs.calls, *people.calls, *videos.hinted]
    return knocks


def pretended_deps(
    runs: PretendedRuns, people: PretendedPeople, videos: PretendedVideos
) -> PublicDeps:
    """Give what the public app is built of, under the keys that forged tokens meet."""
    return PublicDeps(
        onboardings=runs,
        people=people,
        videos=videos,
        links=LinkSealer.of(READ_KEYS),
        forms=FormSeals.of(READ_KEYS),
        receipts=ReceiptSigner.of(READ_KEYS),
        h5_hosts=H5Hosts.of(["h5.example"]),
        token_ttl_s=1800,
        base_url="https://likeness.example",
    )
