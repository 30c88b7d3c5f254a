"""The consent texts: versioned files, each known by its name and the SHA-256 of its bytes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from likeness.messages.conversation import Consent
from web.translating import DEFAULT_TAG

CURRENT_NUMBER = 2
"""The version that is shown: ``{language}-{number}.txt``; older files stay for their receipts."""

_FOLDER = Path(__file__).parent / "consent"


class ConsentSection(NamedTuple):
    """One paragraph of a text, with the heading above it where there is one."""

    heading: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ConsentText:
    """One version as shown. A released file never changes; another wording is another file.

    ``text`` is the whole file, of which ``sha256`` is the digest in hex.
    """

    version: str
    locale: str
    sha256: str
    sections: tuple[ConsentSection, ...]
    text: str = field(repr=False)

    @property
    def is_current(self) -> bool:
        """Tell whether it says what is asked for today, in its language."""
        return self.version == f"{self.locale}-{CURRENT_NUMBER}"

    def given(self) -> Consent:
        """Give the consent of a person who has agreed to exactly this text."""
        return Consent(text_version=self.version, sha256=self.sha256, locale=self.locale)


ConsentTexts = Mapping[str, ConsentText]


def load_consent_texts(folder: Path = _FOLDER) -> ConsentTexts:
    """Read every version; raise ``OSError`` or ``UnicodeError`` when one cannot be read."""
    texts = [_load(path) for path in sorted(folder.glob("*.txt"))]
    return MappingProxyType({text.version: text for text in texts})


def consent_in(texts: ConsentTexts, tag: str) -> ConsentText:
    """Give today's text in the language ``tag``, in English where there is none."""
    return texts.get(f"{tag}-{CURRENT_NUMBER}") or texts[f"{DEFAULT_TAG}-{CURRENT_NUMBER}"]


def consented_text(texts: ConsentTexts, consent: Consent) -> ConsentText | None:
    """Give the text that was agreed to; None when it is not here in exactly those bytes."""
    text = texts.get(consent.text_version)
    return text if text is not None and text.sha256 == consent.sha256 else None


def _load(path: Path) -> ConsentText:
    content = path.read_bytes()
    locale, _, _ = path.stem.rpartition("-")
    paragraphs = content.decode().strip().split("\n\n")
    sections = [ConsentSection(*paragraph.rpartition("\n")[::2]) for paragraph in paragraphs]
    return ConsentText(
        version=path.stem,
        locale=locale,
        sha256=hashlib.sha256(content).hexdigest(),
        sections=tuple(sections),
        text=content.decode(),
    )
