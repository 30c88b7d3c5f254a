"""Languages of the pages: catalogues compiled in memory, negotiation, dates by CLDR."""

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_skeleton
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE_FOLDER = Path(__file__).parent / "locale"
DEFAULT_TAG = "en"

_ACCEPTED = 16
"""How many languages of a header are looked at; nobody reads more."""


def marked(message: str) -> str:
    """Mark ``message`` for translation, and give it back as it is."""
    return message


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language of the pages: its BCP 47 tag, its own name, its messages, its CLDR locale."""

    tag: str
    name: str
    locale: Locale
    messages: gettext.NullTranslations = field(repr=False)

    def say(self, message: str) -> str:
        """Give ``message``, which is English, in this language."""
        return self.messages.gettext(message) if message else ""

    def day(self, when: datetime, *, now: datetime) -> str:
        """Give the day of ``when`` as it is written, with its year where that is another one."""
        skeleton = "MMMMd" if when.year == now.year else "yMMMd"
        return format_skeleton(skeleton, when, tzinfo=when.tzinfo, locale=self.locale)


# English of no country in particular, which puts the day before the month.
# https://cldr.unicode.org/
_OFFERED = (
    ("en", "English", "en_001"),
    ("zh-Hans", "简体中文", "zh_Hans"),
    ("zh-Hant", "繁體中文", "zh_Hant"),
)
_WITHOUT_SCRIPT = {"zh": "zh_Hans", "zh_cn": "zh_Hans", "zh_sg": "zh_Hans"}
_WITHOUT_SCRIPT |= {"zh_tw": "zh_Hant", "zh_hk": "zh_Hant", "zh_mo": "zh_Hant"}


def load_languages(folder: Path = LOCALE_FOLDER) -> Mapping[str, Language]:
    """Read every language's catalogue; raise ``OSError`` or ``PoFileError`` for an unusable one."""
    languages = [
        Language(tag=tag, name=name, locale=Locale.parse(locale), messages=_messages(folder, tag))
        for tag, name, locale in _OFFERED
    ]
    return MappingProxyType({language.tag: language for language in languages})


def catalogue_path(folder: Path, tag: str) -> Path:
    """Give the path of the catalogue of ``tag``."""
    return folder / tag.replace("-", "_") / "LC_MESSAGES" / "messages.po"


def read_catalogue(path: Path) -> Catalog:
    """Read one catalogue, its obsolete messages left out."""
    with path.open("rb") as file:
        return read_po(file, ignore_obsolete=True, abort_invalid=True)


def negotiated(chosen: str | None, remembered: str | None, accept_language: str | None) -> Language:
    """Give the language for a request: what was chosen, else remembered, else accepted."""
    for tag in (chosen, remembered):
        if (language := LANGUAGES.get(tag or "")) is not None:
            return language
    available = [tag.replace("-", "_") for tag in LANGUAGES]
    preferred = [_with_script(tag) for tag in _by_preference(accept_language or "")]
    found = negotiate_locale(preferred, available)
    return LANGUAGES[found.replace("_", "-") if found else DEFAULT_TAG]


def _messages(folder: Path, tag: str) -> gettext.NullTranslations:
    if tag == DEFAULT_TAG:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(catalogue_path(folder, tag)))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _by_preference(header: str) -> list[str]:
    """Read ``Accept-Language``; nonsense in it is skipped.

    https://www.rfc-editor.org/rfc/rfc9110#field.accept-language
    """
    weighed: list[tuple[float, str]] = []
    for part in header.split(",", _ACCEPTED)[:_ACCEPTED]:
        tag, _, weight = part.partition(";")
        quality = _quality(weight)
        if tag.strip().isascii() and quality > 0:
            weighed.append((quality, tag.strip()))
    return [tag for _, tag in sorted(weighed, key=lambda pair: -pair[0])]


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0


def _with_script(tag: str) -> str:
    """Give a tag as CLDR names its locale: Chinese by its script, whatever country it names."""
    try:
        locale = Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return _WITHOUT_SCRIPT.get(tag.lower().replace("-", "_"), tag)
    if locale.language == "zh" and locale.script:
        return f"zh_{locale.script}"
    territory = f"_{locale.territory}" if locale.territory else ""
    plain = f"{locale.language}{territory}".lower()
    return _WITHOUT_SCRIPT.get(plain, locale.language)


LANGUAGES = load_languages()
