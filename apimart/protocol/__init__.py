"""The provider's protocol without I/O: requests to bytes, answers to models or typed errors."""

from apimart.protocol.answers import MAX_BODY_BYTES, Answer, Effect
from apimart.protocol.balances import read_balance
from apimart.protocol.failures import failure_for
from apimart.protocol.groups import read_group, read_group_task
from apimart.protocol.requests import (
    MAX_TASKS_PER_QUESTION,
    Outgoing,
    create_session,
    generate_video,
    get_balance,
    get_task,
    get_tasks,
    query_group,
    submit_assets,
)
from apimart.protocol.reviews import read_review
from apimart.protocol.tasks import read_session, read_states, read_submitted
from apimart.protocol.videos import read_video

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_TASKS_PER_QUESTION",
    "Answer",
    "Effect",
    "Outgoing",
    "create_session",
    "failure_for",
    "generate_video",
    "get_balance",
    "get_task",
    "get_tasks",
    "query_group",
    "read_balance",
    "read_group",
    "read_group_task",
    "read_review",
    "read_session",
    "read_states",
    "read_submitted",
    "read_video",
    "submit_assets",
]
