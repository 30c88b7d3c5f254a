"""Turns pages into HTML responses."""

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from web.consent import ConsentText
from web.forms import FormFields
from web.pages import Page
from web.texts import TEXTS

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, kw_only=True)
class StartForm:
    """The Start form; with ``agreed`` the box was ticked on the page before and isn't shown."""

    action: str
    fields: FormFields
    consent: ConsentText
    button: str = "Start"
    agreed: bool = False


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What stands beside a page's own text; the paths are our own, never a stranger's input.

    ``refresh`` is a path to go to by itself after ``refresh_s``, or an empty one for the page's
    own address.
    """

    notice: str | None = None
    start: StartForm | None = None
    look_again: str | None = None
    start_again: str | None = None
    go_on: str | None = None
    refresh: str | None = None
    refresh_s: int = 5


_NOTHING_MORE = Extras()


def rendered(page: Page, status: int = 200, extras: Extras = _NOTHING_MORE) -> HTMLResponse:
    """Give ``page`` as a response."""
    html = _TEMPLATES.get_template("page.html").render(
        page=page.value,
        text=TEXTS[page],
        notice=extras.notice,
        start=extras.start,
        look_again=extras.look_again,
        start_again=extras.start_again,
        go_on=extras.go_on,
    )
    response = HTMLResponse(html, status_code=status)
    if extras.refresh is not None:
        # A header, not a meta element: it goes on without scripts, and pages stay accessible.
        target = f"; url={extras.refresh}" if extras.refresh else ""
        response.headers["Refresh"] = f"{extras.refresh_s}{target}"
    return response
