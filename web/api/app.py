"""The app under ``/v1``: its routes, and a problem for everything that is none."""

from fastapi import FastAPI

from web.api.deps import ApiDeps
from web.api.events import event_routes
from web.api.onboardings import onboarding_routes
from web.api.orders import order_routes
from web.api.people import people_routes


def api_app(deps: ApiDeps) -> FastAPI:
    """Build the app; whoever builds it mounts it under ``/v1``."""
    app = FastAPI(title="likeness", version="1", docs_url=None, redoc_url=None)
    for routes in (onboarding_routes, order_routes, event_routes, people_routes):
        app.include_router(routes(deps))
    return app
