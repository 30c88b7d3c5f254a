"""Turns pages into HTML responses, in the reader's language and under the operator's brand."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from web.advice import Why
from web.asking import Asking
from web.branding import Brand
from web.consent import ConsentText
from web.forms import FormFields
from web.pages import Page
from web.reader import LANGUAGE, Reader
from web.texts import START, TEXTS
from web.translating import LANGUAGES, Language

_YEAR_S = 365 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class StartForm:
    """The Start form.

    ``agreed``: the box was ticked before and isn't shown; ``folded`` shows the text on demand then.
    ``take_over`` ends what another device has begun.
    """

    action: str
    fields: FormFields
    consent: ConsentText
    button: str = START
    agreed: bool = False
    folded: bool = False
    take_over: bool = False


@dataclass(frozen=True, kw_only=True)
class SealedForm:
    """A form of one button; ``back`` leads to where it was asked from."""

    action: str
    fields: FormFields
    button: str = ""
    back: str = ""


class Handoff(NamedTuple):
    """The code that a phone reads, and the way on without one."""

    code: Markup
    here: str


class InAppAdvice(NamedTuple):
    """Which browser to use instead of an app's own; ``link`` is to be copied."""

    app: str
    browser: str
    link: str


class Following(NamedTuple):
    """Where a script asks what is true now, and after how many seconds."""

    state: str
    pause_s: int


class Choices(NamedTuple):
    """Paths to what a person may do beside going on."""

    receipt: str | None = None
    withdraw: str | None = None
    decline: str | None = None


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What stands beside a page's own text; the paths are our own, never a stranger's input.

    ``refresh`` is a path to go to by itself after ``refresh_s``, or an empty one for the page's
    own address. ``home`` is where the choice of another language leads from the answer to a POST.
    """

    notices: tuple[str, ...] = ()
    asking: Asking | None = None
    contact: str | None = None
    handoff: Handoff | None = None
    in_app: InAppAdvice | None = None
    start: StartForm | None = None
    question: SealedForm | None = None
    finished: SealedForm | None = None
    attempts_left: int | None = None
    look_again: str | None = None
    start_again: str | None = None
    why: Why | None = None
    go_on: str | None = None
    choices: Choices | None = None
    following: Following | None = None
    refresh: str | None = None
    refresh_s: int = 5
    home: str = ""


NOTHING_MORE = Extras()


@dataclass(frozen=True, kw_only=True)
class Renderer:
    """Renders pages for one operator; ``https`` says how the cookies travel.

    ``path`` is what our addresses begin with behind a gateway.
    """

    brand: Brand
    https: bool
    path: str = ""

    def page(
        self, reader: Reader, page: Page, status: int = 200, *, more: Extras = NOTHING_MORE
    ) -> HTMLResponse:
        """Give ``page`` as a response."""
        say, text = reader.language.say, TEXTS[page]
        html = (
            _ENVIRONMENTS[reader.language.tag]
            .get_template("page.html")
            .render(
                page=page.value,
                heading=say(text.heading),
                paragraphs=[say(paragraph) for paragraph in text.paragraphs],
                mark=text.mark,
                notices=[say(notice) for notice in more.notices],
                start_button=say(more.start.button) if more.start else "",
                question_button=say(more.question.button) if more.question else "",
                language=reader.language,
                languages=_switch(reader, more.home),
                brand=self.brand,
                path=self.path,
                more=more,
            )
        )
        response = HTMLResponse(html, status_code=status)
        if more.refresh is not None:
            # A header, not a meta element: it goes on without scripts, and pages stay accessible.
            target = f"; url={more.refresh}" if more.refresh else ""
            response.headers["Refresh"] = f"{more.refresh_s}{target}"
        if reader.chose:
            response.set_cookie(
                LANGUAGE,
                reader.language.tag,
                max_age=_YEAR_S,
                path=f"{self.path}/",
                secure=self.https,
                httponly=True,
                samesite="lax",
            )
        return response


class _OtherLanguage(NamedTuple):
    tag: str
    name: str
    href: str


def _switch(reader: Reader, home: str) -> list[_OtherLanguage]:
    """Give the choice of languages; a link leads to the same page, or home from a POST's answer."""
    coming = reader.coming
    return [
        _OtherLanguage(
            language.tag, language.name, f"{home}{coming.query(**{LANGUAGE: language.tag})}"
        )
        for language in LANGUAGES.values()
    ]


def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    i18n: Any = environment
    i18n.install_gettext_translations(language.messages, newstyle=True)
    return environment


_ENVIRONMENTS = {tag: _environment(language) for tag, language in LANGUAGES.items()}
