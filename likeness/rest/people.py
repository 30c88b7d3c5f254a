"""Persons and their videos as the API takes and shows them; all times are UTC in ISO 8601."""

from datetime import datetime

from pydantic import Field

from likeness.messages.base import IdPart, Message, Order
from likeness.messages.conversation import VideoStatus
from likeness.messages.onboarding import VideoRequest
from likeness.messages.person import ConsentReceipt, UsableAsset
from likeness.stages import PersonStands, Stage


class ImportPerson(Order):
    """Body of ``POST /v1/people``: somebody verified elsewhere under the same upstream account."""

    person: IdPart
    group_id: str = Field(pattern=r"^[A-Za-z0-9_.:-]{1,200}$")
    assets: tuple[UsableAsset, ...] = Field(min_length=1, max_length=100)


class PersonListed(Message):
    """One line of ``GET /v1/people``."""

    person: str
    stands: PersonStands
    verified_at: datetime


class PersonPage(Message):
    """A page of them, newest first; ``next_cursor`` is None on the last one."""

    people: tuple[PersonListed, ...]
    next_cursor: str | None = None


class PersonsVideo(Message):
    """One video; ``status`` is None where neither worker nor history tells."""

    workflow_id: str
    status: VideoStatus | None = None


class PersonShown(Message):
    """One person; ``detailed`` is false where no worker answered, so that only this much is known.

    ``onboardings`` tells of each the stage as last heard of.
    """

    person: str
    stands: PersonStands
    verified_at: datetime
    detailed: bool = True
    group_id: str | None = None
    assets: tuple[UsableAsset, ...] = ()
    onboardings: dict[str, Stage] = Field(default_factory=dict)
    videos: tuple[PersonsVideo, ...] = ()


class PersonExport(Message):
    """All that is held of a person, with the consent receipts."""

    person: PersonShown
    account: str
    project_name: str
    receipts: tuple[ConsentReceipt, ...]
    withdrawn_at: datetime | None = None


class OrderVideo(Order):
    """Body of ``POST /v1/people/{person}/videos``."""

    video: VideoRequest


class VideoAccepted(Message):
    """The video that the Idempotency-Key stands for."""

    person: str
    number: int
