"""``python -m devstack screens``: a picture of every page a person can see, into docs/screens."""

import asyncio
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Browser, Page
from rich.console import Console

from devstack.browser import DESKTOP, PHONE, Device, NoBrowserError, browser_running
from devstack.commands import ROOT
from devstack.gallery import SCENES, Gallery, gallery_open
from devstack.pictures import small_png
from web.branding import Brand

FOLDER = ROOT / "docs" / "screens"
MAX_BYTES = 3_000_000
BRAND = Brand(name="Studio Rosa")

_DARK = ("invite", "handoff", "checking", "not-passed", "done", "withdraw")
_CHINESE = ("invite", "handoff", "not-passed", "done")


def run_screens(console: Console, *, folder: Path = FOLDER) -> int:
    """Take all pictures anew; give the exit code."""
    try:
        _emptied(folder)
        taken = asyncio.run(_taken(folder))
    except NoBrowserError as missing:
        console.print(str(missing), style="red")
        return 1
    (folder / "README.md").write_text(_index(taken), encoding="utf-8")
    size = sum((folder / picture.file).stat().st_size for picture in taken)
    console.print(f"{len(taken)} pictures, {size / 1e6:.1f} MB, in {folder}")
    if size > MAX_BYTES:
        console.print(f"That is more than {MAX_BYTES / 1e6:.0f} MB.", style="red")
        return 1
    return 0


class Picture(NamedTuple):
    """One picture: the scene's name, and what kind of look at it."""

    scene: str
    kind: str

    @property
    def file(self) -> str:
        """Give the name of the file."""
        return f"{self.scene}-{self.kind}.png"


async def _taken(folder: Path) -> list[Picture]:
    with gallery_open(BRAND) as gallery:
        async with browser_running() as browser:
            camera = _Camera(browser, gallery, folder, workshop=await browser.new_page())
            for name in SCENES:
                await camera.take(name, "phone", PHONE)
                await camera.take(name, "desktop", DESKTOP)
            for name in _DARK:
                await camera.take(name, "phone-dark", PHONE, dark=True)
            for name in _CHINESE:
                await camera.take(name, "phone-zh-Hans", PHONE, language="zh-Hans")
                await camera.take(name, "phone-zh-Hant", PHONE, language="zh-Hant")
            return camera.taken


class _Camera:
    def __init__(self, browser: Browser, gallery: Gallery, folder: Path, *, workshop: Page) -> None:
        self._browser = browser
        self._gallery = gallery
        self._folder = folder
        self._workshop = workshop
        self.taken: list[Picture] = []

    async def take(
        self, name: str, kind: str, device: Device, *, dark: bool = False, language: str = "en"
    ) -> None:
        context = await self._browser.new_context(
            **device, color_scheme="dark" if dark else "light", reduced_motion="reduce"
        )
        try:
            page = await context.new_page()
            await self._gallery.show(page, name, language=language)
            picture = Picture(name, kind)
            whole = await page.screenshot(full_page=True, animations="disabled")
            small = await small_png(self._workshop, whole)
            (self._folder / picture.file).write_bytes(small)
            self.taken.append(picture)
        finally:
            await context.close()


def _emptied(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()


_INDEX_BEGINS = """\
# Every page a person can see

Made by `make screens` on the public app itself, over runs that are pretended in memory. It needs
Chromium and, for Chinese, a font such as Noto Sans CJK: `apt-get install chromium fonts-noto-cjk`.

| state | pictures |
| --- | --- |
"""


def _index(taken: list[Picture]) -> str:
    """Write the index: one row a scene, its pictures in the order they were taken."""
    rows = [
        f"| {name} | "
        + ", ".join(f"[{one.kind}]({one.file})" for one in taken if one.scene == name)
        + " |\n"
        for name in SCENES
    ]
    return _INDEX_BEGINS + "".join(rows)
