"""Persons and their videos as the API takes and shows them; all times are UTC in ISO 8601."""

from datetime import UTC, datetime
from typing import Self

from pydantic import ConfigDict, Field, model_validator

from likeness.failures import FailureCode
from likeness.ids import video_of
from likeness.messages.base import IdPart, Message, Order
from likeness.messages.onboarding import VideoRequest
from likeness.messages.person import KnownVideo, PersonState, UsableAsset
from likeness.rest.details import Receipt, Video
from likeness.stages import Hold, PersonStands, Stage

UPSTREAM_ID = r"^[A-Za-z0-9_.:-]{1,200}$"
NO_RECEIPT = (
    "This person was imported: whoever verified them holds the consent; there is no receipt here."
)
HELD_ELSEWHERE = (
    "What each onboarding was asked for stands in its own encrypted history until retention.",
    "The files themselves lie in the archive, below the folders named here.",
    "The asset group lies at the upstream.",
)
"""What an export does not hold."""


_FORGOTTEN = {"key": None, "size_bytes": None, "sha256": None, "task_id": None}


class ImportedAsset(UsableAsset):
    """One asset of the group that has passed the upstream's review; ``asset_id`` is its own."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    asset_id: str = Field(pattern=UPSTREAM_ID)
    name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,64}$")


class ImportPerson(Order):
    """Body of ``POST /v1/people``: somebody verified elsewhere under the same upstream account.

    ``project_name`` is the upstream's, where the group was made under one. Who was erased here is
    imported only with ``anew``, so that no list sent every night brings them back: they have agreed
    since.
    """

    person: IdPart
    group_id: str = Field(pattern=UPSTREAM_ID)
    assets: tuple[ImportedAsset, ...] = Field(min_length=1, max_length=100)
    project_name: str = Field(default="", pattern=r"^[A-Za-z0-9_.:-]{0,200}$")
    anew: bool = Field(strict=True, default=False)

    @model_validator(mode="after")
    def _names_each_asset_once(self) -> Self:
        if len({asset.asset_id for asset in self.assets}) != len(self.assets):
            raise ValueError("every asset is named once")
        return self


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
    """One video; ``status`` is None where neither worker nor history tells.

    ``number`` is that of ``/v1/people/{person}/videos/{number}``, None for a video that an
    onboarding has made. Hold, reason and times are told only where one video is asked for.
    """

    workflow_id: str
    status: Video | None = None
    number: int | None = None
    hold: Hold | None = None
    reason: FailureCode | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @classmethod
    def of_known(cls, video: KnownVideo, *, owner: str, erased: bool = False) -> Self:
        """Show a video among those of the person whose workflow id is ``owner``.

        Of one who was ``erased`` the file is gone, and what led to it is not told.
        """
        whose, number = video_of(video.workflow_id)
        status = None if video.status is None else Video.of(video.status)
        return cls(
            workflow_id=video.workflow_id,
            status=status.model_copy(update=_FORGOTTEN) if status and erased else status,
            number=number if whose == owner else None,
            hold=status.hold if status else None,
        )


class PersonShown(Message):
    """One person; ``detailed`` is false where no worker answered, so that only this much is known.

    ``verified_at`` is when the person came to be known here, by a check or by an import; of an
    ``imported`` person there is no consent receipt. ``onboardings`` tells of each the stage as last
    heard of.
    """

    person: str
    stands: PersonStands
    verified_at: datetime
    detailed: bool = True
    group_id: str | None = None
    assets: tuple[UsableAsset, ...] = ()
    onboardings: dict[str, Stage] = Field(default_factory=dict)
    videos: tuple[PersonsVideo, ...] = ()
    imported: bool = False
    withdrawn_at: datetime | None = None
    erased_at: datetime | None = None

    def knowing(
        self, state: PersonState, videos: tuple[KnownVideo, ...], *, owner: str
    ) -> "PersonShown":
        """Fill in what the run itself tells; ``owner`` is its workflow id."""
        erased = self.stands is PersonStands.ERASED
        return self.model_copy(
            update={
                "detailed": True,
                "group_id": state.group_id,
                "assets": state.assets,
                "onboardings": state.onboardings,
                "videos": tuple(
                    PersonsVideo.of_known(each, owner=owner, erased=erased) for each in videos
                ),
                "withdrawn_at": moment(state.withdrawn_at),
                "erased_at": moment(state.erased_at),
            }
        )


class PersonExport(Message):
    """All that is held of a person, with the consent receipts.

    ``folders`` are those below ``ARCHIVE_URL`` in which files of the person lie. ``remarks`` say
    what is held elsewhere.
    """

    person: PersonShown
    account: str
    project_name: str
    receipts: tuple[Receipt, ...]
    withdrawn_at: datetime | None = None
    folders: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class PersonErased(Message):
    """Answer of ``erase``: what was deleted, and what remains beyond our reach.

    Not ``done``: the order stands, whatever dies, and goes on; asking again tells the outcome.
    """

    person: str
    done: bool
    files_deleted: int | None = None
    remains: tuple[str, ...] = ()


class OrderVideo(Order):
    """Body of ``POST /v1/people/{person}/videos``."""

    video: VideoRequest


class VideoAccepted(Message):
    """The video that the Idempotency-Key stands for."""

    person: str
    number: int


def moment(seconds: float | None) -> datetime | None:
    """Give the UTC moment, in milliseconds, of unix seconds; None of None."""
    return None if seconds is None else datetime.fromtimestamp(round(seconds, 3), tz=UTC)
