"""What is said to a ``Person``, the registry of one verified person, and its answers."""

from pydantic import Field

from likeness.ids import DEFAULT_ACCOUNT
from likeness.messages.base import IdPart, Message
from likeness.messages.conversation import Consent, VideoStatus
from likeness.messages.onboarding import AssetKind, VideoRequest
from likeness.stages import Stage


class UsableAsset(Message):
    """One asset that passed the review; ``asset_id`` is the upstream's."""

    asset_id: str
    kind: AssetKind
    name: str | None = None


class ConsentReceipt(Message):
    """One consent: what was agreed to, when (unix seconds), for which onboarding and link."""

    onboarding: str
    link: int
    consent: Consent
    consent_at: float


class OnboardingChanged(Message):
    """Signal ``onboarding_changed``: what an onboarding has learnt; ``link`` is the one in force.

    The upstream may give a person verified again another group; the first one is kept, because the
    assets of one group cannot be used with another.
    """

    onboarding: str
    stage: Stage
    account: str = DEFAULT_ACCOUNT
    project_name: str = ""
    group_id: str | None = None
    receipt: ConsentReceipt | None = None
    assets: tuple[UsableAsset, ...] = ()
    video_ordered: bool = False
    link: int = 1
    withdrawn_at: float | None = None


class KnownVideo(Message):
    """One video of the person: where it is told of, and how it stands."""

    workflow_id: str
    status: VideoStatus | None = None


class PersonState(Message):
    """Everything a person's run knows; handed on when it continues as new.

    ``onboardings`` and ``links`` tell of each onboarding its stage as last heard of and the number
    of the invite link in force; ``orders`` which Update ordered which video, ``requests`` with what
    fingerprint.
    """

    tenant: IdPart
    person: IdPart
    account: str = DEFAULT_ACCOUNT
    project_name: str = ""
    group_id: str | None = None
    receipts: tuple[ConsentReceipt, ...] = ()
    assets: tuple[UsableAsset, ...] = ()
    onboardings: dict[str, Stage] = Field(default_factory=dict)
    links: dict[str, int] = Field(default_factory=dict)
    orders: dict[str, int] = Field(default_factory=dict)
    requests: dict[str, str] = Field(default_factory=dict)
    videos: int = 0
    video_ids: tuple[str, ...] = ()
    withdrawn_at: float | None = None
    erased_at: float | None = None
    poll_interval_s: float = 5
    post_timeout_s: float = 45
    stalled_after_s: float = 3600


class PersonMemo(Message):
    """What ``describe`` tells of a person's run with no worker up; encrypted like every payload.

    ``since`` is when the person came to be known (unix seconds): a run that continues as new has a
    later start. ``imported`` is the fingerprint of the import that made it, None for anybody who
    was verified here.
    """

    since: float
    imported: str | None = None


class PersonInput(Message):
    """Input of the workflow ``Person``: the state so far; news comes by signal."""

    state: PersonState


class TellRegistry(Message):
    """Step ``tell_registry``: start the person's run with the news, or tell it the news."""

    state: PersonState
    news: OnboardingChanged


class RegistryTold(Message):
    """The person's run has the news.

    ``void``: it has not, because the person was erased after the consent that the news stands on.
    """

    void: bool = False


class Generate(Message):
    """Update ``generate``: make another video, without a new scan."""

    video: VideoRequest
    actor: str = Field(default="operator", max_length=80)


class VideoOrdered(Message):
    """Answer of ``generate``; ``request`` is the fingerprint of the video that was ordered."""

    number: int
    workflow_id: str
    request: str | None = None


class Erase(Message):
    """Update ``erase``: delete what we hold of the person, and end."""

    actor: str = Field(default="operator", max_length=80)
    reason: str = Field(default="", max_length=500)


class Renew(Message):
    """Signal ``renew``: begin a new history, so that the code of today has made all of it."""


class Erased(Message):
    """Answer of ``erase``: what was deleted, and what remains beyond our reach."""

    files_deleted: int
    remains: tuple[str, ...]


class KeepReceipt(Message):
    """Step ``keep_receipt``: write one signed receipt into the archive."""

    tenant: str
    person: str
    receipt: ConsentReceipt


class ReceiptKept(Message):
    """Where the receipt lies below ``ARCHIVE_URL``."""

    key: str


class EraseFiles(Message):
    """Step ``erase_files``: delete ``files``, and every file below ``folders``."""

    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class FilesErased(Message):
    """How many files were deleted."""

    count: int
