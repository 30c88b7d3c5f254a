import re
import shutil
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from web.consent import CURRENT_NUMBER, consent_in, load_consent_texts
from web.locale_update import template, update
from web.pages import Page
from web.texts import ADVICE, TEXTS
from web.translating import DEFAULT_TAG, LANGUAGES, LOCALE_FOLDER, catalogue_path, read_catalogue

TAGS = [tag for tag in LANGUAGES if tag != DEFAULT_TAG]
SAID = template()
REMEDY = "run `python -m web.locale_update` and translate the empty messages"
PLACEHOLDER = re.compile(r"%\([a-z_]+\)s")


def catalogue(tag: str) -> Catalog:
    return read_catalogue(catalogue_path(LOCALE_FOLDER, tag))


def ids_of(catalog: Catalog) -> set[str | tuple[str, ...]]:
    return {_key(message) for message in catalog if message.id}


def _key(message: Message) -> str | tuple[str, ...]:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def words_of(text: object) -> list[str]:
    return [text] if isinstance(text, str) else [str(each) for each in text]  # type: ignore[attr-defined]  # one word or its plurals


@pytest.mark.parametrize("tag", TAGS)
class TestEveryCatalogue:
    def test_holds_every_message_that_is_said_and_no_other(self, tag: str) -> None:
        assert ids_of(SAID) == ids_of(catalogue(tag)), REMEDY

    def test_translates_every_message(self, tag: str) -> None:
        empty = [
            message.id
            for message in catalogue(tag)
            if message.id and (message.fuzzy or not all(words_of(message.string)))
        ]

        assert [] == empty, REMEDY

    def test_keeps_every_placeholder(self, tag: str) -> None:
        for message in catalogue(tag):
            wanted = set(PLACEHOLDER.findall(words_of(message.id)[-1]))
            for translated in words_of(message.string):
                assert wanted == set(PLACEHOLDER.findall(translated)), message.id

    def test_is_in_the_form_in_which_the_command_writes_it(self, tag: str, tmp_path: Path) -> None:
        shutil.copytree(LOCALE_FOLDER, tmp_path, dirs_exist_ok=True)
        update(tmp_path)
        before, after = (
            catalogue_path(folder, tag).read_text() for folder in (LOCALE_FOLDER, tmp_path)
        )

        assert before == after, REMEDY

    def test_has_a_consent_text_of_its_own(self, tag: str) -> None:
        texts = load_consent_texts()

        assert f"{tag}-{CURRENT_NUMBER}" == consent_in(texts, tag).version


class TestTexts:
    def test_every_page_has_one(self) -> None:
        assert set(Page) == set(TEXTS)

    def test_everything_that_a_page_says_is_a_message(self) -> None:
        said = [word for text in TEXTS.values() for word in (text.heading, *text.paragraphs)]

        assert set() == {*said, *ADVICE.values()} - ids_of(SAID)
