"""What may go wrong between a service and likeness, sorted by what the service can do about it.

::

    LikenessError
    ├── ProblemError             likeness said no; ``problem`` has code, who must act and what next
    │   ├── UnauthorizedError    401: no API key, or one that is not known or has expired
    │   ├── ForbiddenError       403: the key's scope is too low
    │   ├── NotFoundError        404, 410: nothing of that id, or no longer, by likeness' own word
    │   ├── ConflictError        409: another request under the same key, or not where it stands now
    │   ├── InvalidError         400, 405, 413, 415, 422: ``problem.errors`` names the fields
    │   ├── TooManyRequestsError 429: later; ``retry_after_s`` says when
    │   └── UnavailableError     5xx: later, or the operator
    ├── NoAnswerError            nobody answered; ``maybe_done`` tells whether it may have been done
    └── StrangeAnswerError       an answer that this client does not know: not likeness, or another
                                 version of it
"""

from http import HTTPStatus

from likeness.rest.problems import Problem


class LikenessError(Exception):
    """Base of them all; no text of theirs holds a key, an address or what was sent."""


class ProblemError(LikenessError):
    """likeness said no. ``retry_after_s`` is how many seconds it asks to wait, None for none."""

    def __init__(self, problem: Problem, *, retry_after_s: float | None = None) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        problem = self.problem
        fields = "".join(f" {each.field}: {each.problem.rstrip('.')}." for each in problem.errors)
        told = f"{problem.detail}{fields} {problem.next_step}"
        return f"{told} ({problem.code}, HTTP {problem.status}, for the {problem.who})"


class UnauthorizedError(ProblemError):
    """The request carries no API key, or one that is not known or has expired."""


class ForbiddenError(ProblemError):
    """The API key may not do this."""


class NotFoundError(ProblemError):
    """There is nothing of that id, or no longer."""


class ConflictError(ProblemError):
    """It does not fit what was asked for before, or where it stands now."""


class InvalidError(ProblemError):
    """The request itself does not fit; ``problem.errors`` names the fields of a body."""


class TooManyRequestsError(ProblemError):
    """The API key has sent more requests than it may."""


class UnavailableError(ProblemError):
    """likeness cannot do it now, or met something that it does not know."""


class NoAnswerError(LikenessError):
    """No complete answer came. ``maybe_done``: what was ordered may have taken effect."""

    def __init__(self, sentence: str, *, maybe_done: bool) -> None:
        super().__init__(sentence)
        self.maybe_done = maybe_done


class StrangeAnswerError(LikenessError):
    """An answer that this client does not know; ``status`` is that of HTTP."""

    def __init__(self, status: int) -> None:
        super().__init__(
            f"The answer (HTTP {status}) is none of likeness as this client knows it; see that "
            "base_url leads there, and that both are of one version."
        )
        self.status = status


_BY_STATUS: dict[int, type[ProblemError]] = {
    HTTPStatus.UNAUTHORIZED: UnauthorizedError,
    HTTPStatus.FORBIDDEN: ForbiddenError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.GONE: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.TOO_MANY_REQUESTS: TooManyRequestsError,
}


def error_for(problem: Problem, *, retry_after_s: float | None = None) -> ProblemError:
    """Give the error to raise for a problem."""
    other = UnavailableError if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR else InvalidError
    return _BY_STATUS.get(problem.status, other)(problem, retry_after_s=retry_after_s)
