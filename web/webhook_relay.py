"""The webhook relay: the upstream says that a video has ended, and its run looks for itself.

https://docs.apimart.ai/en/api-reference/tasks/webhook: unsigned, possibly repeated, and sent again
after about 10, 30 and 60 s where it was answered by a 5xx. So the token in the path is the check,
opened before anything is asked of Temporal, and nothing in the body is believed or even read.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from likeness.temporal.errors import TemporalAwayError
from web.bodies import drained
from web.calls import RunGoneError
from web.deps import PublicDeps
from web.quotas import MINUTE_S, Quota, Quotas
from web.tally import Happening
from web.visits import AWAY_REFRESH_S, neutral

HINTS_A_MINUTE = Quota(3, MINUTE_S)


class WebhookRelay:
    """Answers ``/webhook/{token}/callback``."""

    def __init__(self, deps: PublicDeps) -> None:
        self._deps = deps
        self._quotas = Quotas(MINUTE_S, clock=deps.steady_clock)

    async def receive(self, request: Request, token: str) -> Response:
        """Take a hint: 200 also where nothing is left to hint at, 503 to hear it again."""
        video = self._deps.links.open_video(token)
        if video is None:
            self._deps.tally.note(Happening.WEBHOOK_REFUSED, reason="token")
            return neutral(request, self._deps, "token")
        await drained(request)
        try:
            await self._told(video.workflow_id)
        except TemporalAwayError:
            self._deps.tally.note(Happening.TEMPORAL_AWAY, reason=request.method)
            headers = {"Retry-After": str(AWAY_REFRESH_S)}
            return JSONResponse({"received": False}, 503, headers=headers)
        return JSONResponse({"received": True})

    async def _told(self, workflow_id: str) -> None:
        if self._quotas.wait_s(workflow_id, HINTS_A_MINUTE):
            self._deps.tally.note(Happening.WEBHOOK_REFUSED, reason="too_many")
            return
        try:
            await self._deps.videos.tell_changed(workflow_id)
        except RunGoneError:
            self._deps.tally.note(Happening.WEBHOOK_REFUSED, reason="run_gone")
        except BaseException:
            # Not taken, so it must not count: the next try is the same hint.
            self._quotas.give_back(workflow_id)
            raise
        else:
            self._deps.tally.note(Happening.WEBHOOK_RECEIVED)
