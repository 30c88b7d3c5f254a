"""What happens to one onboarding, as server-sent events."""

from fastapi import APIRouter

from web.api.deps import ApiDeps


def event_routes(deps: ApiDeps) -> APIRouter:
    """Give the routes."""
    del deps
    return APIRouter()
