"""The OpenAPI document: ``GET /v1/openapi.json``, committed as docs/openapi.json.

    python -m web.api.document > docs/openapi.json

Paths stand without ``/v1``, which is the server's address: clients are told one base address.
"""

import json
import sys
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import Response

from likeness.rest.problems import Problem
from web.api.documenting import KEY_SCHEME, operation
from web.api.routing import api_router

_REF = "#/components/schemas/{model}"
_DESCRIPTION = (
    "Starts onboardings, follows them and gives orders to them. Every answer of 400 and above is a "
    "problem (RFC 9457) whose `code` is explained at `type`. Times are UTC in ISO 8601. "
    "`x-likeness-scope` names the scope that an operation asks of a key: `read`, `start` or "
    "`operate`, each of which includes the ones before it."
)
_KEY = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "lk_{id}_{secret}",
    "description": "An API key, as `starter.py keys api new` makes it.",
}


def document_routes() -> APIRouter:
    """Give the route."""
    routes = api_router()

    @routes.get(
        "/openapi.json",
        include_in_schema=False,
        **operation(None, "show_document", "This document", answer="{}"),
    )
    async def shown(request: Request) -> Response:
        return Response(_text_of(request.app), media_type="application/json")

    return routes


@lru_cache(maxsize=1)
def _text_of(app: FastAPI) -> str:
    # Everybody may ask for it, and it takes longer to make than anything else here.
    return written(document_of(app))


def document_of(app: FastAPI) -> dict[str, Any]:
    """Give the document of the app's routes."""
    document: dict[str, Any] = get_openapi(
        title="likeness",
        version="1",
        description=_DESCRIPTION,
        routes=app.routes,
        servers=[{"url": "/v1"}],
    )
    _drop_what_fastapi_assumes(document)
    components = document.setdefault("components", {})
    components["securitySchemes"] = {KEY_SCHEME: _KEY}
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template=_REF, mode="serialization")
    for name, schema in {**problem.pop("$defs"), "Problem": problem}.items():
        schemas.setdefault(name, schema)
    components["schemas"] = dict(sorted(schemas.items()))
    return document


def _drop_what_fastapi_assumes(document: dict[str, Any]) -> None:
    """Take JSON out of the answers of routes that said that they give something else."""
    for methods in document.get("paths", {}).values():
        for told in methods.values():
            for answer in told["responses"].values():
                content = answer.get("content", {})
                if len(content) > 1 and content.get("application/json") == {"schema": {}}:
                    del content["application/json"]


def written(document: dict[str, Any]) -> str:
    """Give the document's text."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Print the document of an app that answers nothing."""
    from web.api.paper import paper_app  # noqa: PLC0415 - it imports all routes, and they us

    sys.stdout.write(written(document_of(paper_app())))


if __name__ == "__main__":
    main()
