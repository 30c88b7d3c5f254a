"""The whole journey, as people make it with a phone, a computer, or both."""

import asyncio

import pytest
from playwright.async_api import expect

from devstack.browser import PHONE
from likeness.stages import Stage
from tests.browser.conftest import NewPerson
from tests.browser.people import CONTACT, PURPOSE, SENDER, House, Invitation, Person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.server,
    pytest.mark.processes,
    pytest.mark.asyncio(loop_scope="session"),
]


class TestAPhone:
    async def test_leads_from_the_invitation_to_a_finished_onboarding(
        self, house: House, invitation: Invitation, phone: Person
    ) -> None:
        await phone.open(invitation.url)
        await phone.sees("invite")
        for told in (SENDER, CONTACT, PURPOSE):
            await expect(phone.page.get_by_text(told).first).to_be_visible()
        assert 0 == house.sessions

        await phone.starts()
        await phone.ends_the_check()
        await phone.sees("done", "finished")
        await invitation.comes_to(Stage.COMPLETED)

        assert 1 == house.sessions

    async def test_gets_the_receipt_of_what_was_agreed_to(
        self, invitation: Invitation, phone: Person
    ) -> None:
        await phone.open(invitation.url)
        await phone.starts()
        await phone.ends_the_check()
        await phone.sees("done", "finished")

        async with phone.page.expect_download() as downloading:
            await phone.page.get_by_role("link", name="Download the receipt").click()
        download = await downloading.value

        assert b"en-2" in (await download.path()).read_bytes()

    async def test_may_say_no(self, house: House, invitation: Invitation, phone: Person) -> None:
        await phone.open(invitation.url)
        await phone.page.get_by_role("link", name="No, thank you").click()
        await phone.sees("say_no")
        await phone.page.get_by_role("button", name="Yes, I say no").click()
        await phone.sees("declined")
        await invitation.comes_to(Stage.DECLINED)

        await phone.open(invitation.url)
        await phone.sees("declined")
        assert 0 == house.sessions

    async def test_may_take_the_agreement_back_next_day(
        self, invitation: Invitation, phone: Person
    ) -> None:
        await phone.open(invitation.url)
        await phone.starts()
        await phone.ends_the_check()
        await phone.sees("done", "finished")
        await invitation.comes_to(Stage.COMPLETED)

        await phone.open(invitation.url)
        await phone.page.get_by_role("link", name="Take my agreement back").click()
        await phone.sees("withdraw")
        await phone.page.get_by_role("button", name="Yes, I take it back").click()
        await phone.sees("withdrawn")
        await phone.open(invitation.url)
        await phone.sees("withdrawn")


class TestADesktop:
    async def test_shows_a_code_and_moves_on_when_the_phone_is_done(
        self, house: House, invitation: Invitation, desktop: Person, phone: Person
    ) -> None:
        await desktop.open(invitation.url)
        await desktop.sees("handoff")
        await expect(desktop.page.locator(".qr svg")).to_be_visible()
        assert 0 == await desktop.start.count()

        await phone.open(invitation.url)
        await phone.starts()
        await phone.ends_the_check()
        await asyncio.gather(phone.sees("done", "finished"), desktop.sees("done", "finished"))

        assert 1 == house.sessions

    async def test_with_a_camera_goes_the_whole_way_itself(
        self, house: House, invitation: Invitation, desktop: Person
    ) -> None:
        await desktop.open(invitation.url)
        await desktop.page.get_by_role("link", name="This computer has a camera").click()
        await desktop.starts()
        await desktop.ends_the_check()
        await desktop.sees("done", "finished")

        assert 1 == house.sessions


class TestWithoutScripts:
    async def test_every_page_goes_on_as_well(
        self, house: House, invitation: Invitation, somebody: NewPerson
    ) -> None:
        person = await somebody(**PHONE, java_script_enabled=False)
        await person.open(invitation.url)
        await person.starts()
        await person.ends_the_check()
        await person.sees("done", "finished")

        assert 1 == house.sessions


class TestAKeyboardAlone:
    async def test_is_enough(self, invitation: Invitation, desktop: Person) -> None:
        keys = desktop.page.keyboard
        await desktop.open(invitation.url)
        await desktop.tabs_to(desktop.page.get_by_role("link", name="This computer has a camera"))
        await keys.press("Enter")
        await desktop.sees("invite")
        await desktop.tabs_to(desktop.page.get_by_role("checkbox"))
        await keys.press("Space")
        await desktop.tabs_to(desktop.start)
        await keys.press("Enter")
        await desktop.is_before_the_camera()
        await desktop.tabs_to(desktop.page.get_by_role("button", name="Pass the check"))
        await keys.press("Enter")

        await desktop.sees("done", "finished")
