"""Opaque cursors: a place in one list of one tenant, sealed so that nobody makes one up."""

import hashlib
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ValidationError

from likeness.failures import FailureCode
from likeness.rest.problems import FieldError
from likeness.temporal.paging import Place
from runtime.links import MAX_CURSOR_LENGTH, LinkSealer
from web.api.callers import Caller
from web.api.problems import ProblemError

__all__ = ["MAX_CURSOR_LENGTH", "Cursors"]

_LASTS = timedelta(hours=1)
"""Each page reads anew what has ended since the first one, which must not grow for ever."""


class Cursors:
    """The cursors of one list: of whoever calls, and of what they wanted to see."""

    def __init__(self, links: LinkSealer, caller: Caller, name: str, wanted: BaseModel) -> None:
        self._links = links
        filters = hashlib.sha256(wanted.model_dump_json().encode()).hexdigest()
        self._of = f"{name}/{caller.tenant}/{filters[:16]}"

    def cursor_of(self, place: Place | None) -> str | None:
        """Give the cursor that goes on at ``place``."""
        if place is None:
            return None
        return self._links.seal_cursor(self._of, place.model_dump_json(exclude_defaults=True))

    def place_of(self, cursor: str | None) -> Place | None:
        """Give the place where a cursor goes on.

        Raises:
            ProblemError: It is none of this list, of this tenant, with these filters; or it is
                more than an hour old.

        """
        if cursor is None:
            return None
        text = self._links.open_cursor(self._of, cursor)
        place = None if text is None else _read(text)
        if place is None or place.began_at < datetime.now(UTC) - _LASTS:
            problem = "is no cursor of this list with these filters, or older than an hour"
            raise ProblemError(
                FailureCode.BAD_INPUT,
                422,
                detail=f"The cursor {problem}; begin again without one.",
                errors=(FieldError(field="query.cursor", problem=problem),),
            )
        return place


def _read(text: str) -> Place | None:
    try:
        return Place.model_validate_json(text)
    except ValidationError:
        # An older release may have sealed it.
        return None
