"""What each step takes and gives: one model a message, one side effect a step."""

from enum import StrEnum

from likeness.ids import DEFAULT_ACCOUNT
from likeness.messages.base import Message, Secret
from likeness.messages.onboarding import AssetKind
from likeness.messages.person import TellRegistry


class CreateSession(Message):
    """Mint an upstream verification session and read its link and token.

    With ``resume_task_id`` nothing is posted: the task of an earlier, interrupted try is read.
    """

    tenant: str
    onboarding: str
    person: str
    link: int
    attempt: int
    post_timeout_s: float
    ready_within_s: float = 20
    resume_task_id: str | None = None


class SessionCreated(Message):
    """The session; ``project_name`` must be the same in every later step."""

    task_id: str
    byted_token: Secret
    h5_link: Secret
    project_name: str


class LookVerdict(StrEnum):
    """What a look at the upstream told."""

    VERIFIED = "verified"
    PENDING = "pending"
    DEAD = "dead"


class QueryGroup(Message):
    """Ask whether the person has passed, at most ``max_looks`` times.

    ``delays_s`` are counted from the start of the step, one look each. With ``every_s`` set
    (policy ``poll``) the step asks again and again until ``until`` (unix seconds) instead.
    ``task_id`` is where an earlier look was told to find its answer: reading it burns nothing.
    """

    byted_token: Secret
    project_name: str
    post_timeout_s: float
    delays_s: tuple[float, ...] = (0,)
    max_looks: int = 6
    task_id: str | None = None
    every_s: float | None = None
    until: float | None = None


class GroupLooked(Message):
    """Answer of ``query_group``; ``looks`` counts every request sent, resends too."""

    verdict: LookVerdict
    looks: int
    group_id: str | None = None
    task_id: str | None = None


class LooksSent(Message):
    """Heartbeat of ``query_group``: how many requests are over, and how many delays."""

    looks: int = 0
    delays_done: int = 0


class AssetToSubmit(Message):
    """One asset of a request."""

    name: str
    url: Secret


class SubmitAssets(Message):
    """Submit assets of one kind into the person's group; posts once.

    ``registry`` is what the registry of verified people must know before anything is sent.
    """

    group_id: str
    project_name: str
    kind: AssetKind
    assets: tuple[AssetToSubmit, ...]
    post_timeout_s: float
    registry: TellRegistry | None = None


class UnfitAsset(Message):
    """An asset that was not sent to the upstream, and why: a word of ``likeness.asset_reasons``."""

    name: str
    reason: str


class AssetsSubmitted(Message):
    """The review task, or the word with which the upstream refused the request unworked.

    ``unfit`` assets were never sent; where all are unfit nothing was posted at all, nor where the
    consent is ``void``, because the person was erased after giving it.
    """

    task_id: str | None = None
    estimated_time_s: float | None = None
    refused: str | None = None
    unfit: tuple[UnfitAsset, ...] = ()
    void: bool = False


class AwaitAccount(Message):
    """Wait until the upstream account is good again after ``code`` (a failure code).

    ``more_than_usd`` is a balance that was not enough.
    """

    account: str
    code: str
    more_than_usd: float = 0


class AccountReady(Message):
    """The account answers and has a balance; ``remain_usd`` is None when there is no limit."""

    remain_usd: float | None = None


class PollReview(Message):
    """Watch review tasks until each has an answer; ``look_at_once`` spares the first pause."""

    task_ids: tuple[str, ...]
    poll_interval_s: float
    estimated_time_s: float | None = None
    look_at_once: bool = False


class ReviewedItem(Message):
    """One asset as the upstream answered it."""

    asset_id: str
    name: str | None = None
    usable: bool
    reason: str | None = None


class ReviewedTask(Message):
    """One review task at its end; ``lost`` when the upstream no longer knows it."""

    task_id: str
    items: tuple[ReviewedItem, ...] = ()
    lost: bool = False


class ReviewFinished(Message):
    """Every watched task at its end."""

    tasks: tuple[ReviewedTask, ...]


class PrepareGeneration(Message):
    """Fix what a paid order says before its first try; ``workflow_id`` is the video's run."""

    workflow_id: str


class GenerationPrepared(Message):
    """``webhook_url`` is where the upstream may tell us; ``resend_proven`` that it honours keys."""

    webhook_url: Secret | None = None
    resend_proven: bool = False


class TriggerGeneration(Message):
    """Order the video: paid, posted once; body and key are fixed before the first try.

    ``spent_usd`` is what earlier orders of the same video may have cost, ``order_number`` counts
    from 1 those that an operator had sent, ``send_number`` the times that this one was sent.
    ``resend_proven``: the upstream honours keys, so an unknown outcome is an answer.
    """

    prompt: Secret
    duration_s: int
    resolution: str
    size: str
    generate_audio: bool
    model: str
    images: tuple[str, ...]
    videos: tuple[str, ...]
    seed: int | None = None
    idempotency_key: str
    post_timeout_s: float
    account: str = DEFAULT_ACCOUNT
    webhook_url: Secret | None = None
    spent_usd: float = 0
    order_number: int = 1
    send_number: int = 1
    resend_proven: bool = False


class GenerationTriggered(Message):
    """The video task, or the word with which the upstream refused it uncharged.

    ``price_usd`` is what the order costs at most, by our own estimate. ``unconfirmed`` is what is
    known of an answer that got lost; the same order may be sent again after ``resend_after_s``.
    """

    task_id: str | None = None
    estimated_time_s: float | None = None
    refused: str | None = None
    price_usd: float = 0
    unconfirmed: str | None = None
    resend_after_s: float = 0


class PollGeneration(Message):
    """Watch the video task until it ends, or until ``stalled_after_s``; None is for ever.

    ``look_at_once`` spares the pause before the first look. A finished video is copied to ``key``
    below the archive, None for no copy; a file at ``instead_of`` is deleted afterwards.
    """

    task_id: str
    poll_interval_s: float
    estimated_time_s: float | None = None
    stalled_after_s: float | None = None
    look_at_once: bool = False
    key: str | None = None
    instead_of: str | None = None


class ArchiveVideo(Message):
    """Copy the finished video to ``key`` below the archive; its address is read anew.

    A file at ``instead_of`` is deleted afterwards.
    """

    task_id: str
    key: str
    instead_of: str | None = None


class VideoArchived(Message):
    """The archived file, or ``gone`` when its address is dead and no other is to be had."""

    key: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    gone: bool = False


class GenerationFinished(Message):
    """The video task at its end; ``lost`` when the upstream no longer knows it.

    ``stalled``: it has not ended in the time that was given; it may still. ``kept`` is the file,
    None where it is yet to be archived.
    """

    succeeded: bool
    stalled: bool = False
    lost: bool = False
    reason: str | None = None
    cost_usd: float | None = None
    kept: VideoArchived | None = None


class AwaitVideo(Message):
    """Wait for a ``GenerateVideo`` run that an earlier run of the parent has started."""

    workflow_id: str
