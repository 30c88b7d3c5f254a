"""What the provider's answers and our orders mean, as frozen models without transport in them."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

AssetType = Literal["Image", "Video"]


class _Heard(BaseModel):
    """Base of what the provider said: unknown extras are none of our business."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Said(BaseModel):
    """Base of what we say: a field nobody knows is a mistake of ours."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TaskStatus(StrEnum):
    """Where a task is; every word we do not know counts as `working`."""

    WORKING = "working"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TaskState(_Heard):
    """The part of a task that all kinds share.

    Attributes:
        status: class of the provider's status word.
        word: that word itself, filtered, for logs.
        progress: 0 to 100; it may go backwards.
        estimated_time_s: seconds the provider expects the task to take.
        error_code: code word of the error of a failed task; None on any other, where an error may
            linger from an earlier try.
    """

    status: TaskStatus
    word: str | None = None
    progress: float | None = None
    estimated_time_s: float | None = None
    error_code: str | None = None

    @property
    def finished(self) -> bool:
        """Whether the provider will not change this task any more."""
        return self.status is not TaskStatus.WORKING


class SubmittedTask(_Heard):
    """The provider accepted something and will work on it under `task_id`.

    Attributes:
        task_id: for the GET that follows.
        estimated_time_s: seconds the provider expects the task to take.
        request_id: what the provider's support asks for.
        replayed: True when this is the answer to an earlier request with the same idempotency key.
    """

    task_id: str
    estimated_time_s: float | None = None
    request_id: str | None = None
    replayed: bool = False


class VerificationSession(_Heard):
    """The two credentials of one verification: the token to ask with, the link for the person."""

    byted_token: SecretStr
    h5_link: SecretStr


class SessionTask(_Heard):
    """The task behind step 1; `completed` means that the session exists, not that anyone passed.

    `session` is None until link and token are both there.
    """

    task: TaskState
    session: VerificationSession | None = None


class GroupVerdict(StrEnum):
    """What step 2 said about the person.

    `pending` is also the answer whenever the provider's words leave a doubt.
    """

    VERIFIED = "verified"
    PENDING = "pending"
    DEAD = "dead"


class GroupAnswer(_Heard):
    """Answer to step 2: the asset group of the verified person, or why there is none.

    Attributes:
        verdict: `verified` exactly when `group_id` is there.
        group_id: asset group of the person; the only proof of a passed verification.
        task_id: where the provider says the answer will be; read it with `get_group`.
        provider_code: the provider's own word for not having one, filtered.
        request_id: what the provider's support asks for.
    """

    verdict: GroupVerdict
    group_id: str | None = None
    task_id: str | None = None
    provider_code: str | None = None
    request_id: str | None = None


class AssetToSubmit(_Said):
    """One portrait for review.

    Attributes:
        url: public address the provider fetches it from, without cookies or redirects.
        name: unique within the request; some deployments return it, many do not.
    """

    url: SecretStr
    name: Annotated[str, Field(min_length=1, max_length=64, repr=False)]


class ReviewedAsset(_Heard):
    """One portrait as the review sees it.

    Attributes:
        asset_id: the provider's id; empty when it named none (never for an active one).
        asset_url: `asset://` address for generation; empty like the id.
        name: the name it was submitted under, where the provider returns it.
        active: True usable, False refused, None still in review.
        reason: the provider's code word for a refusal, such as `FaceMismatch`; often absent.
    """

    asset_id: str = ""
    asset_url: str = ""
    name: str | None = Field(default=None, repr=False)
    active: bool | None = None
    reason: str | None = None


class ReviewTask(_Heard):
    """The task behind step 3; a `failed` one may still hold active items."""

    task: TaskState
    items: tuple[ReviewedAsset, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether the review as a whole has ended, either way."""
        return self.task.finished


class VideoOrder(_Said):
    """What to generate; every field that costs money is sent even where the provider has a default.

    Attributes:
        model: the provider's model id, such as `doubao-seedance-2.0-face`.
        prompt: 1 to 4000 characters; refers to assets as "Image 1", "Video 1", by order.
        duration_s: whole seconds.
        resolution: `480p`, `720p`, `1080p` or `4k`, as the model allows.
        size: aspect ratio such as `16:9`, or `adaptive`.
        generate_audio: whether the video gets sound.
        asset_urls: images, in the order the prompt counts them; at most 9.
        video_urls: reference videos, likewise; at most 3.
        seed: similar, not identical, results.
        webhook: base address; the provider POSTs to `<webhook>/callback` when the task has ended,
            unsigned and perhaps more than once.
    """

    model: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$")]
    prompt: Annotated[str, Field(max_length=4000, repr=False)]
    duration_s: Annotated[int, Field(ge=1, le=60)]
    resolution: Annotated[str, Field(pattern=r"^[0-9]{1,4}[pk]$")]
    size: Annotated[str, Field(pattern=r"^([0-9]{1,2}:[0-9]{1,2}|adaptive)$")] = "16:9"
    generate_audio: bool = False
    asset_urls: Annotated[tuple[str, ...], Field(max_length=9, repr=False)] = ()
    video_urls: Annotated[tuple[str, ...], Field(max_length=3, repr=False)] = ()
    seed: int | None = None
    webhook: SecretStr | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.prompt.strip() and not self.asset_urls and not self.video_urls:
            raise ValueError("a video needs a prompt or a reference")
        return self


class VideoTask(_Heard):
    """The task behind a generation.

    Attributes:
        task: its state.
        url: where the finished video can be fetched until `expires_at`.
        expires_at: unix seconds; the provider documents 24 to 72 hours after completion.
        cost_usd: what the provider charged; 0 for a failed task means refunded.
        failure: code word when the task failed or was cancelled, never the provider's sentence.
    """

    task: TaskState
    url: SecretStr | None = None
    expires_at: float | None = None
    cost_usd: float | None = None
    failure: str | None = None


class Balance(_Heard):
    """What is left on the API key, in USD; `remain_usd` is None when there is no limit."""

    remain_usd: float | None = None
    used_usd: float | None = None
    unlimited: bool = False
