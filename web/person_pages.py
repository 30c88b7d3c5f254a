"""The pages of one visit: what the run's state, a form and a way on make of them."""

from dataclasses import replace
from datetime import UTC, datetime

from starlette.responses import Response

from web.asking import asking_of
from web.consent import ConsentText, consent_in, consented_text
from web.deps import PublicDeps
from web.devices import is_same
from web.forms import FormFields
from web.handoff import qr_of
from web.pages import Page, checking_pause_s, following_pause_s, why_of
from web.reader import BACK, HERE, SINCE
from web.rendering import (
    Choices,
    Extras,
    Following,
    Handoff,
    InAppAdvice,
    SealedForm,
    StartForm,
)
from web.taps import Tap
from web.texts import (
    ADVICE,
    ANSWERS,
    BEGUN_ELSEWHERE,
    CONTINUE,
    START,
    START_AGAIN,
    USE_THIS_DEVICE,
)
from web.truth import Truth
from web.visits import Visit

FINISHED, DECLINE, WITHDRAW = "finished", "decline", "withdraw"
"""Last parts of paths, and what the forms there are sealed for."""

_PREPARING_REFRESH_S = 2
_SCRIPT_LOOKS_AFTER_S = 2
_SCRIPT_WATCHES_AFTER_S = 15

_WITH_RECEIPT = frozenset(
    {
        Page.CHECKING,
        Page.TRY_AGAIN,
        Page.NOT_PASSED,
        Page.EXHAUSTED,
        Page.DONE,
        Page.FINISHED,
        Page.WITHDRAWN,
    }
)
_WITH_FINISHED = frozenset({Page.TRY_AGAIN, Page.EXHAUSTED})
_WATCHED = frozenset({Page.TRY_AGAIN, Page.NOT_PASSED, Page.EXHAUSTED, Page.HELD})
_ANSWER_AT = {Page.SAY_NO: DECLINE, Page.WITHDRAW: WITHDRAW}


