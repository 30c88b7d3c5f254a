"""What the pages say, in plain words: one heading and a few sentences each."""

from typing import NamedTuple

from likeness.failures import FailureCode
from web.pages import Page


class PageText(NamedTuple):
    """Heading and paragraphs (parted by an empty line); ``mark`` is the heading's colour."""

    heading: str
    body: str
    mark: str = "plain"

    @property
    def paragraphs(self) -> list[str]:
        """Give the body in paragraphs."""
        return self.body.split("\n\n")


TEXTS: dict[Page, PageText] = {
    Page.INVITE: PageText(
        "You are invited to confirm that you are you",
        "Somebody would like to make an avatar of you for videos. Before that, they need your "
        "agreement and a short camera check. It takes about a minute.",
    ),
    Page.PREPARING: PageText(
        "One moment, we are preparing the camera check",
        "This page goes on by itself, usually within seconds.\n\n"
        "Your camera is still off, and no check has begun.",
        "wait",
    ),
    Page.READY: PageText(
        "The camera check is ready",
        "Go on now: it waits for two minutes. Your camera is still off.",
        "good",
    ),
    Page.CHECKING: PageText(
        "Thank you. We are checking the result",
        "This usually takes less than a minute. The page looks for the answer by itself.",
        "wait",
    ),
    Page.TRY_AGAIN: PageText(
        "No passed check so far",
        "If you have just finished the camera check, its result may still arrive: look again in "
        "a minute.\n\n"
        "If it was interrupted or did not pass, you can start again here. Good light helps, and "
        "nobody else in the picture.",
    ),
    Page.HELD: PageText(
        "We have trouble on our side",
        "It is nothing you did. Please come back later; this link stays good. You may also try "
        "again now.",
        "trouble",
    ),
    Page.EXHAUSTED: PageText(
        "All tries are used up",
        "The camera check was tried as often as it may be. The people who invited you can send "
        "you a new invitation.",
        "trouble",
    ),
    Page.DONE: PageText(
        "You have passed",
        "It is safe to close this page. There is nothing left for you to do. Thank you.",
        "good",
    ),
    Page.FINISHED: PageText(
        "All done",
        "It is safe to close this page. You passed the check, and everything after it is "
        "finished. Thank you.",
        "good",
    ),
    Page.DECLINED: PageText(
        "You said no, and that is fine",
        "Nothing more happens, and this page can be closed.",
    ),
    Page.EXPIRED: PageText(
        "This invitation has run out",
        "Its time is over, and there is nothing left for you to do. If you would still like to "
        "take part, ask the people who invited you for a new invitation.",
    ),
    Page.FAILED: PageText(
        "This invitation ended without a result",
        "There is nothing left for you to do. The people who invited you can tell you more.",
    ),
    Page.CANCELED: PageText(
        "This invitation was called off",
        "It was ended on the side of the people who invited you. There is nothing left for you "
        "to do, and this page can be closed.",
    ),
    Page.OVER: PageText(
        "This invitation is over",
        "There is nothing left for you to do, and this page can be closed.",
    ),
    Page.AWAY: PageText(
        "We are away for a moment",
        "Something on our side is not running. Your link stays good, and this page tries again "
        "by itself.",
        "trouble",
    ),
    Page.ELSEWHERE: PageText(
        "Please start from your own link",
        "The button was pressed on another site's page, so nothing was started. Open the link "
        "that was sent to you and start there.",
        "trouble",
    ),
    Page.NEUTRAL: PageText(
        "There is nothing at this address",
        "Check that the link is complete. If it is, ask the people who sent it to you for a new "
        "one.",
    ),
    Page.TOO_LARGE: PageText(
        "That was too much",
        "What was sent here is larger than we take.",
    ),
    Page.WRONG_METHOD: PageText(
        "That does not work here",
        "Open the link that was sent to you.",
    ),
    Page.BROKEN: PageText(
        "Something went wrong on our side",
        "It is nothing you did. Please try again in a minute; your link stays good.",
        "trouble",
    ),
}

CONSENT_MISSING = "Please tick the box if you agree. Without it nothing can be started."

FORM_TOO_OLD = "That page had grown too old to start from. This one is fresh: please tap once more."

TAP_OUTCOMES: dict[FailureCode, str] = {
    FailureCode.CONSENT_MISSING: CONSENT_MISSING,
    FailureCode.TAP_TOO_OLD: "Your tap came too late, so nothing was started. Please tap again.",
    FailureCode.SESSION_LOST: "The check could not be opened, and that counts as one try.",
    FailureCode.SESSION_INCOMPLETE: "The check was not ready in time, and that counts as one try.",
}
"""What the person is told of a tap that opened nothing."""

TAP_CAME_TO_NOTHING = "The check could not be opened just now. Please tap again."
