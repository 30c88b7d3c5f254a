"""Orders to a running onboarding: what the caller and the operator may have it do."""

from fastapi import APIRouter

from web.api.deps import ApiDeps


def order_routes(deps: ApiDeps) -> APIRouter:
    """Give the routes."""
    del deps
    return APIRouter()
