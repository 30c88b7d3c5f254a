"""APIMart's real-person flow for Seedance 2.0 as a small library.

Three layers: `apimart.protocol` knows the provider's words and does no I/O, `apimart.client` sends
and receives, `apimart.errors` says of each failure what the caller may do next. Beside them
`apimart.callbacks` reads what a person's browser brings back.
"""

from apimart.callbacks import CallbackHint, read_callback
from apimart.client import ApimartClient
from apimart.errors import (
    ApimartError,
    BadRequest,
    Forbidden,
    InProgress,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PaymentRequired,
    RateLimited,
    Refused,
    Unauthorized,
    Unavailable,
)
from apimart.limiter import Lane, RateLimiter
from apimart.models import (
    AssetToSubmit,
    AssetType,
    Balance,
    GroupAnswer,
    GroupVerdict,
    ReviewedAsset,
    ReviewTask,
    SessionTask,
    SubmittedTask,
    TaskState,
    TaskStatus,
    VerificationSession,
    VideoOrder,
    VideoTask,
)
from apimart.protocol import MAX_TASKS_PER_QUESTION

__all__ = [
    "MAX_TASKS_PER_QUESTION",
    "ApimartClient",
    "ApimartError",
    "AssetToSubmit",
    "AssetType",
    "BadRequest",
    "Balance",
    "CallbackHint",
    "Forbidden",
    "GroupAnswer",
    "GroupVerdict",
    "InProgress",
    "Lane",
    "NotFound",
    "NotSent",
    "OutcomeUnknown",
    "PaymentRequired",
    "RateLimited",
    "RateLimiter",
    "Refused",
    "ReviewTask",
    "ReviewedAsset",
    "SessionTask",
    "SubmittedTask",
    "TaskState",
    "TaskStatus",
    "Unauthorized",
    "Unavailable",
    "VerificationSession",
    "VideoOrder",
    "VideoTask",
    "read_callback",
]
