"""Looks at a new onboarding's assets before it is started, for callers of the API."""

from collections.abc import Mapping

from likeness.asset_reasons import AssetReason, advice_on
from likeness.failures import FailureCode
from likeness.messages.onboarding import OnboardingRequest
from likeness.rest.problems import FieldError
from outbound.preflight import Candidate, Preflight
from web.api.problems import ProblemError

WITHIN_S = 8.0
"""A service waits for the answer, and for the person's link in it."""


class AssetLook:
    """Looks with a client of its own, which lives as long as the process."""

    def __init__(self, preflight: Preflight | None) -> None:
        """Take what looks; None leaves all to the provider's review."""
        self._preflight = preflight

    async def refuse_unfit(self, request: OnboardingRequest) -> None:
        """Look at each asset once.

        Raises:
            ProblemError: Some of them would surely be refused; it names them by their place in the
                request, never by their addresses.

        """
        if self._preflight is None:
            return
        candidates = [Candidate(asset.name, asset.url, asset.kind) for asset in request.assets]
        unfit = await self._preflight.unfit(candidates, within_s=WITHIN_S)
        if unfit:
            raise _refusal(request, unfit)


def _refusal(request: OnboardingRequest, unfit: Mapping[str, AssetReason]) -> ProblemError:
    return ProblemError(
        FailureCode.BAD_INPUT,
        422,
        detail="Nothing was started, because the review cannot take some of the assets.",
        errors=tuple(
            FieldError(
                field=f"assets.{number}.url",
                problem=f"{unfit[asset.name]}: {advice_on(unfit[asset.name])}",
            )
            for number, asset in enumerate(request.assets)
            if asset.name in unfit
        ),
    )
