"""Fetch pages as a phone's browser does: own cookies, every hop by hand, a browser's headers."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode, urljoin, urlsplit

import httpx

from simulator.person.page import Button, Form, Page, origin_of, read_page

USER_AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
MOST_HOPS = 10
REQUEST_TIMEOUT_S = 30
RETRY_S = 0.3
SEE_OTHER = 303
FARTHER = ("same-origin", "same-site", "cross-site")
REDIRECTS = (301, 302, SEE_OTHER, 307, 308)


class JourneyError(Exception):
    """The journey did not end as meant; the message is one sentence without any secret."""


class OutOfTimeError(JourneyError):
    """The time given for the journey is over."""


class ConnectionLostError(JourneyError):
    """A form was sent and the connection was lost before an answer."""


@dataclass(frozen=True)
class Step:
    """One request to make. `site` is what Sec-Fetch-Site says of it."""

    method: str
    url: str
    site: str = "none"
    body: str | None = None
    origin: str | None = None
    referrer: str | None = None
    form_action: tuple[str, ...] | None = None
    form_origin: str = ""


class Browser:
    """One browser with its own cookies. `deadline` is on time.monotonic's clock.

    `say` is told once, by its host alone, of a server that nobody reaches yet.
    """

    def __init__(self, *, deadline: float, say: Callable[[str], None]) -> None:
        self.deadline = deadline
        self._say = say
        self._waits_for: str | None = None
        self._http = httpx.Client(
            follow_redirects=False,
            trust_env=False,
            timeout=REQUEST_TIMEOUT_S,
            headers={
                "User-Agent": USER_AGENT,
                "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
                "Accept-Language": "en",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
                "Upgrade-Insecure-Requests": "1",
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def second_tab(self) -> "Browser":
        """Return another browser that begins with the same cookies."""
        tab = Browser(deadline=self.deadline, say=self._say)
        tab._http.cookies.update(self._http.cookies)
        return tab

    def time_left_s(self) -> float:
        """Return the seconds until the deadline."""
        return self.deadline - time.monotonic()

    def wait(self, seconds: float) -> None:
        """Wait; raise JourneyError where that would pass the deadline."""
        if seconds >= self.time_left_s():
            raise OutOfTimeError("the time given for the journey was over")
        time.sleep(seconds)

    def open(self, url: str, *, came_from: Page | None = None) -> Page:
        """Open a URL as typed, or as a page's own refresh leads there."""
        if came_from is None:
            return self._follow(Step("GET", url))
        return self._follow(Step("GET", url, site=_site(came_from.url, url)))

    def submit(self, page: Page, form: Form, *, button: Button | None = None) -> Page:
        """Submit a form with every required box ticked, and follow where it leads."""
        return self._follow(_submission(page, form, button=button))

    def submit_and_close(self, page: Page, form: Form, *, button: Button) -> None:
        """Submit a form and close the tab before the answer's redirect is followed."""
        self._fetch(_submission(page, form, button=button))

    def _follow(self, step: Step) -> Page:
        for _ in range(MOST_HOPS):
            response = self._fetch(step)
            location = response.headers.get("location")
            if response.status_code not in REDIRECTS or location is None:
                headers = dict(response.headers.items())
                status = response.status_code
                return read_page(step.url, status, headers=headers, html=response.text)
            step = _redirected(step, response.status_code, target=urljoin(step.url, location))
        raise JourneyError(f"more than {MOST_HOPS} redirects followed each other")

    def _fetch(self, step: Step) -> httpx.Response:
        while True:
            try:
                return self._http.request(
                    step.method, step.url, content=step.body, headers=_headers(step)
                )
            except httpx.TransportError as lost:
                # Only what surely never left, or changes nothing, is sent again.
                if step.method != "GET" and not isinstance(lost, httpx.ConnectError):
                    raise ConnectionLostError(
                        "the connection was lost after a form was sent"
                    ) from None
                if isinstance(lost, httpx.ConnectError):
                    self._tell_of_waiting(urlsplit(step.url).hostname or "the server")
            self.wait(RETRY_S)

    def _tell_of_waiting(self, host: str) -> None:
        if self._waits_for != host:
            self._waits_for = host
            self._say(f"waiting for {host}…")


def _headers(step: Step) -> dict[str, str]:
    headers = {"Sec-Fetch-Site": step.site}
    if step.site != "cross-site":
        headers["Sec-Fetch-User"] = "?1"
    if step.referrer is not None:
        headers["Referer"] = step.referrer
    if step.origin is not None:
        headers["Origin"] = step.origin
    if step.body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    return headers


def _submission(page: Page, form: Form, *, button: Button | None) -> Step:
    pressed = button or next(iter(form.buttons), Button(""))
    pairs = [*form.fields, *form.required_boxes]
    if pressed.name:
        pairs.append((pressed.name, pressed.value))
    target = form.action if pressed.action is None else urljoin(page.url, pressed.action)
    # A page with "no-referrer" makes a browser send `Origin: null`, also to its own origin.
    step = Step(
        form.method,
        target,
        site=_site(page.url, target),
        origin=page.origin if page.sends_referrer else "null",
        referrer=page.url if page.sends_referrer else None,
        form_action=page.form_action,
        form_origin=page.origin,
    )
    if form.method == "GET":
        return replace(step, url=f"{target.partition('?')[0]}?{urlencode(pairs)}", origin=None)
    return replace(step, body=urlencode(pairs))


def _redirected(step: Step, status: int, *, target: str) -> Step:
    if step.form_action is not None and not _allowed(step, target):
        host = urlsplit(target).hostname
        raise JourneyError(f"the page's form-action does not let a form lead to {host}")
    kept = status in (307, 308)
    # One foreign hop taints the rest of the chain; what was typed stays typed.
    site = step.site
    if site != "none":
        site = max(site, _site(step.url, target), key=FARTHER.index)
    moved = replace(step, url=target, site=site)
    return moved if kept else replace(moved, method="GET", body=None, origin=None)


def _allowed(step: Step, target: str) -> bool:
    sources = step.form_action or ()
    return any(_matches(source, target, own_origin=step.form_origin) for source in sources)


def _matches(source: str, target: str, *, own_origin: str) -> bool:
    parts, origin = urlsplit(target), origin_of(target)
    if source == "'self'":
        return origin == own_origin
    scheme, _, host = source.rpartition("://")
    if scheme not in ("", parts.scheme):
        return False
    if host.startswith("*."):
        return (parts.hostname or "").endswith(host[1:])
    return host in ("*", f"{parts.scheme}:", parts.netloc)


def _site(from_url: str, to_url: str) -> str:
    # Ports don't make another site, but hosts do; the simulator needs no public suffixes.
    if origin_of(from_url) == origin_of(to_url):
        return "same-origin"
    same = urlsplit(from_url).hostname == urlsplit(to_url).hostname
    return "same-site" if same else "cross-site"
