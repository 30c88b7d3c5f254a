"""People before a browser, and the house whose pages they visit."""

import asyncio
import re
import time
from typing import Any
from uuid import uuid4

import httpx
from playwright.async_api import BrowserContext, Locator, Page, expect
from pydantic import SecretStr
from temporalio.client import Client

from devstack.stack import TASK_QUEUE, Stack
from devstack.supervisor import Supervisor
from likeness.messages.onboarding import (
    AssetRequest,
    OnboardingInput,
    OnboardingPolicy,
    OnboardingRequest,
)
from likeness.stages import Stage
from likeness.temporal.onboardings import describe_onboarding, start_onboarding
from runtime.links import InviteToken, LinkSealer

PATIENCE_S = 40.0
"""Only ends a test that has failed."""

MANY_TABS = 25

SENDER, CONTACT, PURPOSE = "Studio Rosa", "rosa@studio.example", "Short videos for our shop"
HASTY = OnboardingPolicy(
    look_delays_s=(0.3, 1, 3), poll_interval_s=1, link_reuse_s=2, cooldown_s=1, deadline_s=600
)
"""Nobody's patience is tried: what keeps a hurried person back is over after seconds."""


class House:
    """The running processes, steered and watched from a test."""

    def __init__(self, stack: Stack, processes: Supervisor, public_url: str) -> None:
        self.stack = stack
        self.processes = processes
        self.public_url = public_url
        self.http = httpx.Client(base_url=stack.simulator_url, trust_env=False, timeout=40)
        self._before: dict[str, int] = {}

    def behave(self, **fields: Any) -> None:
        """Set the upstream's world: all goes well and quickly but for ``fields``."""
        wanted = {"name": "happy", "review_seconds": 1, "session_s": 0.1, **fields}
        self.http.put("/_sim/scenario", json=wanted).raise_for_status()

    def count_anew(self) -> None:
        self._before = self._counts()

    def pass_time(self, seconds: float) -> None:
        """Let the upstream's clock jump."""
        self.http.post("/_sim/clock", json={"advance_s": seconds}).raise_for_status()

    def count(self, name: str) -> int:
        """Tell how often something has come into the upstream's ledger since the test began."""
        return self._counts().get(name, 0) - self._before.get(name, 0)

    @property
    def sessions(self) -> int:
        """How many sessions were minted since the test began."""
        return self.count("session_created")

    def _counts(self) -> dict[str, int]:
        counts: dict[str, int] = self.http.get("/_sim/ledger").json()["counts"]
        return counts


class Invitation:
    """One onboarding, as its caller sees it."""

    def __init__(self, client: Client, onboarding: str, url: str) -> None:
        self._client = client
        self.onboarding = onboarding
        self.url = url

    @classmethod
    async def sent(cls, house: House, client: Client, sealer: LinkSealer) -> "Invitation":
        """Start an onboarding of a person with one picture."""
        name = uuid4().hex[:12]
        portrait = SecretStr(f"{house.stack.simulator_url}/portraits/a.jpg")
        request = OnboardingRequest(
            onboarding=name,
            person=f"p-{name}",
            sender=SecretStr(SENDER),
            contact=SecretStr(CONTACT),
            purpose=SecretStr(PURPOSE),
            assets=(AssetRequest(name="a", url=portrait),),
        )
        order = OnboardingInput(request=request, policy=HASTY)
        started = await start_onboarding(client, order, task_queue=TASK_QUEUE)
        token = InviteToken(
            tenant=started.tenant,
            onboarding=started.onboarding_id,
            person=started.person,
            link=started.link,
        )
        return cls(client, name, f"{house.public_url}/i/{sealer.seal_invite(token)}")

    async def comes_to(self, stage: Stage) -> None:
        """Wait until the onboarding stands at ``stage``."""
        give_up_at = time.monotonic() + PATIENCE_S
        seen = Stage.INVITED
        while time.monotonic() < give_up_at:
            seen = (await describe_onboarding(self._client, "default", self.onboarding)).stage
            if seen is stage:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"it stands at {seen}, not {stage}")


class Person:
    """Somebody with a browser; every verb is what a person would do."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda said: self._complained(said.type, said.text))
        page.on("pageerror", lambda error: self._complained("error", str(error)))

    def _complained(self, kind: str, text: str) -> None:
        # Chromium reports a page's own status, such as 503, as a resource that failed to load.
        if kind in ("error", "warning") and "Failed to load resource" not in text:
            self.complaints.append(text)

    async def open(self, url: str) -> None:
        await self.page.goto(url)

    async def sees(self, *pages: str) -> str:
        """Wait until one of our pages is shown; give its name."""
        wanted = ", ".join(f'main[data-page="{page}"]' for page in pages)
        main = self.page.locator(wanted)
        await expect(main).to_be_visible(timeout=PATIENCE_S * 1000)
        return await main.get_attribute("data-page") or ""

    async def agrees(self) -> None:
        await self.page.get_by_role("checkbox").check()

    @property
    def start(self) -> Locator:
        """The button that mints."""
        return self.page.locator("form[action$='/start'] button")

    async def starts(self) -> None:
        """Agree and tap Start; the verification page is there afterwards."""
        await self.agrees()
        await self.start.click()
        await self.is_before_the_camera()

    async def starts_again(self) -> None:
        """Tap Start where one has agreed before."""
        await self.start.click()
        await self.is_before_the_camera()

    async def is_before_the_camera(self) -> None:
        await expect(self.page).to_have_title("Show that it is you", timeout=PATIENCE_S * 1000)

    async def gets_before_the_camera(self) -> None:
        """Arrive there, tapping once more where the page offers it again.

        The server may forget a tap that no worker had accepted when that worker's death is noticed.
        """
        here = re.compile("Show that it is you|You are invited")
        await expect(self.page).to_have_title(here, timeout=PATIENCE_S * 1000)
        if await self.page.title() != "Show that it is you":
            await self.starts()

    async def ends_the_check(self, how: str = "Pass the check") -> None:
        await self.page.get_by_role("button", name=how).click()

    async def tabs_to(self, wanted: Locator) -> None:
        """Press Tab until ``wanted`` has the focus, and see that the focus is visible."""
        for _ in range(MANY_TABS):
            await self.page.keyboard.press("Tab")
            if await wanted.evaluate("it => it === document.activeElement"):
                outline = await wanted.evaluate("it => getComputedStyle(it).outlineStyle")
                assert outline != "none"
                return
        raise AssertionError("the keyboard does not lead there")

    async def is_patient(self) -> None:
        """Wait until another check may be opened."""
        await asyncio.sleep(HASTY.link_reuse_s)
