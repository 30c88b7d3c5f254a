import re
from pathlib import Path

import pytest

from runtime.settings import SettingsError, WebSettings, load
from web import branding
from web.branding import Brand, BrandError, contrast

STYLE = (Path(branding.__file__).parent / "static" / "style.css").read_text()
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0"


def brand_with_logo(folder: Path, content: bytes | str) -> Brand:
    path = folder / "logo"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Brand.of(WebSettings(brand_logo_file=path))


def refusal_of(folder: Path, content: bytes | str) -> str:
    with pytest.raises(BrandError) as refused:
        brand_with_logo(folder, content)
    return str(refused.value)


def grounds(scheme: str) -> set[str]:
    light, _, dark = STYLE.partition("@media screen and (prefers-color-scheme: dark)")
    text = dark if scheme == "dark" else light
    found = (
        re.search(rf"--{name}: (#[0-9a-f]{{6}});", text) for name in ("ground", "sheet", "inset")
    )
    return {match[1] for match in found if match}


class TestNoBrand:
    def test_is_what_the_settings_say_without_a_word(self) -> None:
        assert Brand() == Brand.of(WebSettings())


class TestTheName:
    def test_is_taken_as_it_is(self) -> None:
        assert Brand.of(WebSettings(brand_name="Müller & 张")).name == "Müller & 张"

    @pytest.mark.parametrize("name", ["x" * 61, "two\nlines"])
    def test_is_one_short_line(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BRAND_NAME", name)

        with pytest.raises(
            SettingsError, match=r"^BRAND_NAME is wrong: it must be the name on top"
        ):
            load(WebSettings)


class TestTheLogo:
    def test_is_known_by_its_bytes(self, tmp_path: Path) -> None:
        assert brand_with_logo(tmp_path, PNG).logo_type == "image/png"
        assert brand_with_logo(tmp_path, SVG.format("")).logo_type == "image/svg+xml"

    def test_is_served_as_it_was_given(self, tmp_path: Path) -> None:
        assert brand_with_logo(tmp_path, PNG).logo == PNG

    def test_may_use_what_drawing_programs_write(self, tmp_path: Path) -> None:
        drawing = SVG.format(
            "<title>Logo</title><defs><style>.a{fill:url(#g)}</style>"
            '<linearGradient id="g"><stop offset="0"/></linearGradient></defs>'
            '<path class="a" style="fill: url(#g)" d="M0 0h9v9z"/><use href="#p"/>'
        )

        assert brand_with_logo(tmp_path, f'<?xml version="1.0"?>{drawing}').logo is not None

    def test_has_room_in_twenty_kibibytes(self, tmp_path: Path) -> None:
        most = PNG + bytes(20 * 1024 - len(PNG))

        assert brand_with_logo(tmp_path, most).logo == most
        assert refusal_of(tmp_path, most + b"\0") == (
            "BRAND_LOGO_FILE is larger than 20 KiB: make the image smaller, because every "
            "person's phone loads it."
        )

    def test_that_is_not_there_is_refused_without_its_path(self, tmp_path: Path) -> None:
        with pytest.raises(BrandError) as refused:
            Brand.of(WebSettings(brand_logo_file=tmp_path / "secret-name"))

        assert str(refused.value) == (
            "BRAND_LOGO_FILE cannot be read (no such file or directory): name an SVG or PNG file "
            "that this process may read."
        )

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"GIF89a",
            b"\xff\xd8\xff\xe0",
            b"\x89PNG\r\n\x1a\n<svg/>",
            "<html><svg/></html>",
            "<svg>",
            '<svg xmlns="x">\xff</svg>'.encode("latin-1"),
        ],
    )
    def test_of_another_type_is_refused(self, content: bytes | str, tmp_path: Path) -> None:
        sentence = refusal_of(tmp_path, content)

        assert sentence.startswith("BRAND_LOGO_FILE is neither PNG nor ")
        assert sentence.endswith(": give a PNG, or an SVG of plain shapes.")

    @pytest.mark.parametrize(
        ("drawn", "harm"),
        [
            ("<script>alert(1)</script>", "holds the element script"),
            ('<s:script xmlns:s="http://www.w3.org/2000/svg"/>', "holds the element script"),
            ("<foreignObject/>", "holds the element foreignobject"),
            ('<a href="#x"/>', "holds the element a"),
            ('<rect onload="alert(1)"/>', "acts on events"),
            ('<rect ONCLICK="alert(1)"/>', "acts on events"),
            ('<image href="https://tracker.example/1.png"/>', "loads something from elsewhere"),
            ('<image href=" data:image/svg+xml,x"/>', "loads something from elsewhere"),
            (
                '<use x:href="//tracker.example" xmlns:x="http://www.w3.org/1999/xlink"/>',
                "loads something from elsewhere",
            ),
            ('<rect fill="url(https://tracker.example)"/>', "loads something from elsewhere"),
            ("<style>@import '//tracker.example';</style>", "loads something from elsewhere"),
            (
                "<style>a{b:u<!-- -->rl(//tracker.example)}</style>",
                "loads something from elsewhere",
            ),
            (r"<style>a{b:\75rl(//tracker.example)}</style>", "loads something from elsewhere"),
            ('<animate attributeName="xlink:href" to="x"/>', "loads something from elsewhere"),
            ("<?xml-stylesheet href='//tracker.example'?>", "holds a processing instruction"),
        ],
    )
    def test_that_is_more_than_a_picture_is_refused(
        self, drawn: str, harm: str, tmp_path: Path
    ) -> None:
        assert refusal_of(tmp_path, SVG.format(drawn)) == (
            f"BRAND_LOGO_FILE {harm}: give a PNG, or an SVG of plain shapes."
        )

    def test_that_would_grow_to_gigabytes_is_refused_unread(self, tmp_path: Path) -> None:
        entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
        bomb = f'<!DOCTYPE svg [<!ENTITY e0 "ha">{entities}]><svg>&e11;</svg>'

        assert "declares a document type" in refusal_of(tmp_path, bomb)


