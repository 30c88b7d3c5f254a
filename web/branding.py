"""The operator's name, logo and accent colour, refused where they would harm the pages."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from xml.parsers import expat

from runtime.settings import WebSettings

MAX_LOGO_BYTES = 20 * 1024
ENOUGH_CONTRAST = 4.5
"""WCAG 2.2 AA for text: https://www.w3.org/TR/WCAG22/#contrast-minimum."""

WHITE = "#ffffff"
LIGHT_GROUNDS = ("#f6f5f1", "#ffffff", "#efede6")
DARK_GROUNDS = ("#15191b", "#1e2427", "#272e32")
"""Every ground that the accent stands on in ``static/style.css``."""

ON_DARK_ACCENT = "#10181b"
"""What is written on the accent's tint where the page is dark."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = b"\0\0\0\rIHDR"
_TINT_STEPS = 100
_LINEAR_BELOW = 0.04045


class BrandError(Exception):
    """A brand setting would harm the pages; the text is one sentence with the remedy."""


@dataclass(frozen=True, kw_only=True)
class Brand:
    """What the pages show of the operator; nothing by default.

    ``logo`` is a small image of the type ``logo_type``; ``accent_css`` goes after ``style.css`` and
    is empty where its own accent stays.
    """

    name: str = ""
    logo: bytes | None = None
    logo_type: str | None = None
    accent_css: str = ""

    @classmethod
    def of(cls, settings: WebSettings) -> Self:
        """Read and check what the settings name.

        Raises:
            BrandError: The logo is unreadable, too large or of no safe type; the accent is too
                pale to read.

        """
        logo = logo_type = None
        if settings.brand_logo_file is not None:
            logo = _logo_in(settings.brand_logo_file)
            logo_type = _type_of(logo)
        css = _accent_css(settings.brand_accent) if settings.brand_accent is not None else ""
        return cls(name=settings.brand_name or "", logo=logo, logo_type=logo_type, accent_css=css)


def _logo_in(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            logo = file.read(MAX_LOGO_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "it is no file").lower()
        raise BrandError(
            f"BRAND_LOGO_FILE cannot be read ({reason}): name an SVG or PNG file that this process "
            "may read."
        ) from None
    if len(logo) > MAX_LOGO_BYTES:
        raise BrandError(
            f"BRAND_LOGO_FILE is larger than {MAX_LOGO_BYTES // 1024} KiB: make the image smaller, "
            "because every person's phone loads it."
        )
    return logo


def _type_of(logo: bytes) -> str:
    """Tell the type by the bytes; a file's name is anybody's claim."""
    if logo.startswith(_PNG + _PNG_HEADER):
        return "image/png"
    if (harm := _harm_of_svg(logo)) is not None:
        raise BrandError(f"BRAND_LOGO_FILE {harm}: give a PNG, or an SVG of plain shapes.")
    return "image/svg+xml"


_ACTIVE = frozenset({"script", "foreignobject", "iframe", "embed", "object", "audio", "video", "a"})
_REFERRING = frozenset({"href", "src"})
_FOREIGN_STYLE = re.compile(r"@import|url\s*\(\s*(?!['\"]?\s*#)|expression\s*\(|\\", re.IGNORECASE)


class _HarmfulError(Exception):
    """Ends the reading of an SVG; the text says what it does that a picture does not need."""


def _harm_of_svg(content: bytes) -> str | None:
    """Say what makes ``content`` no plain picture; None when it is one.

    An <img> runs no script and loads nothing. Whoever opens the logo's own address meets a
    document, though, and a browser's mistake there must have nothing to work with.
    """
    reading = _SvgReading()
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = reading.doctype
    parser.ProcessingInstructionHandler = reading.instruction
    parser.StartElementHandler = reading.element
    parser.EndElementHandler = reading.element_ended
    parser.CharacterDataHandler = reading.text
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat takes it by position alone
    except _HarmfulError as harm:
        return str(harm)
    except expat.ExpatError:
        return "is neither PNG nor well-formed SVG"
    return None


class _SvgReading:
    def __init__(self) -> None:
        self._path: list[str] = []
        self._style: list[str] = []

    def doctype(self, *_: object) -> None:
        # Entities are declared there, and a few lines of them grow to gigabytes.
        raise _HarmfulError("declares a document type")

    def instruction(self, *_: object) -> None:
        raise _HarmfulError("holds a processing instruction")

    def element(self, name: str, attributes: Mapping[str, str]) -> None:
        local = _local(name.lower())
        if not self._path and local != "svg":
            raise _HarmfulError("is neither PNG nor SVG")
        self._path.append(local)
        if local in _ACTIVE:
            raise _HarmfulError(f"holds the element {local}")
        for key, value in attributes.items():
            _check_attribute(key.lower(), value)

    def element_ended(self, _name: str) -> None:
        # The parser hands text over in pieces; a word may lie across two of them.
        if self._path.pop() == "style" and _FOREIGN_STYLE.search("".join(self._style)):
            raise _HarmfulError("loads something from elsewhere")

    def text(self, text: str) -> None:
        if self._path[-1] == "style":
            self._style.append(text)


def _check_attribute(key: str, value: str) -> None:
    if key.startswith("on"):
        raise _HarmfulError("acts on events")
    refers = _local(key) in _REFERRING and not value.strip().startswith("#")
    # Animations may set another attribute, a link's address included.
    animates = key == "attributename" and _local(value.strip().lower()) in _REFERRING
    if refers or animates or _FOREIGN_STYLE.search(value):
        raise _HarmfulError("loads something from elsewhere")


def _local(name: str) -> str:
    # The prefix before the colon is whatever the file has declared.
    return name.rpartition(":")[2]


def _accent_css(accent: str) -> str:
    accent = accent.lower()
    if _worst(accent, (WHITE, *LIGHT_GROUNDS)) < ENOUGH_CONTRAST:
        better = next(
            shade for shade in _mixed(accent, "#000000") if _is_readable(shade, LIGHT_GROUNDS)
        )
        raise BrandError(
            f"BRAND_ACCENT has a contrast below {ENOUGH_CONTRAST}:1 to white text or to the light "
            f"pages: take a darker shade, for example {better}."
        )
    tint = next(
        tint
        for tint in _mixed(accent, WHITE)
        if _is_readable(tint, (*DARK_GROUNDS, ON_DARK_ACCENT))
    )
    return (
        f":root{{--accent:{accent};--on-accent:{WHITE}}}"
        "@media screen and (prefers-color-scheme:dark)"
        f"{{:root{{--accent:{tint};--on-accent:{ON_DARK_ACCENT}}}}}"
    )


def _is_readable(colour: str, grounds: tuple[str, ...]) -> bool:
    return _worst(colour, grounds) >= ENOUGH_CONTRAST


def _worst(colour: str, grounds: tuple[str, ...]) -> float:
    return min(contrast(colour, ground) for ground in grounds)


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two colours ``#rrggbb``, from 1 to 21.

    https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    # https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= _LINEAR_BELOW else ((share + 0.055) / 1.055) ** 2.4


def _channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _mixed(colour: str, towards: str) -> Iterator[str]:
    """Give ``colour``, then the steps from it to ``towards``, which is the last one."""
    pairs = tuple(zip(_channels(colour), _channels(towards), strict=True))
    for step in range(_TINT_STEPS + 1):
        share = step / _TINT_STEPS
        yield "#" + bytes(round(a + (b - a) * share) for a, b in pairs).hex()
