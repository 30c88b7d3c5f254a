"""The catalogue of problems: ``GET /v1/problems/{code}``, and docs/problems.md.

python -m web.api.catalogue > docs/problems.md
"""

import sys
from html import escape

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from likeness.failures import FAILURES, FailureCode
from web.api.documenting import operation
from web.api.problems import ProblemError
from web.api.routing import api_router

_HEAD = (
    "# Problems\n\n"
    "Every code that a problem of the API, a webhook or a status may carry: what has happened, who "
    "must act and what is next. Made by `python -m web.api.catalogue` from `likeness/failures.py`; "
    "the running API shows each at `/v1/problems/{code}`.\n"
)


def catalogue_routes() -> APIRouter:
    """Give the route."""
    routes = api_router()

    @routes.get(
        "/problems/{code}",
        response_class=HTMLResponse,
        **operation(
            None,
            "show_problem",
            "What a problem's code means",
            answer=page(FailureCode.NO_SUCH_ONBOARDING),
            media_type="text/html",
            refusals={404: (FailureCode.NO_SUCH_PAGE,)},
        ),
    )
    async def show_problem(code: str) -> str:
        try:
            return page(FailureCode(code))
        except ValueError:
            raise ProblemError(FailureCode.NO_SUCH_PAGE, 404) from None

    return routes


def page(code: FailureCode) -> str:
    """Give the page of one code."""
    text = FAILURES[code]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{code}</title>'
        f"<h1>{code}</h1><p>{escape(text.sentence)}</p>"
        f"<p>Who must act: the {text.who}.</p><p>Next: {escape(text.next_step)}</p></html>\n"
    )


def catalogue() -> str:
    """Give docs/problems.md."""
    return _HEAD + "".join(_section(code) for code in FailureCode)


def _section(code: FailureCode) -> str:
    text = FAILURES[code]
    hold = f" The run holds as `{text.hold}` meanwhile." if text.hold else ""
    happened = f"{text.sentence}{hold} Who must act: the {text.who}."
    return f"\n## {code}\n\n{happened}\n\nNext: {text.next_step}\n"


if __name__ == "__main__":
    sys.stdout.write(catalogue())
