"""``python -m web.locale_update``: brings the catalogues up to what code and templates say."""

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po

from web.translating import (
    DEFAULT_TAG,
    LANGUAGES,
    LOCALE_FOLDER,
    catalogue_path,
    read_catalogue,
)

_HERE = Path(__file__).parent
_WIDTH = 100
_HEADER = """msgid ""
msgstr ""
"Project-Id-Version: likeness\\n"
"Language: {language}\\n"
"Plural-Forms: {plural_forms}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
"""Without dates and addresses, which would change with every run and say nothing."""
_JINJA = {
    "newstyle_gettext": "true",
    "trimmed": "true",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
}


def template() -> Catalog:
    """Collect every message of the modules and templates of ``web``."""
    catalog = Catalog(project="likeness", fuzzy=False, header_comment="")
    for name, message in _messages():
        catalog.add(message, locations=[(name, 0)])
    return catalog


def update(folder: Path = LOCALE_FOLDER) -> None:
    """Write every catalogue anew: new messages are empty, those nobody says any more are gone."""
    said = template()
    for tag in LANGUAGES:
        if tag == DEFAULT_TAG:
            continue
        path = catalogue_path(folder, tag)
        catalog = read_catalogue(path)
        # Likeness of words is no translation: a changed message asks for a person.
        catalog.update(said, no_fuzzy_matching=True, update_creation_date=False)
        header = _HEADER.format(language=tag.replace("-", "_"), plural_forms=catalog.plural_forms)
        with path.open("wb") as file:
            file.write(header.encode())
            write_po(
                file,
                catalog,
                width=_WIDTH,
                omit_header=True,
                ignore_obsolete=True,
                include_lineno=False,
            )


def _messages() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    for path in sorted(_HERE.glob("*.py")):
        with path.open("rb") as file:
            for _, message, _, _ in extract("python", file):
                yield f"web/{path.name}", message
    for path in sorted((_HERE / "templates").glob("*.html")):
        with path.open("rb") as file:
            for _, message, _, _ in extract("jinja2", file, options=_JINJA):
                yield f"web/templates/{path.name}", message


if __name__ == "__main__":
    update()
    sys.stdout.write("The catalogues hold every message now; translate the empty ones.\n")
