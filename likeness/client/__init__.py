"""A client of the REST API: typed, async, patient where that is safe. Needs the extra ``client``.

It knows nothing of Temporal; a service that has a Temporal client may take ``likeness.temporal``.
"""

from likeness.client.entrance import Likeness
from likeness.client.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    LikenessError,
    NoAnswerError,
    NotFoundError,
    ProblemError,
    StrangeAnswerError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)
from likeness.client.patience import Patience

__all__ = [
    "ConflictError",
    "ForbiddenError",
    "InvalidError",
    "Likeness",
    "LikenessError",
    "NoAnswerError",
    "NotFoundError",
    "Patience",
    "ProblemError",
    "StrangeAnswerError",
    "TooManyRequestsError",
    "UnauthorizedError",
    "UnavailableError",
]
