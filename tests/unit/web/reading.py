"""Reads our pages as a browser would: forms, links, and where the page goes by itself."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx


@dataclass
class Form:
    """One form: where it goes, what it sends, and the words on its button."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    has_box: bool = False
    button: str = ""


class _Reader(HTMLParser):
    """What stands on a page. ``action``, ``method`` and ``fields`` are those of its first form."""

    def __init__(self) -> None:
        super().__init__()
        self.page = ""
        self.language = ""
        self.follows = ""
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._in_form = False
        self._in_button = False

    @property
    def fields(self) -> dict[str, str]:
        return self.forms[0].fields if self.forms else {}

    @property
    def action(self) -> str:
        return self.forms[0].action if self.forms else ""

    @property
    def method(self) -> str:
        return self.forms[0].method if self.forms else ""

    @property
    def has_box(self) -> bool:
        return any(form.has_box for form in self.forms)

    def form_to(self, ending: str) -> Form:
        return next(form for form in self.forms if form.action.endswith(ending))

    def leads_to(self, ending: str) -> bool:
        return any(link.endswith(ending) for link in self.links)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = given["lang"]
        elif tag == "main":
            self.page, self.follows = given["data-page"], given.get("data-follow", "")
        elif tag == "a":
            self.links.append(given["href"])
        elif tag == "form":
            self.forms.append(Form(given["action"], given["method"]))
            self._in_form = True
        elif tag == "button":
            self._in_button = self._in_form
        elif tag == "input" and self._in_form:
            form = self.forms[-1]
            form.has_box = form.has_box or given["type"] == "checkbox"
            form.fields[given["name"]] = given["value"]

    def handle_data(self, data: str) -> None:
        if self._in_button:
            self.forms[-1].button += data

    def handle_endtag(self, tag: str) -> None:
        self._in_form = self._in_form and tag != "form"
        self._in_button = self._in_button and tag != "button"


def read(response: httpx.Response) -> _Reader:
    reader = _Reader()
    reader.feed(response.text)
    return reader


def refresh_path(response: httpx.Response) -> str:
    header: str = response.headers.get("refresh", "")
    return header.partition("url=")[2]
