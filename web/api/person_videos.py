"""Videos of a verified person, made without a new scan."""

import hashlib
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from likeness.failures import FailureCode
from likeness.ids import person_workflow_id, video_workflow_id
from likeness.messages.person import Generate
from likeness.rest.details import Video
from likeness.rest.people import OrderVideo, PersonsVideo, VideoAccepted
from likeness.temporal.people import generate_for_person
from likeness.temporal.videos import VideoGlance, describe_video
from runtime.api_keys import Scope
from web.api import person_samples as samples
from web.api.callers import Admitted
from web.api.deps import ApiDeps
from web.api.documenting import operation
from web.api.naming import (
    IDEMPOTENCY_KEY,
    PathPart,
    idempotency_key_of,
    one_wish_a_key,
    with_parameter,
)
from web.calls import CONNECTED_WITHIN_S

TOLD_WITHIN = timedelta(seconds=1.5)

PersonRef = Annotated[
    PathPart, Path(description="Your own reference of the person.", examples=["p-17"])
]
VideoNumber = Annotated[int, Path(ge=1, le=999_999, description="From the order's answer.")]


def add_person_videos(routes: APIRouter, deps: ApiDeps) -> None:
    """Add the routes."""
    _add_order(routes, deps)
    _add_looking(routes, deps)


def _add_order(routes: APIRouter, deps: ApiDeps) -> None:
    @routes.post(
        "/people/{person}/videos",
        **with_parameter(
            IDEMPOTENCY_KEY,
            operation(
                Scope.START,
                "order_video",
                "Order another video",
                body=samples.ORDER,
                answer=samples.ACCEPTED,
                status=202,
                headers={"Location": "Where the video is shown."},
                refusals={
                    400: (FailureCode.IDEMPOTENCY_KEY_MISSING,),
                    404: (FailureCode.NO_SUCH_PERSON,),
                    409: (
                        FailureCode.WITHDRAWN,
                        FailureCode.NO_USABLE_ASSETS,
                        FailureCode.DIFFERENT_REQUEST,
                    ),
                    410: (FailureCode.PERSON_ERASED,),
                    503: (FailureCode.WORKER_AWAY,),
                },
            ),
        ),
    )
    async def order_video(
        caller: Admitted,
        person: PersonRef,
        key: Annotated[str, Depends(idempotency_key_of)],
        body: OrderVideo,
        response: Response,
    ) -> VideoAccepted:
        """Make another video of the person, who needs no new scan; it is charged for, once."""
        wanted = Generate(video=body.video, actor=caller.actor)
        client = await deps.client(CONNECTED_WITHIN_S)
        with one_wish_a_key():
            ordered = await generate_for_person(
                client, caller.tenant, person, wanted, order_id=_order_id(key)
            )
        response.headers["Location"] = f"/v1/people/{person}/videos/{ordered.number}"
        return VideoAccepted(person=person, number=ordered.number)


def _add_looking(routes: APIRouter, deps: ApiDeps) -> None:
    @routes.get(
        "/people/{person}/videos/{number}",
        **operation(
            Scope.READ,
            "get_video",
            "Show a video",
            answer=samples.VIDEO,
            refusals={404: (FailureCode.NO_SUCH_VIDEO,)},
        ),
    )
    async def get_video(caller: Admitted, person: PersonRef, number: VideoNumber) -> PersonsVideo:
        """Tell how a video of the person stands; `status` is null while no worker answers."""
        video_id = video_workflow_id(person_workflow_id(caller.tenant, person), number)
        client = await deps.client(CONNECTED_WITHIN_S)
        return _shown(await describe_video(client, video_id, timeout=TOLD_WITHIN))


def _order_id(key: str) -> str:
    """Give the id that the order bears in the person's run, where it stands in clear."""
    return f"video-{hashlib.sha256(key.encode()).hexdigest()[:20]}"


def _shown(glance: VideoGlance) -> PersonsVideo:
    return PersonsVideo(
        workflow_id=glance.workflow_id,
        status=None if glance.status is None else Video.of(glance.status),
        number=glance.number,
        hold=glance.hold,
        reason=glance.reason,
        started_at=glance.started_at,
        ended_at=glance.closed_at,
    )
