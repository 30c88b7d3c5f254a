"""Looks at a new onboarding's assets before anything is started."""

from collections.abc import Mapping

from temporalio.client import Client

from commands.outcomes import CommandError, ExitCode
from likeness.asset_reasons import AssetReason, advice_on
from likeness.failures import FailureCode
from likeness.messages.onboarding import OnboardingRequest
from likeness.temporal.onboardings import onboarding_is_known
from outbound.preflight import Candidate, Preflight
from runtime.settings import StarterSettings

WITHIN_S = 8.0
"""Somebody waits at a terminal."""


async def refuse_unfit_assets(
    client: Client, settings: StarterSettings, request: OnboardingRequest
) -> None:
    """Look at each asset once, unless the onboarding is there already: that one is only found.

    Raises:
        CommandError: Some of them would surely be refused; it names them, never their addresses.

    """
    if not settings.preflight or await onboarding_is_known(
        client, request.tenant, request.onboarding
    ):
        return
    preflight = Preflight(allow=settings.fetch_allow)
    try:
        candidates = [Candidate(asset.name, asset.url, asset.kind) for asset in request.assets]
        unfit = await preflight.unfit(candidates, within_s=WITHIN_S)
    finally:
        await preflight.aclose()
    if unfit:
        raise _refusal(unfit)


def _refusal(unfit: Mapping[str, AssetReason]) -> CommandError:
    named = ", ".join(f"{name} ({reason})" for name, reason in unfit.items())
    advice = "\n  ".join(
        f"{', '.join(name for name, its in unfit.items() if its is reason)}: {advice_on(reason)}"
        for reason in dict.fromkeys(unfit.values())
    )
    return CommandError(
        f"Nothing was started, because the review cannot take {named}.",
        code=FailureCode.BAD_INPUT,
        exit_code=ExitCode.BAD_INPUT,
        next_step=advice,
    )
