"""The person of a run, and whoever makes mischief with callbacks."""

import asyncio
import secrets
from typing import TYPE_CHECKING

import httpx
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from likeness import names
from likeness.messages.conversation import Decline
from runtime.links import CALLBACK_PATH
from simulator.avatar import create_session
from simulator.h5 import Outcome, attempt
from simulator.ledger import fingerprint
from simulator.person.browser import JourneyError
from simulator.person.journey import Journey, PersonScenario
from simulator.world import World
from tests.chaos.plan import Guest, Mischief

if TYPE_CHECKING:
    from tests.chaos.play import Stage

LOOK_EVERY_S = 0.05
FORGERIES = 12
REPEATS = 5
PASSED = {"resultCode": "10000", "algorithmBaseRespCode": "0", "verify_type": "real_time"}


async def until_noted(world: World, name: str | None) -> None:
    """Wait until the ledger holds an entry of that name; not at all for None."""
    while name not in (None, *world.ledger.counts()):  # noqa: ASYNC110  # it tells nobody itself
        await asyncio.sleep(LOOK_EVERY_S)


async def guest_comes(stage: "Stage") -> None:
    """Let the person do what this one does; a journey that fails is a person's bad day."""
    guest = stage.run.guest
    if guest is Guest.STAYS_AWAY:
        return
    if guest is Guest.DECLINES:
        await asyncio.sleep(0.5)
        try:
            await stage.handle.execute_update(names.DECLINE, Decline())
        except (WorkflowUpdateFailedError, RPCError) as refused:
            stage.notes["guest"] = type(refused).__name__
        return
    invite_url = stage.house.invite_url(stage.onboarding, stage.person)
    stage.canaries["invite token"] = invite_url.rsplit("/", 1)[1]
    journey = Journey(
        invite_url,
        timeout_s=0.6 * stage.run.deadline_s,
        say=lambda _: None,
    )
    loop = asyncio.get_running_loop()
    try:
        told = await loop.run_in_executor(stage.hands, journey.run, PersonScenario(guest.value))
        stage.notes["guest"] = told
    except JourneyError as failed:
        stage.notes["guest"] = f"failed: {failed}"


async def mischief_is_made(stage: "Stage") -> None:
    """Send what a stranger might send, once there is a session to send it for."""
    if not stage.run.mischief:
        return
    await until_noted(stage.world, "session_created")
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        for mischief in stage.run.mischief:
            for url in _addresses(stage, mischief):
                try:
                    await http.get(url, params=_parameters(stage, mischief))
                except httpx.HTTPError as away:
                    stage.notes["mischief"] = type(away).__name__


def _addresses(stage: "Stage", mischief: Mischief) -> list[str]:
    real = stage.world.vault.secrets["callback_urls"][-1]
    match mischief:
        case Mischief.FORGED_TOKENS:
            base, token = real.rsplit("/", 1)
            mutated = [_mutated(token) for _ in range(FORGERIES // 2)]
            invented = [secrets.token_urlsafe(120) for _ in range(FORGERIES // 2)]
            return [f"{base}/{each}" for each in (*mutated, *invented)]
        case Mischief.REPEATS:
            return [real] * REPEATS
        case _:
            return [real]


def _mutated(token: str) -> str:
    place = secrets.randbelow(len(token))
    letter = secrets.choice([each for each in "Aa0Zz9" if each != token[place]])
    return token[:place] + letter + token[place + 1 :]


def _parameters(stage: "Stage", mischief: Mischief) -> dict[str, str]:
    if mischief is Mischief.FOREIGN_TOKEN:
        return {**PASSED, "bytedToken": _strangers_token(stage)}
    return PASSED


def _strangers_token(stage: "Stage") -> str:
    """Let a stranger pass the check of a session of their own, and give its token."""
    world = stage.world
    body = {"callback_url": f"https://stranger.example{CALLBACK_PATH}/{secrets.token_hex(8)}"}
    known = set(world.sessions_by_token)
    create_session(world, body, base=stage.upstream)
    [token] = world.sessions_by_token.keys() - known
    stage.foreign_tokens.add(fingerprint(token))
    session = world.sessions_by_token[token]
    attempt(world, session, Outcome.PASSED)
    return token
