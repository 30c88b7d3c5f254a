"""Verified persons: listed, shown, imported, exported, used for more videos, withdrawn."""

from fastapi import APIRouter

from web.api.deps import ApiDeps
from web.api.routing import api_router


def people_routes(deps: ApiDeps) -> APIRouter:
    """Give the routes."""
    del deps
    return api_router()
