"""Read a page as it is met without JavaScript: words, forms, and where it leads by itself."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

SENTENCE_END = re.compile(r"(?<=[.!?。])\s")
REFRESH = re.compile(
    r"\s*(\d+(?:\.\d+)?)\s*(?:[;,]\s*(?:url\s*=\s*)?['\"]?([^'\"]*)['\"]?)?", re.IGNORECASE
)
TEXT_TAGS = ("title", "h1", "p", "button")
VOID_TYPES = ("submit", "button", "reset", "image", "file")


@dataclass(frozen=True)
class Button:
    """One way to submit a form."""

    label: str
    name: str = ""
    value: str = field(default="", repr=False)
    action: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Form:
    """A form with the fields it sends; `required_boxes` are sent only by someone who ticks them."""

    action: str = field(repr=False)
    method: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)
    required_boxes: tuple[tuple[str, str], ...]
    buttons: tuple[Button, ...]

    @property
    def label(self) -> str:
        """The words on its buttons, in small letters."""
        return " ".join(button.label for button in self.buttons).lower()

    def button(self, value: str) -> Button | None:
        """Return the button with this value."""
        return next((button for button in self.buttons if button.value == value), None)


@dataclass(frozen=True)
class Refresh:
    """The page asks to be left for `url` after `after_s` seconds."""

    after_s: float
    url: str = field(repr=False)


@dataclass(frozen=True)
class Page:
    """One page that was shown. Its URL and forms are secrets and stay out of its repr."""

    url: str = field(repr=False)
    status: int
    title: str = ""
    heading: str = ""
    sentence: str = ""
    forms: tuple[Form, ...] = ()
    refresh: Refresh | None = None
    retry_after_s: float | None = None
    form_action: tuple[str, ...] | None = field(default=None, repr=False)
    sends_referrer: bool = True

    @property
    def origin(self) -> str:
        """Scheme, host and port of its URL."""
        return origin_of(self.url)


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def read_page(url: str, status: int, *, headers: dict[str, str], html: str) -> Page:
    """Parse a page; `headers` have names in small letters."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    told = reader.refresh or headers.get("refresh")
    retry_after = headers.get("retry-after", "")
    first = SENTENCE_END.split(reader.texts.get("p", ""), maxsplit=1)[0]
    return Page(
        url=url,
        status=status,
        title=reader.texts.get("title", ""),
        heading=reader.texts.get("h1", ""),
        sentence=first,
        forms=tuple(_form(url, draft) for draft in reader.drafts),
        refresh=None if told is None else _refresh(url, told),
        retry_after_s=float(retry_after) if retry_after.isdigit() else None,
        form_action=_form_action(headers.get("content-security-policy", "")),
        sends_referrer=headers.get("referrer-policy", "") != "no-referrer",
    )


def _refresh(url: str, told: str) -> Refresh | None:
    match = REFRESH.match(told)
    if match is None:
        return None
    return Refresh(float(match[1]), urljoin(url, match[2] or url))


def _form_action(policy: str) -> tuple[str, ...] | None:
    for directive in policy.split(";"):
        name, *sources = directive.split() or [""]
        if name.lower() == "form-action":
            return tuple(sources)
    return None


@dataclass
class _Draft:
    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)


def _form(url: str, draft: _Draft) -> Form:
    buttons = tuple(draft.buttons)
    action = urljoin(url, draft.action or url)
    return Form(action, draft.method, tuple(draft.fields), tuple(draft.boxes), buttons)


class _Reader(HTMLParser):
    """Collects the first text of each kind, the forms, and a refresh."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.drafts: list[_Draft] = []
        self.refresh: str | None = None
        self._inside: list[str] = []
        self._words: list[str] = []
        self._in_form = False
        self._button: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag in TEXT_TAGS:
            self._inside.append(tag)
            self._words = []
        if tag == "meta" and found.get("http-equiv", "").lower() == "refresh":
            self.refresh = found.get("content")
        elif tag == "form":
            method = found.get("method", "get").upper()
            self.drafts.append(_Draft(found.get("action", ""), method))
            self._in_form = True
        elif tag == "button":
            self._button = found
        elif tag == "input" and self._in_form:
            self._input(found)

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._in_form = False
        if tag not in self._inside:
            return
        text = " ".join("".join(self._words).split())
        self._inside.remove(tag)
        if tag == "button":
            self._add_button(self._button, text)
        elif text:
            self.texts.setdefault(tag, text)

    def _input(self, found: dict[str, str]) -> None:
        draft, kind = self.drafts[-1], found.get("type", "text").lower()
        if kind == "submit":
            self._add_button(found, found.get("value", "Submit"))
        elif kind in ("checkbox", "radio"):
            pair = (found.get("name", ""), found.get("value", "on"))
            if "required" in found:
                draft.boxes.append(pair)
            elif "checked" in found:
                draft.fields.append(pair)
        elif kind not in VOID_TYPES and "name" in found:
            draft.fields.append((found["name"], found.get("value", "")))

    def _add_button(self, found: dict[str, str], label: str) -> None:
        if self._in_form and found.get("type", "submit").lower() == "submit":
            action = found.get("formaction")
            button = Button(label, found.get("name", ""), found.get("value", ""), action)
            self.drafts[-1].buttons.append(button)
