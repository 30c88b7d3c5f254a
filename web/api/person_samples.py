"""The examples of the OpenAPI document on people: one person as each route would show them."""

from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from likeness.messages.conversation import Consent
from likeness.messages.onboarding import AssetKind, VideoRequest
from likeness.messages.person import UsableAsset
from likeness.rest.details import Receipt, Video
from likeness.rest.orders import WithReason
from likeness.rest.people import (
    HELD_ELSEWHERE,
    ImportedAsset,
    ImportPerson,
    OrderVideo,
    PersonErased,
    PersonExport,
    PersonListed,
    PersonPage,
    PersonShown,
    PersonsVideo,
    VideoAccepted,
)
from likeness.stages import PersonStands, Stage, VideoState

PERSON = "p-17"
_ONBOARDING = "o-3f9c01d2ab77e0561c24"
_AT = datetime(2026, 11, 27, 9, 10, tzinfo=UTC)
_VIDEO_ID = f"likeness/default/person/{PERSON}/video/1"
_ASSET = UsableAsset(asset_id="asset-20261127-0001", kind=AssetKind.IMAGE, name="portrait")

REASON = WithReason(reason="they asked for it by letter")
PAGE = PersonPage(
    people=(PersonListed(person=PERSON, stands=PersonStands.VERIFIED, verified_at=_AT),),
    next_cursor="gAAAAABqPage2",
)
IMPORT = ImportPerson(
    person=PERSON,
    group_id="group-20261127-0001",
    assets=(ImportedAsset(asset_id=_ASSET.asset_id, kind=AssetKind.IMAGE, name="portrait"),),
)
SHOWN = PersonShown(
    person=PERSON,
    stands=PersonStands.VERIFIED,
    verified_at=_AT,
    detailed=True,
    group_id=IMPORT.group_id,
    assets=(_ASSET,),
    onboardings={_ONBOARDING: Stage.COMPLETED},
    videos=(
        PersonsVideo(
            workflow_id=_VIDEO_ID,
            number=1,
            status=Video(state=VideoState.GENERATING, workflow_id=_VIDEO_ID),
        ),
    ),
)
IMPORTED = SHOWN.model_copy(update={"onboardings": {}, "videos": (), "imported": True})
WITHDRAWN = SHOWN.model_copy(
    update={"stands": PersonStands.WITHDRAWN, "withdrawn_at": _AT + timedelta(days=9)}
)
EXPORT = PersonExport(
    person=SHOWN,
    account="default",
    project_name="default",
    receipts=(
        Receipt(
            onboarding=_ONBOARDING,
            link=1,
            consent=Consent(text_version="en-2", sha256="0" * 64, locale="en"),
            consent_at=_AT,
        ),
    ),
    folders=(f"default/person/{PERSON}", f"default/{_ONBOARDING}"),
    remarks=HELD_ELSEWHERE,
)
ERASED = PersonErased(
    person=PERSON,
    done=True,
    files_deleted=2,
    remains=("the encrypted history of the person's runs, until retention has passed",),
)
GOES_ON = PersonErased(person=PERSON, done=False)
ORDER = OrderVideo(
    video=VideoRequest(prompt=SecretStr("She greets the audience and smiles."), duration_s=5)
)
ACCEPTED = VideoAccepted(person=PERSON, number=1)
VIDEO = PersonsVideo(
    workflow_id=_VIDEO_ID,
    number=1,
    status=Video(
        state=VideoState.DONE,
        workflow_id=_VIDEO_ID,
        key=f"default/person/{PERSON}/video-1.mp4",
        size_bytes=4_194_304,
        cost_usd=0.75,
    ),
    started_at=_AT,
    ended_at=_AT + timedelta(minutes=4),
)
