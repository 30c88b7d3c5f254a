"""Say how the pretended upstream behaves: every switch a field, every known world a preset."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt


class CallbackMode(StrEnum):
    """How word of a finished check reaches the callback URL."""

    REDIRECT = "redirect"
    LOST = "lost"
    DUPLICATED = "duplicated"
    LATE = "late"
    BEFORE_RESULT = "before_result"
    POST = "post"


class PendingForm(StrEnum):
    """What step 2 answers while it knows no group; the sources disagree, so all are here."""

    EMPTY_200 = "200_empty"
    BARE_200 = "200_bare"
    ERROR_400 = "400"
    ERROR_404 = "404"
    ERROR_500 = "500"
    TASK = "task"


class GroupPlace(StrEnum):
    """Where step 2's answer keeps the group id, as a path of keys."""

    DATA = "data"
    DATA_LIST = "data[0]"
    DATA_RESULT = "data.result"
    DATA_RESULT_NATIVE = "data.Result"
    DATA_RAW = "data.raw_response"
    DATA_RAW_RESULT = "data.raw_response.Result"
    RESULT_NATIVE = "Result"
    RESULT = "result"


class ReviewOutcome(StrEnum):
    """How a review ends; `by_url` refuses the assets whose URL path names a failure code."""

    BY_URL = "by_url"
    ALL = "all"
    NONE = "none"
    STUCK = "stuck"


class VideoOutcome(StrEnum):
    """How a generation ends."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STUCK = "stuck"


class IdempotencyMode(StrEnum):
    """What the server does with an Idempotency-Key."""

    HONOURED = "honoured"
    IGNORED = "ignored"
    UNAVAILABLE = "unavailable"
    INDETERMINATE = "indeterminate"


class Scenario(BaseModel):
    """One world. Durations are seconds on the simulator's clock; money is USD.

    A duration or an outcome is fixed for an object when the object is made; shapes and words are
    read at each answer, so they may change while a task runs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Response edition (section 12 a).
    avatar_data: Literal["object", "list"] = "object"
    avatar_id_key: Literal["id", "task_id"] = "id"
    task_data: Literal["object", "list"] = "object"
    task_id_key: Literal["id", "task_id"] = "id"
    video_data: Literal["object", "list"] = "list"
    video_id_key: Literal["id", "task_id"] = "task_id"
    honour_version_header: bool = True
    error_code_as_text: bool = True
    task_ttl_s: NonNegativeFloat = 604_800
    batch: bool = True
    max_batch: NonNegativeInt = 100

    # Step 1 and its link (b, c, m).
    session_s: NonNegativeFloat = 0.3
    session_created_word: str = "completed"
    session_early_word: str = "completed"
    link_ttl_s: NonNegativeFloat = 120
    token_ttl_s: NonNegativeFloat = 1800
    ampersands: Literal["plain", "json_escaped", "double_escaped"] = "double_escaped"
    link_credentials: bool = True

    # The person's page and the way back (d).
    callback: CallbackMode = CallbackMode.REDIRECT
    callback_delay_s: NonNegativeFloat = 3
    callback_body: Literal["json", "form"] = "json"
    fail_code: int = -1003
    token_on_failure: bool = True

    # Step 2 (e).
    result_lag_s: NonNegativeFloat = 0
    single_use_token: bool = False
    pending_form: PendingForm = PendingForm.EMPTY_200
    dead_form: Literal["400", "404", "same_as_pending"] = "400"
    group_key: Literal["GroupId", "group_id", "groupId"] = "GroupId"
    group_place: GroupPlace = GroupPlace.DATA

    # Step 3 and the review (f).
    review_seconds: NonNegativeFloat = 6
    review_sigma: NonNegativeFloat = 0
    review_seed: int = 0
    review: ReviewOutcome = ReviewOutcome.BY_URL
    review_failure_code: str = "FaceMismatch"
    review_running_word: str = "processing"
    review_done_word: str = "completed"
    review_failed_word: str = "failed"
    item_names: bool = False
    item_reasons: bool = False
    item_order: Literal["shuffled", "submitted"] = "shuffled"
    max_assets: NonNegativeInt = 20

    # Generation and its file (g, i, j).
    video_seconds: NonNegativeFloat = 6
    video: VideoOutcome = VideoOutcome.COMPLETED
    video_submitted_word: str = "submitted"
    video_words: tuple[str, ...] = Field(
        default=("submitted", "pending", "processing", "in_progress"), min_length=1
    )
    video_done_word: str = "completed"
    video_failed_word: str = "failed"
    stale_error: bool = False
    url_as: Literal["list", "str"] = "list"
    expires_at: bool = True
    video_ttl_s: NonNegativeFloat = 86_400
    expired_status: Literal[403, 404] = 403
    video_bytes: NonNegativeInt = 300_000
    estimated_time: bool = True
    plain_image_refused: bool = True
    idempotency: IdempotencyMode = IdempotencyMode.HONOURED
    webhook_copies: NonNegativeInt = 1
    webhook_retry_s: tuple[float, ...] = (10, 30, 60)

    # Money and the key it is charged to; None takes any.
    api_key: str | None = None
    balance_usd: float = 100
    balance_fails: bool = False


