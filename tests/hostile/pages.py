"""The public pages under hostile forms, queries, headers and cookies: no answer may be a fault."""

import asyncio
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from hypothesis import strategies as st

from likeness.stages import Stage
from runtime.links import LinkSealer
from tests.hostile.knocking import pretended_deps
from tests.hostile.mutations import bent, odd_values
from tests.hostile.tokens import READ_KEYS
from tests.hostile.trying import MOST_BYTES, Parser
from tests.unit.web.pretended import (
    INVITE,
    NOW,
    PretendedPeople,
    PretendedRuns,
    PretendedVideos,
    glance,
    minted,
)
from web.forms import FormSeals
from web.public import public_app
from web.tally import Happening

Headers = dict[bytes, bytes]
Query = dict[str, str]

_BASE_URL = "https://likeness.example"
_SEALER = LinkSealer.of(READ_KEYS)
_TOKEN = _SEALER.seal_invite(INVITE)
_CALLBACK = f"/callback/{_SEALER.seal_callback(minted(NOW))}"
_FORM = {
    name: FormSeals.of(READ_KEYS).fresh(_TOKEN, text)
    for name, text in (("start", "en-2"), ("decline", "decline"), ("finished", "finished"))
}
_RUNS = PretendedRuns()
_DEPS = pretended_deps(_RUNS, PretendedPeople(), PretendedVideos())
_TRANSPORT = httpx.ASGITransport(app=public_app(_DEPS))
_STAGES = st.sampled_from([Stage.INVITED, Stage.VERIFYING, Stage.READY, Stage.CANCELED])
_NAMES = ["next", "lang", "why", "back", "since", "here", "looked", "resultCode", "bytedToken"]


def _encoded(fields: Any) -> str:
    return urlencode(fields, errors="surrogatepass")


def _sound_forms() -> list[str]:
    return [
        _encoded(
            {"nonce": form.nonce, "text": form.text, "csrf": form.seal, "consent": "yes"}
            | {"take_over": "yes", "attempt": "1"}
        )
        for form in _FORM.values()
    ]


_HEADER_NAMES = (
    b"User-Agent",
    b"Accept-Language",
    b"Cookie",
    b"Accept",
    b"Sec-Fetch-Site",
    b"Sec-CH-UA-Mobile",
    b"Content-Type",
    b"Content-Length",
    b"Purpose",
    b"X-Forwarded-For",
)
_HEADER_VALUES = (
    b"lang=zh-Hant; device=" + b"a" * 43,
    b"=;;=",
    b"de;q=NaN,*;q=1e999,zz-\xff",
    b"-1",
    b"?1",
    b"application/json",
    b"text/html",
    b"99999999999999999999",
    b"cross-site",
    b"\xff\xfe",
)
_HEADERS = st.dictionaries(
    st.sampled_from(_HEADER_NAMES),
    st.sampled_from(_HEADER_VALUES)
    | st.binary(max_size=40).map(lambda value: value.translate(None, b"\r\n\0")),
    max_size=4,
)
_QUERIES = st.dictionaries(st.sampled_from(_NAMES), odd_values().map(str), max_size=4)
_SENT = st.tuples(
    st.sampled_from(["start", "decline", "withdraw", "finished", "preparing/x", _CALLBACK]),
    _STAGES,
    bent(_sound_forms()),
    _HEADERS,
    _QUERIES,
)
_LOOKED = st.tuples(
    st.sampled_from(["", "/again", "/state", "/decline", "/withdraw", "/receipt", _CALLBACK])
    | st.text(max_size=20).map(lambda tap: f"/preparing/{quote(tap, errors='replace', safe='')}"),
    _STAGES,
    st.sampled_from(["GET", "HEAD"]),
    _HEADERS,
    _QUERIES,
)


def _check_sent(given: tuple[str, Stage, bytes, Headers, Query]) -> None:
    word, stage, body, headers, query = given
    path = word if word == _CALLBACK else f"/i/{_TOKEN}/{word}"
    address = f"{path}?{_encoded(query)}"
    _check(
        stage, httpx.Request("POST", _BASE_URL + address, content=body, headers=[*headers.items()])
    )


def _check_looked(given: tuple[str, Stage, str, Headers, Query]) -> None:
    word, stage, method, headers, query = given
    path = word if word == _CALLBACK else f"/i/{_TOKEN}{word}"
    address = f"{path}?{_encoded(query)}"
    _check(stage, httpx.Request(method, _BASE_URL + address, headers=[*headers.items()]))


def _check(stage: Stage, request: httpx.Request) -> None:
    _RUNS.run = glance(stage)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=_TRANSPORT) as client:
            return await client.send(request)

    answer = asyncio.run(ask())
    # 503 is said of what is not at hand just now; 500 is nobody's.
    assert answer.status_code in {*range(200, 500), 503}
    assert not any(word.startswith(Happening.FAULT) for word in _DEPS.tally.counts)
    assert len(answer.content) < MOST_BYTES


FORMS = Parser("forms", _SENT, _check_sent)
LOOKS = Parser("looks at pages", _LOOKED, _check_looked)
