"""The callback relay: wakes the run when a browser comes back, and believes nothing it brings.

The token in the path is the check; it is opened before anything is asked of Temporal. The answer
goes out only after the server has taken the signal, so a hint that was answered is never lost.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from apimart.callbacks import read_callback
from likeness.messages.conversation import VerificationCallback
from runtime.links import INVITE_PATH, CallbackToken, InviteToken
from web.advice import Why
from web.bodies import body_of
from web.calls import RunGoneError
from web.deps import PublicDeps
from web.quotas import HOUR_S, MINUTE_S, Quota, Quotas
from web.reader import Coming
from web.start import is_prefetch
from web.tally import Happening
from web.visits import neutral, or_away

SIGNALS_A_MINUTE = Quota(3, MINUTE_S)
SIGNALS_A_TOKEN = Quota(10, HOUR_S)
"""A token lives for less than an hour, so that its signals stay few in the run's history."""

LATE_AFTER_TOKEN_S = 5 * 60
"""Beyond the upstream token's own life plus this, no look could tell anything any more."""


class CallbackRelay:
    """Answers ``/callback/{token}``."""

    def __init__(self, deps: PublicDeps) -> None:
        self._deps = deps
        self._quotas = Quotas(HOUR_S, clock=deps.steady_clock)

    async def receive(self, request: Request, token: str) -> Response:
        """Take a callback: GET from a browser, POST from a form or a server.

        Both are answered by a redirect to the person's page; a POST that asks for JSON and not
        for HTML gets ``{"received": true}`` with 200 instead.
        """
        callback = self._deps.links.open_callback(token)
        if callback is None:
            # Before a byte of the body is read: strangers shall cost as little as can be.
            self._deps.tally.note(Happening.CALLBACK_REFUSED, reason="token")
            return neutral(request, self._deps, "token")
        body = await body_of(request)
        if request.method == "HEAD" or is_prefetch(request):
            return self._answer(request, callback)
        return await or_away(self._told(request, callback, body), request, self._deps)

    async def _told(self, request: Request, callback: CallbackToken, body: bytes) -> Response:
        hint = read_callback(
            query=request.scope["query_string"].decode("latin-1"),
            content_type=request.headers.get("content-type"),
            body=body,
        )
        why = Why.of(hint.result_code)
        if reason := self._unwanted(callback):
            self._note(Happening.CALLBACK_REFUSED, callback, reason)
            return self._answer(request, callback, why)
        signal = VerificationCallback(attempt=callback.attempt, result_code=hint.result_code)
        try:
            await self._deps.onboardings.tell_callback(callback.tenant, callback.onboarding, signal)
        except RunGoneError:
            self._note(Happening.CALLBACK_REFUSED, callback, "run_gone")
        except BaseException:
            # Not taken, so it must not count: the next try is the same callback.
            self._quotas.give_back(_key(callback))
            raise
        else:
            self._note(Happening.CALLBACK_RECEIVED, callback)
        return self._answer(request, callback, why)

    def _unwanted(self, callback: CallbackToken) -> str | None:
        """Say why the run is not to be woken; None when it is."""
        age = self._deps.clock() - callback.minted_at
        if age > self._deps.token_ttl_s + LATE_AFTER_TOKEN_S:
            return "too_late"
        # By what the token says: one text could be spelled in several ways.
        wait_s = self._quotas.wait_s(_key(callback), SIGNALS_A_MINUTE, SIGNALS_A_TOKEN)
        return "too_many" if wait_s else None

    def _answer(
        self, request: Request, callback: CallbackToken, why: Why | None = None
    ) -> Response:
        accepts = request.headers.get("accept", "")
        if request.method == "POST" and "json" in accepts and "html" not in accepts:
            return JSONResponse({"received": True})
        invite = InviteToken(
            tenant=callback.tenant,
            onboarding=callback.onboarding,
            person=callback.person,
            link=callback.link,
        )
        sealed = self._deps.links.seal_invite(invite)
        # A word of ours, never one that was sent: it only chooses what the page advises.
        coming = Coming(back=int(self._deps.clock()), why=why)
        page = f"{self._deps.path}{INVITE_PATH}/{sealed}"
        return RedirectResponse(f"{page}{coming.query()}", status_code=303)

    def _note(self, happening: Happening, callback: CallbackToken, reason: str = "") -> None:
        self._deps.tally.note(
            happening, reason=reason, tenant=callback.tenant, onboarding=callback.onboarding
        )


def _key(callback: CallbackToken) -> str:
    return f"{callback.tenant}/{callback.onboarding}/{callback.attempt}/{callback.minted_at}"
