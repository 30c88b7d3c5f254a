"""People who come back: after a failed scan, a dead link, a reload, or from another device."""

import pytest
from playwright.async_api import expect

from devstack.browser import PHONE
from likeness.stages import Stage
from tests.browser.conftest import NewPerson
from tests.browser.people import House, Invitation, Person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.server,
    pytest.mark.processes,
    pytest.mark.asyncio(loop_scope="session"),
]

PASSED = ("done", "finished")


class TestAFailedScan:
    async def test_is_told_with_its_reason_and_tried_again_by_one_tap(
        self, house: House, invitation: Invitation, phone: Person
    ) -> None:
        await phone.open(invitation.url)
        await phone.starts()
        await phone.ends_the_check("Fail the check")
        await phone.sees("not_passed")
        await expect(phone.page.get_by_role("alert")).to_contain_text("living person")

        await phone.is_patient()
        await phone.starts_again()
        await phone.ends_the_check()
        await phone.sees(*PASSED)

        assert 2 == house.sessions


class TestAnExpiredLink:
    async def test_is_replaced_from_the_invitation(
        self, house: House, invitation: Invitation, phone: Person
    ) -> None:
        await phone.open(invitation.url)
        await phone.starts()
        house.pass_time(130)
        await phone.page.reload()
        await expect(phone.page).to_have_title("This link no longer works")

        await phone.is_patient()
        await phone.open(invitation.url)
        await phone.starts_again()
        await phone.ends_the_check()
        await phone.sees(*PASSED)

        assert 2 == house.sessions


class TestBackAndReload:
    async def test_change_nothing_anywhere_on_the_way(
        self, house: House, invitation: Invitation, phone: Person
    ) -> None:
        await phone.open(invitation.url)
        await phone.page.reload()
        await phone.sees("invite")
        await phone.starts()
        await phone.page.reload()
        await phone.is_before_the_camera()
        assert 1 == house.sessions

        await phone.page.go_back()
        await phone.sees("invite", "try_again", "checking")
        await phone.page.go_forward()
        await phone.is_before_the_camera()
        await phone.ends_the_check()
        await phone.sees(*PASSED)
        await phone.page.reload()
        await phone.sees(*PASSED)
        await invitation.comes_to(Stage.COMPLETED)
        await phone.page.reload()
        await phone.sees("finished")
        await phone.page.go_back()
        await phone.page.wait_for_load_state()
        await phone.open(invitation.url)
        await phone.sees("finished")

        assert 1 == house.sessions

    async def test_after_a_failed_scan_tell_the_same_again(
        self, house: House, invitation: Invitation, phone: Person
    ) -> None:
        await phone.open(invitation.url)
        await phone.starts()
        await phone.ends_the_check("Fail the check")
        await phone.sees("not_passed")
        await phone.page.reload()
        await phone.sees("not_passed")

        assert 1 == house.sessions

    async def test_after_a_no_tell_of_the_no(self, invitation: Invitation, phone: Person) -> None:
        await phone.open(invitation.url)
        await phone.page.get_by_role("link", name="No, thank you").click()
        await phone.page.get_by_role("button", name="Yes, I say no").click()
        await phone.sees("declined")
        await phone.page.reload()
        await phone.sees("declined")
        await phone.page.go_back()
        await phone.page.reload()

        await phone.sees("declined")


class TestASecondDevice:
    async def test_takes_over_when_it_is_told_to(
        self, house: House, invitation: Invitation, phone: Person, somebody: NewPerson
    ) -> None:
        other = await somebody(**PHONE)
        await phone.open(invitation.url)
        await phone.starts()
        await other.open(invitation.url)
        await other.agrees()
        await other.start.click()
        await other.sees("other_device")
        assert 1 == house.sessions

        await other.starts_again()
        await other.ends_the_check()
        await other.sees(*PASSED)
        await phone.open(invitation.url)
        await phone.sees(*PASSED)

        assert 2 == house.sessions


class TestAWorkerThatIsAway:
    async def test_is_waited_for_by_a_page_that_goes_on_by_itself(
        self, house: House, invitation: Invitation, phone: Person
    ) -> None:
        house.processes.kill("worker")
        try:
            await phone.open(invitation.url)
            await phone.agrees()
            await phone.start.click()
            await phone.sees("preparing")
        finally:
            house.processes.restart("worker")
        await phone.gets_before_the_camera()

        assert 1 == house.sessions