class PersonPages:
    """Builds the responses of a visit."""

    def __init__(self, deps: PublicDeps) -> None:
        self._deps = deps

    def shown(
        self,
        visit: Visit,
        truth: Truth,
        *,
        notice: str | None = None,
        status: int = 200,
        follows: bool = True,
    ) -> Response:
        """Show ``truth`` with whatever leads on from it.

        ``notice`` and ``status`` are about a form; they count only where the page has one. A page
        that does not say what is true just now ``follows`` nothing.
        """
        page = truth.page
        if not page.offers_start:
            notice, status = None, 200
        if page is Page.OVER and truth.run is None:
            status = 410
        more = self._extras(visit, truth)
        if notice is not None:
            more = replace(more, notices=(notice, *more.notices))
        if not follows:
            more = replace(more, following=None)
        return self._deps.renderer.page(visit.reader, page, status, more=more)

    def asked(self, visit: Visit, truth: Truth, page: Page) -> Response:
        """Show a page that asks before it does something."""
        action = f"{visit.path}/{_ANSWER_AT[page]}"
        question = SealedForm(
            action=action,
            fields=self._deps.forms.fresh(visit.token, _ANSWER_AT[page]),
            button=ANSWERS[page],
            back=visit.path,
        )
        about = self._about(visit, truth)
        # One thing on this page; who asks stands on the page it was asked from.
        contact = about.asking.contact if about.asking else about.contact
        more = replace(about, question=question, choices=None, asking=None, contact=contact)
        return self._deps.renderer.page(visit.reader, page, more=more)

    def refused(
        self, visit: Visit, truth: Truth, page: Page, *, fields: FormFields | None
    ) -> Response:
        """Show why a tap opened nothing, with the tap that would.

        ``fields`` are those of the refused form, whose consent holds for the next one.
        """
        takes_over = page is Page.OTHER_DEVICE
        text = self._text(visit) if fields is None else self._deps.consent_texts[fields.text]
        start = replace(
            self._form(visit, text, USE_THIS_DEVICE if takes_over else START_AGAIN),
            agreed=fields is not None,
            take_over=takes_over,
        )
        look_again = visit.path if takes_over else None
        more = replace(self._about(visit, truth), start=start, look_again=look_again)
        return self._deps.renderer.page(visit.reader, page, more=more)

    def preparing(
        self, visit: Visit, tap: Tap, fields: FormFields | None, *, take_over: bool = False
    ) -> Response:
        """Show that the tap is under way; goes on by itself, and by the button.

        The button sends the same form again, ``take_over`` included; without ``fields`` it asks for
        the tap's outcome.
        """
        form, following = None, f"{visit.path}/preparing/{tap.update_id}"
        if fields is not None:
            text = self._deps.consent_texts[fields.text]
            form = replace(
                self._form(visit, text, CONTINUE), fields=fields, agreed=True, take_over=take_over
            )
        more = Extras(
            start=form,
            look_again=following if form is None else None,
            refresh=following,
            refresh_s=_PREPARING_REFRESH_S,
            home=visit.path,
        )
        return self._deps.renderer.page(visit.reader, Page.PREPARING, more=more)

    def ready(self, visit: Visit, tap: Tap) -> Response:
        """Show that the check is ready; the button fetches its link, which no GET ever gives."""
        more = Extras(go_on=f"{visit.path}/preparing/{tap.update_id}")
        return self._deps.renderer.page(visit.reader, Page.READY, more=more)

    def pause_s(self, visit: Visit, truth: Truth) -> int | None:
        """Give the seconds after which a script is to look again; None when nothing will change."""
        page, coming, now = truth.page, visit.reader.coming, self._deps.clock()
        if page is Page.CHECKING:
            return _SCRIPT_LOOKS_AFTER_S
        if page is Page.HANDOFF:
            return following_pause_s(now - (coming.since or now))
        return _SCRIPT_WATCHES_AFTER_S if page in _WATCHED else None

    def _extras(self, visit: Visit, truth: Truth) -> Extras:
        more = self._about(visit, truth)
        match truth.page:
            case Page.CHECKING:
                more = self._checking(visit, truth, more)
            case Page.HANDOFF:
                more = self._handing_off(visit, truth, more)
            case page if page.offers_start:
                more = self._starting(visit, truth, more)
            case _:
                pass
        if truth.page in _WITH_FINISHED:
            fields = self._deps.forms.fresh(visit.token, FINISHED)
            form = SealedForm(action=f"{visit.path}/{FINISHED}", fields=fields)
            more = replace(more, finished=form)
        pause_s = self.pause_s(visit, truth)
        if pause_s is None or visit.reader.posted:
            return more
        query = visit.reader.coming.query(**self._since(visit, truth))
        return replace(more, following=Following(f"{visit.path}/state{query}", pause_s))

    def _about(self, visit: Visit, truth: Truth) -> Extras:
        """Give what any page of the visit shows of who asks, and what a person may do."""
        page, path = truth.page, visit.path
        now = datetime.fromtimestamp(self._deps.clock(), tz=UTC)
        asking = None if truth.run is None else asking_of(truth.run, visit.reader.language, now=now)
        whole = page in (Page.INVITE, Page.HANDOFF)
        has_receipt = page in _WITH_RECEIPT or truth.may_withdraw
        choices = Choices(
            receipt=f"{path}/receipt" if has_receipt else None,
            withdraw=f"{path}/{WITHDRAW}" if truth.may_withdraw else None,
            decline=f"{path}/{DECLINE}" if truth.may_decline else None,
        )
        return Extras(
            asking=asking if whole else None,
            contact=asking.contact if asking and not whole else None,
            choices=choices if any(choices) else None,
            home=path if visit.reader.posted else "",
        )

    def _checking(self, visit: Visit, truth: Truth, more: Extras) -> Extras:
        coming, now = visit.reader.coming, int(self._deps.clock())
        age_s = now - (coming.back or now)
        following = f"{visit.path}{coming.query(**({} if coming.back else {BACK: str(now)}))}"
        why = why_of(truth.details, coming)
        return replace(
            more,
            notices=(ADVICE[why],) if why else (),
            why=why,
            refresh=following,
            refresh_s=checking_pause_s(age_s),
            look_again=following,
            start_again=f"{visit.path}/again" if truth.may_start else None,
        )

    def _handing_off(self, visit: Visit, truth: Truth, more: Extras) -> Extras:
        coming, now = visit.reader.coming, self._deps.clock()
        pause_s = following_pause_s(now - (coming.since or now))
        following = f"{visit.path}{coming.query(**self._since(visit, truth))}"
        begun = truth.details is not None
        return replace(
            more,
            notices=(BEGUN_ELSEWHERE,) if begun else (),
            handoff=Handoff(qr_of(visit.link(self._deps)), f"{visit.path}?{HERE}=1"),
            refresh=None if pause_s is None else following,
            refresh_s=pause_s or 0,
            look_again=visit.path if pause_s is None else None,
        )

    def _since(self, visit: Visit, truth: Truth) -> dict[str, str]:
        counts = truth.page is Page.HANDOFF and visit.reader.coming.since is None
        return {SINCE: str(int(self._deps.clock()))} if counts else {}

    def _starting(self, visit: Visit, truth: Truth, more: Extras) -> Extras:
        details, coming = truth.details, visit.reader.coming
        why = why_of(details, coming) if truth.page is Page.NOT_PASSED else None
        app = visit.reader.in_app
        return replace(
            more,
            notices=(ADVICE[why],) if why else (),
            start=self._start(visit, truth),
            in_app=InAppAdvice(*app, visit.link(self._deps)) if app else None,
            attempts_left=details.attempts_left if details else None,
        )

    def _start(self, visit: Visit, truth: Truth) -> StartForm:
        """Give the Start form: one tap for who has agreed on this browser, else the whole text."""
        details = truth.details
        if details and details.consent and is_same(visit.reader, details.device):
            agreed = consented_text(self._deps.consent_texts, details.consent)
            if agreed is not None and agreed.is_current:
                form = self._form(visit, agreed, START_AGAIN)
                return replace(form, agreed=True, folded=True)
        button = START if truth.page is Page.INVITE else START_AGAIN
        return self._form(visit, self._text(visit), button)

    def _text(self, visit: Visit) -> ConsentText:
        return consent_in(self._deps.consent_texts, visit.reader.language.tag)

    def _form(self, visit: Visit, text: ConsentText, button: str) -> StartForm:
        return StartForm(
            action=f"{visit.path}/start",
            fields=self._deps.forms.fresh(visit.token, text.version),
            consent=text,
            button=button,
        )
