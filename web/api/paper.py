"""An app whose routes answer nothing: for what only reads what the routes say of themselves."""

from typing import NoReturn

from fastapi import FastAPI

from likeness.messages.onboarding import OnboardingPolicy
from likeness.temporal.keyring import SECRET_BYTES, Key, KeyRing
from runtime.links import LinkSealer
from web.api.app import api_app
from web.api.deps import ApiDeps


async def _nothing(*_: object) -> NoReturn:
    raise NotImplementedError("This app only says which routes there are.")


def paper_app() -> FastAPI:
    """Give the app."""
    deps = ApiDeps(
        admit=_nothing,
        client=_nothing,
        links=LinkSealer.of(KeyRing.of(Key.of(bytes(SECRET_BYTES)))),
        base_url="https://likeness.example",
        task_queue="likeness",
        policy=OnboardingPolicy(),
        preflight=_nothing,
    )
    return api_app(deps)
