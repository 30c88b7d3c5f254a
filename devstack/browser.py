"""Finds the system's Chromium and starts it as little as possible: tests and pictures share it."""

import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypedDict

from playwright.async_api import Browser, ViewportSize, async_playwright

CHROMIUM_VARIABLE = "CHROMIUM_PATH"
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--font-render-hinting=none",
)


class Device(TypedDict, total=False):
    """Options of a browser context that make it a kind of device."""

    user_agent: str
    viewport: ViewportSize
    is_mobile: bool
    has_touch: bool


PHONE: Device = {
    "user_agent": "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Mobile Safari/537.36",
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP: Device = {"viewport": {"width": 1280, "height": 800}}


class NoBrowserError(RuntimeError):
    """There is no Chromium here; one sentence with the remedy."""


def chromium(environ: Mapping[str, str] = os.environ) -> Path:
    """Find the browser.

    Raises:
        NoBrowserError: None is installed, or ``CHROMIUM_PATH`` names none.

    """
    if named := environ.get(CHROMIUM_VARIABLE):
        if os.access(named, os.X_OK):
            return Path(named)
        raise NoBrowserError(
            f"{CHROMIUM_VARIABLE} names no program; correct it, or unset it and run "
            "`apt-get install chromium`."
        )
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    raise NoBrowserError(
        "No Chromium is installed: run `apt-get install chromium fonts-noto-cjk`, or set "
        f"{CHROMIUM_VARIABLE} to a browser you have."
    )


@asynccontextmanager
async def browser_running() -> AsyncIterator[Browser]:
    """Run one headless browser for the length of the block.

    Raises:
        NoBrowserError: There is none.

    """
    path = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()
