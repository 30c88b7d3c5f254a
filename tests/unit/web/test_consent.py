import hashlib
import re

from web.consent import consent_in, consented_text, load_consent_texts
from web.texts import START
from web.translating import LANGUAGES

RELEASED = {
    "en-1": "31d47d2d37ee98d32fdc47128e7efc8a309ca794855307bc2a84de6a97fb5954",
    "en-2": "aec752536646ebab563818befac0566eccc45e08c35afd4ea93051114a032703",
    "zh-Hans-2": "3035bf37bccfde9f33b20aa88bc6cbaa533a596b8f481a26e40278184ada6613",
    "zh-Hant-2": "ab41475a77e79e9dadc7b687db20eb621afc442a23db841934ba0fab9936e8a0",
}


class TestConsentText:
    def test_a_released_text_never_changes(self) -> None:
        texts = load_consent_texts()

        assert RELEASED == {version: texts[version].sha256 for version in RELEASED}

    def test_no_text_is_forgotten_here(self) -> None:
        assert set(RELEASED) == set(load_consent_texts())

    def test_it_is_known_by_the_digest_of_its_bytes(self) -> None:
        for text in load_consent_texts().values():
            assert text.sha256 == hashlib.sha256(text.text.encode()).hexdigest()

    def test_its_locale_stands_in_its_name(self) -> None:
        for version, text in load_consent_texts().items():
            assert version == f"{text.locale}-{version[-1]}"

    def test_a_language_without_a_text_is_asked_in_english(self) -> None:
        assert "en-2" == consent_in(load_consent_texts(), "xx").version

    def test_other_bytes_under_the_same_name_are_another_text(self) -> None:
        texts = load_consent_texts()
        given = texts["en-2"].given()

        assert texts["en-2"] == consented_text(texts, given)
        assert consented_text(texts, given.model_copy(update={"sha256": "0" * 64})) is None

    def test_every_language_says_as_much(self) -> None:
        current = [text for text in load_consent_texts().values() if text.is_current]
        shapes = {tuple(bool(section.heading) for section in text.sections) for text in current}

        assert set(LANGUAGES) == {text.locale for text in current}
        assert 1 == len(shapes)

    def test_it_calls_the_buttons_what_they_are_called(self) -> None:
        for text in load_consent_texts().values():
            say = LANGUAGES[text.locale].say
            if text.is_current:
                assert say(START) in text.text
                assert say("No, thank you") in text.text

    def test_it_speaks_plainly(self) -> None:
        for text in load_consent_texts().values():
            sentences = [
                sentence
                for section in text.sections
                for sentence in re.split(
                    "[.;:\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH SEMICOLON}]", section.text
                )
            ]
            assert max(len(sentence.split()) for sentence in sentences) <= 35
            assert text.locale == "en" or max(map(len, sentences)) <= 90
