"""Creates an onboarding once, however often and however concurrently it is asked for."""

import asyncio
from weakref import WeakValueDictionary

from pydantic import ValidationError
from temporalio.client import Client

from likeness.messages.onboarding import OnboardingInput, OnboardingRequest
from likeness.rest.onboardings import CreateOnboarding, OnboardingCreated
from likeness.temporal.onboardings import onboarding_is_known, start_onboarding
from runtime.links import InviteToken, LinkSealer, invite_url
from web.api.callers import Caller
from web.api.deps import ApiDeps
from web.api.naming import onboarding_id_of, one_wish_a_key
from web.api.problems import ProblemError
from web.calls import CONNECTED_WITHIN_S


class Creation:
    """Starts runs; the id comes of the Idempotency-Key, so a repeat finds what was started."""

    def __init__(self, deps: ApiDeps) -> None:
        self._deps = deps
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def create(self, caller: Caller, key: str, body: CreateOnboarding) -> OnboardingCreated:
        """Start the onboarding, or find the one that the same request started before.

        Raises:
            ProblemError: The body's parts do not fit together, the review would surely refuse an
                asset, or the key stands for another request.
            TemporalAwayError: The run may exist, and the repeat finds it.

        """
        request = _requested(caller, key, body)
        # Repeats that come at once wait here, so that only the first has the assets looked at.
        async with self._turn(request):
            client = await self._deps.client(CONNECTED_WITHIN_S)
            if not await onboarding_is_known(client, request.tenant, request.onboarding):
                await self._look_at_assets(client, request)
            order = OnboardingInput(request=request, policy=self._deps.policy)
            with one_wish_a_key():
                started = await start_onboarding(client, order, task_queue=self._deps.task_queue)
        token = InviteToken(
            tenant=started.tenant,
            onboarding=started.onboarding_id,
            person=started.person,
            link=started.link,
        )
        return OnboardingCreated(
            onboarding_id=started.onboarding_id,
            person=started.person,
            invite_url=invited(self._deps.links, self._deps.base_url, token),
        )

    def _turn(self, request: OnboardingRequest) -> asyncio.Lock:
        return self._turns.setdefault((request.tenant, request.onboarding), asyncio.Lock())

    async def _look_at_assets(self, client: Client, request: OnboardingRequest) -> None:
        try:
            await self._deps.preflight(request)
        except ProblemError:
            # Another process may have started it meanwhile: what has begun is not refused.
            if not await onboarding_is_known(client, request.tenant, request.onboarding):
                raise


def invited(links: LinkSealer, base_url: str, token: InviteToken) -> str:
    """Give the invite link."""
    return invite_url(base_url, links.seal_invite(token))


def _requested(caller: Caller, key: str, body: CreateOnboarding) -> OnboardingRequest:
    onboarding = onboarding_id_of(caller.tenant, key)
    try:
        return body.request(tenant=caller.tenant, onboarding=onboarding, account=caller.account)
    except ValidationError as error:
        raise ProblemError.of_invalid(error) from None