HAPPY = Scenario()

PRESETS: dict[str, Scenario] = {
    "happy": HAPPY,
    "quick": Scenario(session_s=0, review_seconds=0.5, video_seconds=0.5),
    "slow_session": Scenario(session_s=12),
    "session_without_link": Scenario(session_s=1_000_000_000),
    "short_link": Scenario(link_ttl_s=5),
    "short_token": Scenario(token_ttl_s=15),
    "single_use_token": Scenario(single_use_token=True),
    "late_result": Scenario(result_lag_s=4),
    "callback_lost": Scenario(callback=CallbackMode.LOST),
    "callback_duplicated": Scenario(callback=CallbackMode.DUPLICATED),
    "callback_late": Scenario(callback=CallbackMode.LATE),
    "callback_before_result": Scenario(callback=CallbackMode.BEFORE_RESULT),
    "callback_post": Scenario(callback=CallbackMode.POST),
    "pending_400": Scenario(pending_form=PendingForm.ERROR_400),
    "pending_404": Scenario(pending_form=PendingForm.ERROR_404),
    "pending_500": Scenario(pending_form=PendingForm.ERROR_500),
    "query_by_task": Scenario(pending_form=PendingForm.TASK),
    "review_all": Scenario(review=ReviewOutcome.ALL),
    "review_none": Scenario(review=ReviewOutcome.NONE),
    "review_stuck": Scenario(review=ReviewOutcome.STUCK),
    "review_named": Scenario(item_names=True, item_reasons=True),
    "video_fails": Scenario(video=VideoOutcome.FAILED),
    "video_cancelled": Scenario(video=VideoOutcome.CANCELLED),
    "video_stuck": Scenario(video=VideoOutcome.STUCK),
    "download_expired": Scenario(video_ttl_s=0),
    "no_batch": Scenario(batch=False),
    "no_idempotency": Scenario(idempotency=IdempotencyMode.IGNORED),
    "indeterminate": Scenario(idempotency=IdempotencyMode.INDETERMINATE),
    "no_money": Scenario(balance_usd=0),
    "odd_shapes": Scenario(
        avatar_data="list",
        avatar_id_key="task_id",
        task_data="list",
        task_id_key="task_id",
        video_data="object",
        video_id_key="id",
        error_code_as_text=False,
        pending_form=PendingForm.BARE_200,
        group_key="groupId",
        group_place=GroupPlace.DATA_RAW_RESULT,
        review_running_word="under_review",
        video_words=("queued", "RUNNING", "almost"),
        stale_error=True,
        url_as="str",
        expires_at=False,
        estimated_time=False,
    ),
}
