"""What happens to one onboarding, as server-sent events."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from likeness.failures import FailureCode
from likeness.temporal.onboardings import describe_onboarding
from runtime.api_keys import Scope
from web.api import samples
from web.api.callers import Admitted
from web.api.deps import ApiDeps
from web.api.documenting import EVENT_STREAM, operation
from web.api.looking import Looked, look, look_closer, tag_of
from web.api.naming import LAST_EVENT_ID, NO_SUCH, OnboardingId, with_parameter
from web.api.problems import ProblemError
from web.api.routing import api_router
from web.api.streaming import EventStream, Places, event_id_of, is_same, snapshots
from web.api.watching import Run, Watch
from web.calls import CONNECTED_WITHIN_S

_DETAILS_AGAIN_S = 5.0
"""Asking a run that no worker tends costs the server more than describing it."""

_SENT_AWAY = frozenset({FailureCode.KEY_MISSING, FailureCode.KEY_REFUSED, FailureCode.KEY_EXPIRED})


def event_routes(deps: ApiDeps) -> APIRouter:
    """Give the routes."""
    routes = api_router()
    follower = _Follower(deps)

    @routes.get(
        "/onboardings/{onboarding}/events",
        response_class=StreamingResponse,
        **with_parameter(
            LAST_EVENT_ID,
            operation(
                Scope.READ,
                "follow_onboarding",
                "Follow an onboarding",
                answer=samples.EVENTS,
                media_type=EVENT_STREAM,
                refusals=NO_SUCH,
                also={204: "It has ended, and Last-Event-ID is of its last event."},
            ),
        ),
    )
    async def follow_onboarding(
        caller: Admitted, onboarding: OnboardingId, request: Request
    ) -> Response:
        """Tell where it stands at once, and after each change, until it has ended.

        Every event carries the whole onboarding: `onboarding` while it goes on, `ended` as the last
        one. Come back with the Last-Event-ID and you are told only what is new; a stream may be cut
        at any time. A comment comes at least every 15 s.
        """
        run = (caller.tenant, onboarding)
        return await follower.follow(caller.key_id, run, request)

    return routes


class _Follower:
    def __init__(self, deps: ApiDeps) -> None:
        self._deps = deps
        self._places = Places()
        self._watch = Watch(self._look_again)

    async def follow(self, key_id: str, run: Run, request: Request) -> Response:
        """Give the stream; raises as ``look`` before it begins."""
        last_event_id = request.headers.get(LAST_EVENT_ID["name"], "")
        leave = self._places.take(key_id)
        try:
            seen = await look(await self._deps.client(CONNECTED_WITHIN_S), *run)
        except BaseException:
            leave()
            raise
        if seen.closed and is_same(event_id_of(seen), last_event_id):
            leave()
            return Response(status_code=204)
        return EventStream(self._lines(run, seen, last_event_id, request), leave=leave)

    async def _lines(
        self, run: Run, seen: Looked, last_event_id: str, request: Request
    ) -> AsyncGenerator[str]:
        async def still_admitted() -> bool:
            return await self._still_admitted(request)

        async with self._watch.following(run, seen) as watched:
            lines = snapshots(
                watched,
                last_event_id,
                leaving=self._deps.leaving,
                still_admitted=still_admitted,
            )
            async with aclosing(lines):
                async for line in lines:
                    yield line

    async def _look_again(self, run: Run, seen: Looked) -> Looked:
        client = await self._deps.client(CONNECTED_WITHIN_S)
        glance = await describe_onboarding(client, *run)
        detailed = seen.onboarding.detailed
        is_recent = time.monotonic() < seen.looked_at + _DETAILS_AGAIN_S
        if tag_of(glance, detailed=detailed) == seen.tag and (detailed or is_recent):
            return seen
        return await look_closer(client, glance)

    async def _still_admitted(self, request: Request) -> bool:
        try:
            await self._deps.admit(request, Scope.READ)
        except ProblemError as error:
            return error.problem.code not in _SENT_AWAY
        return True
