"""What the pages say, in plain words: one heading and a few sentences each, in English.

Every text is a message of the catalogues: ``Language.say`` gives it in the reader's language.
"""

from typing import NamedTuple

from likeness.failures import FailureCode
from web.advice import Why
from web.pages import Page
from web.translating import marked as _


class PageText(NamedTuple):
    """Heading and paragraphs; ``mark`` is the heading's colour."""

    heading: str
    paragraphs: tuple[str, ...]
    mark: str = "plain"


TEXTS: dict[Page, PageText] = {
    Page.INVITE: PageText(
        _("You are invited to confirm that you are you"),
        (
            _(
                "You are asked whether an avatar of you may be made for videos. Before that, your "
                "agreement and a short camera check are needed."
            ),
        ),
    ),
    Page.HANDOFF: PageText(
        _("Go on with your phone"),
        (
            _(
                "Point your phone's camera at this code and open the link it shows. This page "
                "follows along by itself and tells you when the check is done."
            ),
        ),
    ),
    Page.PREPARING: PageText(
        _("One moment, we are preparing the camera check"),
        (
            _("This page goes on by itself, usually within seconds."),
            _("Your camera is still off, and no check has begun."),
        ),
        "wait",
    ),
    Page.READY: PageText(
        _("The camera check is ready"),
        (_("Go on now: it waits for two minutes. Your camera is still off."),),
        "good",
    ),
    Page.CHECKING: PageText(
        _("Thank you. We are checking the result"),
        (
            _(
                "This usually takes less than a minute. The page looks for the answer by itself. "
                "You may also close it and open your link again later."
            ),
        ),
        "wait",
    ),
    Page.TRY_AGAIN: PageText(
        _("No passed check so far"),
        (
            _(
                "If you have just finished the camera check, its result may still arrive. Tell us "
                "below, and we look again."
            ),
            _(
                "If it was interrupted or did not pass, you can start again here. Good light "
                "helps, and nobody else in the picture."
            ),
        ),
    ),
    Page.NOT_PASSED: PageText(
        _("The check did not pass this time"),
        (_("That happens, and nothing is lost. You can try again right away."),),
        "trouble",
    ),
    Page.OTHER_DEVICE: PageText(
        _("The check is open on another device"),
        (
            _(
                "It was started with this link on another phone or computer. If that was you, "
                "finish it there."
            ),
            _("You can also go on here. The check on the other device then counts no more."),
        ),
        "wait",
    ),
    Page.TOO_SOON: PageText(
        _("Please wait a moment"),
        (
            _(
                "A check was opened only seconds ago, so this tap opened none. Wait about ten "
                "seconds and tap again."
            ),
        ),
        "wait",
    ),
    Page.HELD: PageText(
        _("We have trouble on our side"),
        (
            _(
                "It is nothing you did. Please come back later; this link stays good. You may "
                "also try again now."
            ),
        ),
        "trouble",
    ),
    Page.EXHAUSTED: PageText(
        _("All tries are used up"),
        (
            _(
                "The camera check was tried as often as it may be. The people who invited you can "
                "give you more tries; this link stays good."
            ),
        ),
        "trouble",
    ),
    Page.DONE: PageText(
        _("You have passed"),
        (_("It is safe to close this page. There is nothing left for you to do. Thank you."),),
        "good",
    ),
    Page.FINISHED: PageText(
        _("All done"),
        (
            _(
                "It is safe to close this page. You passed the check, and everything after it is "
                "finished. Thank you."
            ),
        ),
        "good",
    ),
    Page.SAY_NO: PageText(
        _("Do you want to say no?"),
        (
            _(
                "Then no avatar of you is made, and this invitation ends. The people who invited "
                "you learn that you said no, and nothing else."
            ),
            _("You need no reason, and nobody may hold it against you."),
        ),
    ),
    Page.DECLINED: PageText(
        _("You said no, and that is fine"),
        (_("Nothing more happens, and this page can be closed."),),
    ),
    Page.WITHDRAW: PageText(
        _("Do you want to take your agreement back?"),
        (
            _(
                "Then nothing new is made of you. Your links end, videos that are waiting to be "
                "made are called off, and files that were kept must not be used any more."
            ),
            _(
                "A video that is being made at this very moment cannot be stopped. It is "
                "finished, kept sealed, and nobody may use it."
            ),
            _(
                "The provider of the camera check keeps your avatar in a group of its own. We "
                "cannot delete that group."
            ),
        ),
    ),
    Page.WITHDRAWN: PageText(
        _("Your agreement is taken back"),
        (
            _(
                "Nothing new is made of you, and what was made must not be used any more. There "
                "is nothing left for you to do."
            ),
            _(
                "The group at the provider that holds your avatar cannot be deleted by us. The "
                "people who invited you can tell you more about it."
            ),
        ),
    ),
    Page.ERASED: PageText(
        _("What we held of you is deleted"),
        (
            _(
                "The files kept of you are deleted, and nothing more is made. What the provider "
                "of the camera check holds is kept under its own rules."
            ),
        ),
    ),
    Page.EXPIRED: PageText(
        _("This invitation has run out"),
        (
            _(
                "Its time is over, and there is nothing left for you to do. If you would still "
                "like to take part, ask the people who invited you for a new invitation."
            ),
        ),
    ),
    Page.FAILED: PageText(
        _("This invitation ended without a result"),
        (_("There is nothing left for you to do. The people who invited you can tell you more."),),
    ),
    Page.CANCELED: PageText(
        _("This invitation was called off"),
        (
            _(
                "It was ended on the side of the people who invited you. There is nothing left "
                "for you to do, and this page can be closed."
            ),
        ),
    ),
    Page.OVER: PageText(
        _("This invitation is over"),
        (_("There is nothing left for you to do, and this page can be closed."),),
    ),
    Page.AWAY: PageText(
        _("We are away for a moment"),
        (
            _(
                "Something on our side is not running. Your link stays good, and this page tries "
                "again by itself."
            ),
        ),
        "trouble",
    ),
    Page.ELSEWHERE: PageText(
        _("Please start from your own link"),
        (
            _(
                "The button was pressed on another site's page, so nothing was started. Open the "
                "link that was sent to you and start there."
            ),
        ),
        "trouble",
    ),
    Page.NEUTRAL: PageText(
        _("There is nothing at this address"),
        (
            _(
                "Check that the link is complete. If it is, ask the people who sent it to you for "
                "a new one."
            ),
        ),
    ),
    Page.TOO_LARGE: PageText(
        _("That was too much"),
        (_("What was sent here is larger than we take."),),
    ),
    Page.WRONG_METHOD: PageText(
        _("That does not work here"),
        (_("Open the link that was sent to you."),),
    ),
    Page.BROKEN: PageText(
        _("Something went wrong on our side"),
        (_("It is nothing you did. Please try again in a minute; your link stays good."),),
        "trouble",
    ),
}

