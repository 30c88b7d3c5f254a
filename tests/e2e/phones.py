"""A guest's phone: a browser without JavaScript that a test taps on, one page after the other."""

import asyncio
import time
from typing import Self

from simulator.person.browser import Browser
from simulator.person.page import Form, Page

PATIENCE_S = 300.0
"""The limit only ends a test that has failed."""


class Phone:
    """Shows one page at a time; every move gives the page that it led to."""

    def __init__(self, invite_url: str) -> None:
        self._invite_url = invite_url
        self._browser = Browser(deadline=time.monotonic() + PATIENCE_S, say=lambda _: None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.__exit__()

    async def opens_the_invitation(self, question: str = "") -> Page:
        """Open the invite link, or a question's page below it."""
        return await asyncio.to_thread(self._browser.open, f"{self._invite_url}{question}")

    async def taps(self, page: Page, *, button: str = "", to: str = "") -> Page:
        """Press the button of that value, or the form that is sent ``to`` such a path.

        Without either it is the one that leads to the check.
        """

        def fits(form: Form) -> bool:
            if to:
                return form.action.endswith(to)
            if button:
                return form.button(button) is not None
            return any(path in form.action for path in ("/start", "/preparing/"))

        form = next(form for form in page.forms if fits(form))
        pressed = form.button(button) if button else None
        return await asyncio.to_thread(self._browser.submit, page, form, button=pressed)

    async def follows(self, page: Page) -> Page:
        """Go where a page leads by itself, until one stays."""
        while page.refresh is not None:
            await asyncio.sleep(min(page.refresh.after_s, 1))
            page = await asyncio.to_thread(self._browser.open, page.refresh.url, came_from=page)
        return page
