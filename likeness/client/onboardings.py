"""What a service does with its onboardings: creates, shows, lists, follows and orders."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from http import HTTPMethod
from typing import Any, Required, TypedDict, Unpack, overload

from pydantic import AwareDatetime, TypeAdapter

from likeness.client.following import followed
from likeness.client.ordering import Orders
from likeness.client.paths import idempotent, onboarding_path
from likeness.client.transport import Call
from likeness.messages.onboarding import AssetRequest, VideoRequest
from likeness.rest.onboardings import (
    CreateOnboarding,
    InviteLink,
    Onboarding,
    OnboardingCreated,
    OnboardingListed,
    OnboardingPage,
)
from likeness.stages import Hold, Stage

PAGE_SIZE = 50

_AWARE = TypeAdapter(AwareDatetime)
_ORDER = list(Stage)


class Creation(TypedDict, total=False):
    """The fields of ``CreateOnboarding``, as ``create`` takes them by name."""

    person: Required[str]
    assets: Required[Sequence[AssetRequest | Mapping[str, str]]]
    display_name: str | None
    sender: str | None
    contact: str | None
    purpose: str | None
    min_usable: int | None
    video: VideoRequest | Mapping[str, Any] | None
    webhook_url: str | None


class Onboardings(Orders):
    """``likeness.onboardings``. Every method may raise ``LikenessError``.

    ``ValueError`` (pydantic's ``ValidationError`` is one) says that what was given could never be
    taken; then nothing was sent.
    """

    @overload
    async def create(
        self, order: CreateOnboarding, *, idempotency_key: str | None = None
    ) -> OnboardingCreated: ...

    @overload
    async def create(
        self, *, idempotency_key: str | None = None, **said: Unpack[Creation]
    ) -> OnboardingCreated: ...

    async def create(
        self,
        order: CreateOnboarding | None = None,
        *,
        idempotency_key: str | None = None,
        **said: Any,
    ) -> OnboardingCreated:
        """Start one and give its id and invite link.

        The same key and content always come to the same onboarding. Give a key of your own, such
        as your row's id, and a crash of your service makes no second one; without it one is made
        for this call and its repeats.
        """
        if (order is None) == (not said):
            raise ValueError("create takes a CreateOnboarding or its fields by name")
        body = order or CreateOnboarding.model_validate(said)
        call = Call(
            method=HTTPMethod.POST,
            path="/onboardings",
            body=body,
            headers=idempotent(idempotency_key),
        )
        return await self._transport.ask(call, OnboardingCreated)

    async def get(self, onboarding: str) -> Onboarding:
        """Show where one stands."""
        return await self._transport.ask(Call(path=onboarding_path(onboarding)), Onboarding)

    async def link(self, onboarding: str) -> InviteLink:
        """Give the invite link in force; whoever has it may answer for the person."""
        return await self._transport.ask(Call(path=onboarding_path(onboarding, "link")), InviteLink)

    async def list(
        self,
        *,
        stage: Stage | None = None,
        hold: Hold | None = None,
        started_after: datetime | None = None,
        started_before: datetime | None = None,
        page_size: int = PAGE_SIZE,
    ) -> AsyncGenerator[OnboardingListed, None]:
        """Give every one that fits; a page of ``page_size`` (1 to 100) at a time.

        Those under way come first, newest first, then the ended, latest end first.
        """
        filters = {
            "stage": stage,
            "hold": hold,
            "started_after": _told(started_after),
            "started_before": _told(started_before),
            "limit": str(page_size),
        }
        params = {name: str(value) for name, value in filters.items() if value is not None}
        while True:
            call = Call(path="/onboardings", params=params)
            page = await self._transport.ask(call, OnboardingPage)
            for each in page.onboardings:
                yield each
            if page.next_cursor is None:
                return
            params["cursor"] = page.next_cursor

    def events(self, onboarding: str) -> AsyncGenerator[Onboarding, None]:
        """Give a snapshot now and one after each change; the one at the end is the last.

        A connection that breaks is made again, and nothing told twice.
        """
        return followed(self._transport, onboarding_path(onboarding, "events"))

    async def wait(self, onboarding: str, *, until: Stage | None = None) -> Onboarding:
        """Wait until it has ended, is held, or has come as far as ``until``; give it as it is then.

        It waits for as long as that takes: put ``asyncio.timeout`` round it, or take webhooks.
        """
        far_enough = None if until is None else _known(until)
        snapshots = followed(self._transport, onboarding_path(onboarding, "events"))
        async with aclosing(snapshots):
            async for snapshot in snapshots:
                if snapshot.hold or _reached(snapshot.stage, far_enough):
                    break
        return snapshot


def _known(stage: str) -> Stage:
    try:
        return Stage(stage)
    except ValueError:
        raise ValueError(f"until is one of the stages: {', '.join(Stage)}") from None


def _reached(stage: Stage, until: Stage | None) -> bool:
    return until is not None and _ORDER.index(stage) >= _ORDER.index(until)


def _told(at: datetime | None) -> str | None:
    """Write a time with its offset; raise ``ValueError`` for one that has none."""
    return None if at is None else _AWARE.validate_python(at).isoformat()
