"""Search attributes, typed: what an operator filters by, written and read in one place."""

from datetime import UTC, datetime

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from likeness import search
from likeness.failures import FailureCode
from likeness.stages import Hold, Stage, WaitingFor

STAGE = SearchAttributeKey.for_keyword(search.STAGE)
WAITING_FOR = SearchAttributeKey.for_keyword(search.WAITING_FOR)
HOLD = SearchAttributeKey.for_keyword(search.HOLD)
REASON = SearchAttributeKey.for_keyword(search.REASON)
DEADLINE = SearchAttributeKey.for_datetime(search.DEADLINE)


def search_attributes(
    stage: Stage,
    waiting_for: WaitingFor,
    *,
    hold: Hold | None = None,
    reason: FailureCode | None = None,
    deadline: float | None = None,
) -> TypedSearchAttributes:
    """Give the attributes of a start; ``deadline`` in unix seconds, what is None stays out."""
    words = ((STAGE, stage), (WAITING_FOR, waiting_for), (HOLD, hold), (REASON, reason))
    pairs: list[SearchAttributePair[str] | SearchAttributePair[datetime]] = [
        SearchAttributePair(key, str(word)) for key, word in words if word is not None
    ]
    if deadline is not None:
        pairs.append(SearchAttributePair(DEADLINE, moment(deadline)))
    return TypedSearchAttributes(pairs)


def search_attribute_updates(
    wanted: TypedSearchAttributes, *, since: TypedSearchAttributes
) -> list[SearchAttributeUpdate[str] | SearchAttributeUpdate[datetime]]:
    """Give the least upsert that turns ``since`` into ``wanted``; empty when nothing changed.

    ``since`` is what ``workflow.info().typed_search_attributes`` says. An attribute that
    ``wanted`` lacks is unset.
    """
    updates: list[SearchAttributeUpdate[str] | SearchAttributeUpdate[datetime]] = [
        key.value_unset() if (word := wanted.get(key)) is None else key.value_set(word)
        for key in (STAGE, WAITING_FOR, HOLD, REASON)
        if wanted.get(key) != since.get(key)
    ]
    if (when := wanted.get(DEADLINE)) != since.get(DEADLINE):
        updates.append(DEADLINE.value_unset() if when is None else DEADLINE.value_set(when))
    return updates


def moment(unix_seconds: float) -> datetime:
    """Give the UTC moment, in whole milliseconds as the server keeps it."""
    return datetime.fromtimestamp(round(unix_seconds, 3), tz=UTC)
