"""Creating, showing and listing onboardings, and their invite links."""

from fastapi import APIRouter

from web.api.deps import ApiDeps


def onboarding_routes(deps: ApiDeps) -> APIRouter:
    """Give the routes."""
    del deps
    return APIRouter()
