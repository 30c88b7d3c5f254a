"""The pages of one visit: what the run's state, a form and a way on make of them."""

from dataclasses import replace

from starlette.responses import Response

from web.consent import CURRENT_VERSION
from web.deps import PublicDeps
from web.forms import FormFields
from web.onboardings import RunGoneError
from web.pages import Page, page_of, pause_s
from web.rendering import Extras, StartForm, rendered
from web.taps import Tap
from web.visits import Visit, neutral

LOOKED = "looked"
"""Query parameter of a page somebody has just come back to: how often it has looked for news."""

_PREPARING_REFRESH_S = 2


class PersonPages:
    """Builds the responses of a visit."""

    def __init__(self, deps: PublicDeps) -> None:
        self._deps = deps

    async def now(
        self,
        visit: Visit,
        *,
        looked: int | None = None,
        notice: str | None = None,
        status: int = 200,
    ) -> Response:
        """Ask the run and show where it stands.

        ``notice`` and ``status`` are about a form; they count only where the page has one.
        """
        try:
            run = await visit.glance(self._deps)
        except RunGoneError:
            return rendered(Page.OVER, 410)
        if run is None:
            return neutral(self._deps, "revoked")
        page = page_of(run, looked=looked)
        if not page.offers_start:
            notice, status = None, 200
        return self.shown(visit, page, looked=looked or 0, notice=notice, status=status)

    def shown(
        self,
        visit: Visit,
        page: Page,
        *,
        looked: int = 0,
        notice: str | None = None,
        status: int = 200,
    ) -> Response:
        """Show ``page`` with whatever leads on from it."""
        extras = Extras(notice=notice)
        if page is Page.CHECKING:
            following = f"{visit.path}?{LOOKED}={looked + 1}"
            extras = Extras(
                refresh=following,
                refresh_s=pause_s(looked),
                look_again=following,
                start_again=f"{visit.path}/again",
            )
        elif page.offers_start:
            fields = self._deps.forms.fresh(visit.token, CURRENT_VERSION)
            start = self._form(visit, fields, "Start" if page is Page.INVITE else "Start again")
            look_again = f"{visit.path}?{LOOKED}=0" if page is Page.TRY_AGAIN else None
            extras = replace(extras, start=start, look_again=look_again)
        return rendered(page, status, extras)

    def preparing(self, visit: Visit, tap: Tap, fields: FormFields | None) -> Response:
        """Show that the tap is under way; goes on by itself, and by the button.

        The button sends the same form again; without ``fields`` there is only the way by itself.
        """
        form = None
        if fields is not None:
            form = replace(self._form(visit, fields, "Continue"), agreed=True)
        extras = Extras(
            start=form,
            refresh=f"{visit.path}/preparing/{tap.update_id}",
            refresh_s=_PREPARING_REFRESH_S,
        )
        return rendered(Page.PREPARING, 200, extras)

    def ready(self, visit: Visit, tap: Tap) -> Response:
        """Show that the check is ready; the button fetches its link, which no GET ever gives."""
        return rendered(Page.READY, 200, Extras(go_on=f"{visit.path}/preparing/{tap.update_id}"))

    def _form(self, visit: Visit, fields: FormFields, button: str) -> StartForm:
        return StartForm(
            action=f"{visit.path}/start",
            fields=fields,
            consent=self._deps.consent_texts[fields.text],
            button=button,
        )
