"""What `person …` prints with ``-o json``; fields may be added, never renamed or removed."""

from datetime import UTC, datetime

from commands.answers import Answer
from likeness.failures import FailureCode
from likeness.messages.onboarding import AssetKind
from likeness.messages.person import ConsentReceipt, PersonState
from likeness.stages import Hold, Stage, VideoState
from likeness.temporal.people import KnownVideo, PersonGlance, PersonStands


class PersonAnswer(Answer):
    """What every answer about one person begins with; ``person`` is the caller's reference."""

    person: str
    tenant: str
    workflow_id: str


class ListedPersonAnswer(PersonAnswer):
    """One line of ``person list``; nothing in it but references, words and times."""

    stands: PersonStands
    started_at: datetime

    @classmethod
    def of(cls, glance: PersonGlance) -> "ListedPersonAnswer":
        """Leave out what a list does not need."""
        return cls.model_validate(glance.model_dump(include=set(cls.model_fields)))


class KnownOnboardingAnswer(Answer):
    """One onboarding that the person went through, and where it stood when it last told."""

    onboarding_id: str
    stage: Stage


class AssetAnswer(Answer):
    """One usable asset; ``asset_id`` is the upstream's."""

    asset_id: str
    kind: AssetKind
    name: str | None


class ConsentAnswer(Answer):
    """One consent: what was agreed to, when, by which link of which onboarding."""

    onboarding_id: str
    link: int
    text_version: str
    text_sha256: str
    locale: str
    consented_at: datetime

    @classmethod
    def of(cls, receipt: ConsentReceipt) -> "ConsentAnswer":
        """Say a receipt in the words of the command line."""
        return cls(
            onboarding_id=receipt.onboarding,
            link=receipt.link,
            text_version=receipt.consent.text_version,
            text_sha256=receipt.consent.sha256,
            locale=receipt.consent.locale,
            consented_at=moment(receipt.consent_at),
        )


class PersonVideoAnswer(Answer):
    """One video; all but the id is null where neither worker nor history tells."""

    workflow_id: str
    state: VideoState | None = None
    key: str | None = None
    sealed: bool | None = None
    hold: Hold | None = None
    reason: FailureCode | None = None

    @classmethod
    def of(cls, video: KnownVideo) -> "PersonVideoAnswer":
        """Take what an operator acts on."""
        status = video.status
        if status is None:
            return cls(workflow_id=video.workflow_id)
        return cls(
            workflow_id=video.workflow_id,
            state=status.state,
            key=status.key,
            sealed=status.sealed,
            hold=status.hold,
            reason=status.failure.code if status.failure else None,
        )


class PersonShownAnswer(PersonAnswer):
    """``person show``; with ``details`` "worker away" what only the run itself knows is null."""

    stands: PersonStands
    group_id: str | None = None
    account: str | None = None
    project_name: str | None = None
    onboardings: tuple[KnownOnboardingAnswer, ...] | None = None
    consents: tuple[ConsentAnswer, ...] | None = None
    assets: tuple[AssetAnswer, ...] | None = None
    videos: tuple[PersonVideoAnswer, ...] | None = None
    withdrawn_at: datetime | None = None
    erased_at: datetime | None = None
    details: str | None = None
    started_at: datetime
    closed_at: datetime | None

    def knowing(self, state: PersonState, videos: tuple[KnownVideo, ...]) -> "PersonShownAnswer":
        """Fill in what the run itself tells."""
        return self.model_copy(
            update={
                "group_id": state.group_id,
                "account": state.account,
                "project_name": state.project_name,
                "onboardings": tuple(
                    KnownOnboardingAnswer(onboarding_id=onboarding, stage=stage)
                    for onboarding, stage in state.onboardings.items()
                ),
                "consents": tuple(ConsentAnswer.of(receipt) for receipt in state.receipts),
                "assets": tuple(
                    AssetAnswer.model_validate(asset.model_dump()) for asset in state.assets
                ),
                "videos": tuple(PersonVideoAnswer.of(video) for video in videos),
                "withdrawn_at": _moment_or_none(state.withdrawn_at),
                "erased_at": _moment_or_none(state.erased_at),
                "details": None,
            }
        )


class ImportedPersonAnswer(PersonAnswer):
    """``person import``; ``is_new`` is false where the same import came before."""

    is_new: bool


class OrderedVideoAnswer(PersonAnswer):
    """``person generate``: ``number`` counts the videos made without a new scan."""

    number: int
    video_workflow_id: str
    order_id: str


class WithdrawnAnswer(PersonAnswer):
    """``person withdraw``: since when."""

    withdrawn_at: datetime


class ErasedAnswer(PersonAnswer):
    """``person erase``: what is gone, and what remains beyond our reach."""

    files_deleted: int
    remains: tuple[str, ...]


def moment(unix_seconds: float) -> datetime:
    """Give the UTC moment, in milliseconds."""
    return datetime.fromtimestamp(round(unix_seconds, 3), tz=UTC)


def _moment_or_none(unix_seconds: float | None) -> datetime | None:
    return None if unix_seconds is None else moment(unix_seconds)
