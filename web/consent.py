"""The consent texts: versioned files, each known by its name and the SHA-256 of its bytes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from likeness.messages.conversation import Consent

CURRENT_VERSION = "en-1"
_FOLDER = Path(__file__).parent / "consent"


class ConsentSection(NamedTuple):
    """One paragraph of a text, with the heading above it where there is one."""

    heading: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ConsentText:
    """One version as shown. A released file never changes; another wording is another file."""

    version: str
    locale: str
    sha256: str
    sections: tuple[ConsentSection, ...]

    def given(self) -> Consent:
        """Give the consent of a person who has agreed to exactly this text."""
        return Consent(text_version=self.version, sha256=self.sha256, locale=self.locale)


def load_consent_texts(folder: Path = _FOLDER) -> Mapping[str, ConsentText]:
    """Read every version; raise ``OSError`` or ``UnicodeError`` when one cannot be read."""
    texts = [_load(path) for path in sorted(folder.glob("*.txt"))]
    return MappingProxyType({text.version: text for text in texts})


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
    )
