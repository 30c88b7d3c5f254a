"""The app under ``/v1``: its routes, and a problem for everything that is none."""

from fastapi import APIRouter, FastAPI

from web.api.catalogue import catalogue_routes
from web.api.deps import ApiDeps
from web.api.document import document_routes
from web.api.events import event_routes
from web.api.onboardings import onboarding_routes
from web.api.orders import order_routes
from web.api.people import people_routes
from web.api.redriving import redriving_routes
from web.api.refusals import answer_problems
from web.api.routing import GatedRoute

PREFIX = "/v1"


def api_app(deps: ApiDeps) -> FastAPI:
    """Build the app; whoever builds it mounts it under ``PREFIX``."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.state.admit = deps.admit
    for routes in (onboarding_routes, order_routes, redriving_routes, event_routes, people_routes):
        _add(app, routes(deps))
    _add(app, catalogue_routes())
    _add(app, document_routes())
    answer_problems(app)
    return app


def _add(app: FastAPI, router: APIRouter) -> None:
    for route in router.routes:
        if not isinstance(route, GatedRoute):
            raise TypeError(f"{route} would answer without a key; make its router by api_router.")
        app.router.routes.append(route)