CONSENT_MISSING = _("Please tick the box if you agree. Without it nothing can be started.")

FORM_TOO_OLD = _(
    "That page had grown too old to start from. This one is fresh: please tap once more."
)

BEGUN_ELSEWHERE = _("The check was opened on a phone. This page goes on when it is done.")

TAP_OUTCOMES: dict[FailureCode, str] = {
    FailureCode.CONSENT_MISSING: CONSENT_MISSING,
    FailureCode.TAP_TOO_OLD: _("Your tap came too late, so nothing was started. Please tap again."),
    FailureCode.SESSION_LOST: _("The check could not be opened, and that counts as one try."),
    FailureCode.SESSION_INCOMPLETE: _(
        "The check was not ready in time, and that counts as one try."
    ),
}
"""What the person is told of a tap that opened nothing."""

TAP_CAME_TO_NOTHING = _("The check could not be opened just now. Please tap again.")

ADVICE: dict[Why, str] = {
    Why.INTERRUPTED: _(
        "The camera check says it was interrupted. Keep its page open until it brings you back."
    ),
    Why.LIVENESS: _(
        "The camera check was not sure that a living person was in front of it. Face a window or "
        "a lamp, hold the device at eye level and do what its page asks."
    ),
    Why.CLOSED: _("The camera check says it was closed before its end."),
    Why.TOO_MANY: _(
        "The camera check counted too many tries in a short time. Wait some minutes before you "
        "start again."
    ),
    Why.CAMERA: _(
        "The camera check could not open the camera. Allow the camera when the browser asks, "
        "close other programs that use it, or try another browser."
    ),
    Why.ANOTHER_FACE: _(
        "The camera check did not see one and the same person all the way. Only you should be in "
        "the picture."
    ),
    Why.NO_FACE: _(
        "The camera check found no face. Take off a mask or sunglasses, and keep your whole face "
        "in the picture."
    ),
    Why.PROVIDER: _(
        "The camera check had trouble of its own. It was nothing you did; try again in a minute."
    ),
}
"""Friendly advice by what the camera check claims; it proves nothing and only chooses words."""

START = _("Start")
START_AGAIN = _("Start again")
CONTINUE = _("Continue")
USE_THIS_DEVICE = _("Use this device instead")

ANSWERS: dict[Page, str] = {
    Page.SAY_NO: _("Yes, I say no"),
    Page.WITHDRAW: _("Yes, I take it back"),
}
"""The buttons of the pages that ask before they do something."""
