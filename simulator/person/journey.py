"""Walk from the invite link through the check and back, as one of several kinds of person."""

import concurrent.futures
import time
from collections.abc import Callable
from enum import StrEnum

from simulator.person.browser import Browser, ConnectionLostError, JourneyError, OutOfTimeError
from simulator.person.page import Form, Page, origin_of

WAIT_S = 1
DEAD_LINK_WAIT_S = 2
MOST_UNCHANGED = 3
MOST_IDLE = 15
GONE = (400, 403, 404, 410)
FIRST_SERVER_ERROR = 500
REFUSING = ("decline", "withdraw", "not agree", "no,", "no thanks", "cancel", "revoke")
LEADING_ON = ("start", "begin", "continue", "again", "retry", "verify", "check")
FINISHED = ("finished", "done")


class PersonScenario(StrEnum):
    """What kind of person this is."""

    PASSES = "pass"
    FAILS = "fail"
    ABANDONS = "abandon"
    FAILS_THEN_PASSES = "fail_then_pass"
    CLOSES_AFTER_PASSING = "close_after_pass"
    TAPS_TWICE = "double_tap"
    TRIES_ANOTHER_DEVICE = "wrong_device"


class Journey:
    """One person's way. `say` gets what is read, in lines without link or token."""

    def __init__(self, invite_url: str, *, timeout_s: float, say: Callable[[str], None]) -> None:
        self._invite_url = invite_url
        self._home = origin_of(invite_url)
        self._deadline = time.monotonic() + timeout_s
        self._say = say
        self.headings: list[str] = []

    def run(self, scenario: PersonScenario) -> str:
        """Return a sentence on how it ended; raise JourneyError where it ended otherwise."""
        with Browser(deadline=self._deadline, say=self._say) as browser:
            match scenario:
                case PersonScenario.TAPS_TWICE:
                    check = self._tap_twice(browser)
                    return self._come_back(browser, check, verdict="pass")
                case PersonScenario.TRIES_ANOTHER_DEVICE:
                    return self._try_elsewhere(browser)
                case PersonScenario.FAILS_THEN_PASSES:
                    check = self._reach_check(browser)
                    self._come_back(browser, check, verdict="fail")
                    return self._come_back(browser, self._reach_check(browser), verdict="pass")
                case _:
                    return self._once(browser, scenario)

    def _once(self, browser: Browser, scenario: PersonScenario) -> str:
        check = self._reach_check(browser)
        match scenario:
            case PersonScenario.ABANDONS:
                return "The check was opened and left alone."
            case PersonScenario.CLOSES_AFTER_PASSING:
                form = _verdict_form(check, "pass")
                button = form.button("pass")
                if button is not None:
                    browser.submit_and_close(check, form, button=button)
                return "The check was passed and the page closed before the way back."
            case PersonScenario.FAILS:
                return self._come_back(browser, check, verdict="fail")
            case _:
                return self._come_back(browser, check, verdict="pass")

    def _reach_check(self, browser: Browser, page: Page | None = None) -> Page:
        page = page or browser.open(self._invite_url)
        idle, tapped = 0, False
        while not is_check(page):
            self._read(page)
            form = self._form_to_press(page)
            if page.origin != self._home:
                browser.wait(DEAD_LINK_WAIT_S)
                page = browser.open(self._invite_url)
            elif page.refresh is not None and (form is None or tapped):
                page = _refreshed(browser, page)
            elif form is not None:
                # A second press on the same page waits, as its words ask for.
                browser.wait(page.retry_after_s or WAIT_S if tapped else 0)
                page, tapped = self._press(browser, page, form=form), True
                continue
            else:
                page, idle = self._reload(browser, page, idle=idle), idle + 1
            tapped = False
        self._read(page)
        return page

    def _press(self, browser: Browser, page: Page, *, form: Form) -> Page:
        try:
            return browser.submit(page, form)
        except ConnectionLostError:
            # People go back and look again; whether the tap arrived is the server's to know.
            browser.wait(WAIT_S)
            return browser.open(self._invite_url)

    def _reload(self, browser: Browser, page: Page, *, idle: int) -> Page:
        if page.status in GONE or idle >= MOST_IDLE:
            raise JourneyError(f"the page “{page.heading or page.status}” leads nowhere")
        browser.wait(page.retry_after_s or WAIT_S)
        return browser.open(self._invite_url)

    def _form_to_press(self, page: Page) -> Form | None:
        consents = [form for form in page.forms if form.required_boxes]
        if consents:
            return consents[0]
        usable = [form for form in page.forms if not _says(form, REFUSING + FINISHED)]
        leading = [form for form in usable if _says(form, LEADING_ON)]
        only = usable if len(page.forms) == 1 else []
        return next(iter([*leading, *only]), None)

    def _come_back(self, browser: Browser, check: Page, *, verdict: str) -> str:
        form = _verdict_form(check, verdict)
        page = browser.submit(check, form, button=form.button(verdict))
        while page.refresh is not None and page.origin != self._home:
            self._read(page)
            page = _refreshed(browser, page)
        if page.origin != self._home:
            self._read(page)
            page = self._return_by_hand(browser)
        page = self._settled(browser, page)
        if page.status in GONE:
            raise JourneyError(f"the way back ended on “{page.heading or page.status}”")
        ended = {"pass": "passed", "fail": "failed"}[verdict]
        return f"The check was {ended} and the way back led to “{page.heading}”."

    def _return_by_hand(self, browser: Browser) -> Page:
        self._say("Nothing leads back from here; opening the link again.")
        page = browser.open(self._invite_url)
        told = next((form for form in page.forms if _says(form, FINISHED)), None)
        return page if told is None else browser.submit(page, told)

    def _settled(self, browser: Browser, page: Page) -> Page:
        """Follow our page until it rests: it leads on no more, or says the same again and again."""
        unchanged = 0
        while unchanged < MOST_UNCHANGED:
            self._read(page)
            try:
                following = self._following(browser, page)
            except OutOfTimeError:
                if page.status >= FIRST_SERVER_ERROR:
                    raise
                return page
            if following is None:
                return page
            unchanged = unchanged + 1 if following.heading == page.heading else 0
            if following.status >= FIRST_SERVER_ERROR:
                unchanged = 0
            page = following
        return page

    def _following(self, browser: Browser, page: Page) -> Page | None:
        if page.refresh is not None:
            return _refreshed(browser, page)
        if page.status < FIRST_SERVER_ERROR:
            return None
        browser.wait(page.retry_after_s or WAIT_S)
        return browser.open(page.url)

    def _tap_twice(self, browser: Browser) -> Page:
        page = browser.open(self._invite_url)
        self._read(page)
        form = self._form_to_press(page)
        if form is None:
            raise JourneyError(f"the page “{page.heading}” has nothing to tap")
        with browser.second_tab() as tab, concurrent.futures.ThreadPoolExecutor(2) as hands:
            taps = [hands.submit(window.submit, page, form) for window in (browser, tab)]
            pages = [tap.result() for tap in taps]
            first = self._reach_check(browser, pages[0])
            second = self._reach_check(tab, pages[1])
        if first.url != second.url:
            raise JourneyError("two taps led to two different checks")
        return first

    def _try_elsewhere(self, browser: Browser) -> str:
        check = self._reach_check(browser)
        with Browser(deadline=self._deadline, say=self._say) as other:
            page = other.open(self._invite_url)
            self._read(page)
            consent = next((form for form in page.forms if form.required_boxes), None)
            if consent is not None:
                page = other.submit(page, consent)
                self._read(page)
            if is_check(page):
                raise JourneyError("a second device was let into the check of the first")
        ended = self._come_back(browser, check, verdict="pass")
        return f"The second device was not let in. {ended}"

    def _read(self, page: Page) -> None:
        heading = page.heading or page.title
        if self.headings[-1:] != [heading]:
            self.headings.append(heading)
            self._say(f"{heading}: {page.sentence}" if page.sentence else heading)


def is_check(page: Page) -> bool:
    """Say whether a page is the face check itself: it lets one pass or fail."""
    return any(form.button("pass") is not None for form in page.forms)


def _verdict_form(page: Page, verdict: str) -> Form:
    forms = (form for form in page.forms if form.button(verdict) is not None)
    found = next(forms, None)
    if found is None:
        raise JourneyError(f"the check has no button to {verdict}")
    return found


def _refreshed(browser: Browser, page: Page) -> Page:
    refresh = page.refresh
    if refresh is None:
        return page
    browser.wait(refresh.after_s)
    return browser.open(refresh.url, came_from=page)


def _says(form: Form, words: tuple[str, ...]) -> bool:
    return any(word in form.label for word in words)