class TestTheAccent:
    @pytest.mark.parametrize("accent", ["#1f5f56", "#0B57D0", "#7a1f5c", "#000000", "#003366"])
    def test_is_readable_on_every_ground_of_both_schemes(self, accent: str) -> None:
        css = Brand.of(WebSettings(brand_accent=accent)).accent_css
        light, dark = re.findall(r"--accent:(#[0-9a-f]{6});--on-accent:(#[0-9a-f]{6})", css)

        assert light == (accent.lower(), "#ffffff")
        assert all(contrast(light[0], it) >= 4.5 for it in {*grounds("light"), light[1]})
        assert all(contrast(dark[0], it) >= 4.5 for it in {*grounds("dark"), dark[1]})

    @pytest.mark.parametrize("accent", ["#ffff00", "#ffffff", "#ff5533", "#2e9e5b"])
    def test_that_is_too_pale_is_refused_with_a_shade_that_is_not(self, accent: str) -> None:
        with pytest.raises(BrandError) as refused:
            Brand.of(WebSettings(brand_accent=accent))

        told = re.fullmatch(
            r"BRAND_ACCENT has a contrast below 4.5:1 to white text or to the light pages: take a "
            r"darker shade, for example (#[0-9a-f]{6})\.",
            str(refused.value),
        )
        assert told is not None
        assert Brand.of(WebSettings(brand_accent=told[1])).accent_css

    @pytest.mark.parametrize("accent", ["green", "#fff", "#12345g", "1f5f56", "#1f5f56;}"])
    def test_is_six_hex_digits(self, accent: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BRAND_ACCENT", accent)

        with pytest.raises(SettingsError) as refused:
            load(WebSettings)

        assert str(refused.value).startswith(
            "BRAND_ACCENT is wrong: it must be a colour as #rrggbb, such as #1f5f56;"
        )


class TestTheGroundsJudgedHere:
    def test_are_those_of_the_style_sheet(self) -> None:
        assert (grounds("light"), grounds("dark")) == (
            set(branding.LIGHT_GROUNDS),
            set(branding.DARK_GROUNDS),
        )


class TestContrast:
    def test_goes_from_one_to_twenty_one(self) -> None:
        assert (contrast("#777777", "#777777"), contrast("#000000", "#ffffff")) == (1.0, 21.0)

    def test_is_what_the_guidelines_compute(self) -> None:
        assert round(contrast("#767676", "#ffffff"), 2) == 4.54
