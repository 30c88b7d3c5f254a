"""How every page looks and reads: WCAG 2.2 AA by axe, narrow phones, weight."""

from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, ViewportSize

from devstack.browser import DESKTOP, PHONE
from devstack.gallery import SCENES, Gallery, gallery_open
from web.branding import MAX_LOGO_BYTES, Brand
from web.pages import Page as OurPage
from web.translating import LANGUAGES

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE_OPTIONS: dict[str, Any] = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
    # It would fetch style sheets by script, which our policy forbids.
    "preload": False,
}
NARROW: ViewportSize = {"width": 320, "height": 640}
MAX_WEIGHT = 60_000
LOGO = b"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 30"><path d="M0 0h90v30H0z"/></svg>
"""
BRAND = Brand(name="Studio Rosa", logo=LOGO, logo_type="image/svg+xml")


@pytest.fixture(scope="session")
def gallery() -> Iterator[Gallery]:
    with gallery_open(BRAND) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pages(browser: Browser) -> AsyncIterator[dict[str, Page]]:
    """A phone and a desktop computer, kept for all scenes."""
    phone = await browser.new_context(**PHONE, reduced_motion="reduce")
    desktop = await browser.new_context(**DESKTOP, reduced_motion="reduce")
    yield {"phone": await phone.new_page(), "desktop": await desktop.new_page()}
    await phone.close()
    await desktop.close()


async def complaints(page: Page) -> list[str]:
    """Run axe, which is put into the page without asking its policy."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    found = await page.evaluate("options => axe.run(options)", AXE_OPTIONS)
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


class TestTheGallery:
    async def test_shows_every_page(self) -> None:
        assert set(OurPage) == {scene.page for scene in SCENES.values()}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SCENES)
class TestEveryPage:
    async def test_is_accessible_in_light_and_dark_on_phone_and_desktop(
        self, name: str, language: str, gallery: Gallery, pages: dict[str, Page]
    ) -> None:
        found: dict[str, list[str]] = {}
        for device, page in pages.items():
            await gallery.show(page, name, language=language)
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                found[f"{device} {scheme}"] = await complaints(page)

        assert {look: [] for look in found} == found

    async def test_fits_a_phone_of_320_pixels(
        self, name: str, language: str, gallery: Gallery, pages: dict[str, Page]
    ) -> None:
        page = pages["phone"]
        before = page.viewport_size
        assert before is not None
        try:
            await page.set_viewport_size(NARROW)
            await gallery.show(page, name, language=language)
            width = await page.evaluate("document.documentElement.scrollWidth")
        finally:
            await page.set_viewport_size(before)

        assert 320 == width


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["invite", "handoff", "invite-in-an-app", "not-passed-last-try"])
class TestTheWholeOfAPage:
    async def test_weighs_little_and_comes_from_one_place(
        self, name: str, language: str, gallery: Gallery, browser: Browser
    ) -> None:
        context = await browser.new_context(**PHONE)
        page = await context.new_page()
        asked: list[Request] = []

        def note(request: Request) -> None:
            asked.append(request)

        page.on("request", note)

        await gallery.show(page, name, language=language)
        await page.wait_for_load_state("networkidle")
        sizes = [await the.sizes() for the in asked]
        weight = sum(size["responseBodySize"] for size in sizes)
        await context.close()

        assert {gallery.base_url} == {f"http://{the.url.split('/')[2]}" for the in asked}
        assert weight + MAX_LOGO_BYTES - len(LOGO) < MAX_WEIGHT
