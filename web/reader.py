"""Who reads a page: language, kind of device, and how they came to it; all of it only hints."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self
from urllib.parse import urlencode

from starlette.requests import HTTPConnection

from web.advice import Why
from web.translating import Language, negotiated

LANGUAGE = "lang"
"""Query parameter that chooses a language, and the cookie that remembers it."""

DEVICE = "device"
"""Cookie that tells this browser from another one."""

BACK, SINCE, WHY, HERE = "back", "since", "why", "here"

_COMPUTERS = re.compile(r"Windows NT|Macintosh|X11; (?!.*Android)|CrOS")
_PHONES = re.compile(r"Android|Mobile|iPhone|iPad|Tablet")
_DEVICE = re.compile(r"[A-Za-z0-9_-]{43}")
_MAX_SECONDS = 12


class InApp(NamedTuple):
    """An app whose own browser may keep the camera closed, and the browser to take instead."""

    app: str
    browser: str


# Order matters: several of them name others, too.
_APPS = (
    ("MicroMessenger", "WeChat"),
    ("DingTalk", "DingTalk"),
    ("AlipayClient", "Alipay"),
    ("Lark/", "Lark"),
    ("Feishu", "Feishu"),
    ("Weibo", "Weibo"),
    ("aweme", "Douyin"),
    ("BytedanceWebview", "TikTok"),
    ("musical_ly", "TikTok"),
    ("Instagram", "Instagram"),
    ("FBAN", "Facebook"),
    ("FBAV", "Facebook"),
    ("FB_IAB", "Facebook"),
    (" Line/", "LINE"),
    ("KAKAOTALK", "KakaoTalk"),
    ("Snapchat", "Snapchat"),
    ("LinkedInApp", "LinkedIn"),
    (" QQ/", "QQ"),
)


@dataclass(frozen=True, kw_only=True)
class Coming:
    """How somebody came to a page, as its query says; times in whole unix seconds.

    ``back``: when the browser came back from the check; ``why``: what the check claims then;
    ``since``: since when the page follows what another device does; ``here``: this computer's own
    camera is to be used.
    """

    back: int | None = None
    since: int | None = None
    why: Why | None = None
    here: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Read a query; whatever is not one of ours counts as absent."""
        return cls(
            back=_seconds(query.get(BACK)),
            since=_seconds(query.get(SINCE)),
            why=Why.parsed(query.get(WHY)),
            here=query.get(HERE) == "1",
        )

    def query(self, **more: str) -> str:
        """Give the query that says the same, and ``more``; empty when there is nothing to say."""
        said = {BACK: self.back, SINCE: self.since, WHY: self.why, HERE: 1 if self.here else None}
        pairs = {name: str(value) for name, value in said.items() if value is not None}
        return f"?{urlencode(pairs | more)}" if pairs or more else ""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """What a request tells of its reader.

    ``chose`` tells that the language was chosen just now. ``device`` is the browser's own secret.
    A reader that cannot be placed counts as a phone.
    """

    language: Language
    chose: bool = False
    on_computer: bool = False
    in_app: InApp | None = None
    device: str | None = field(default=None, repr=False)
    coming: Coming = Coming()
    posted: bool = False

    @classmethod
    def of(cls, request: HTTPConnection) -> Self:
        """Read the headers, cookies and query of a request."""
        agent = request.headers.get("user-agent", "")
        chosen = request.query_params.get(LANGUAGE)
        language = negotiated(
            chosen, request.cookies.get(LANGUAGE), request.headers.get("accept-language")
        )
        device = request.cookies.get(DEVICE, "")
        return cls(
            language=language,
            chose=chosen == language.tag,
            on_computer=_on_computer(agent, request.headers.get("sec-ch-ua-mobile")),
            in_app=_in_app(agent),
            device=device if _DEVICE.fullmatch(device) else None,
            coming=Coming.of(request.query_params),
            posted=request.scope.get("method") == "POST",
        )


def _on_computer(agent: str, mobile: str | None) -> bool:
    # A tablet says ?0 as a computer does, and names its system all the same.
    # https://wicg.github.io/ua-client-hints/#sec-ch-ua-mobile
    if mobile == "?1" or _PHONES.search(agent):
        return False
    return mobile == "?0" or bool(_COMPUTERS.search(agent))


def _in_app(agent: str) -> InApp | None:
    browser = "Safari" if re.search(r"iPhone|iPad", agent) else "Chrome"
    return next((InApp(app, browser) for word, app in _APPS if word in agent), None)


def _seconds(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > _MAX_SECONDS:
        return None
    return int(text)
