"""Looks at a new onboarding's addresses before it is started, for callers of the API."""

from collections.abc import Iterable, Mapping

from likeness.asset_reasons import AssetReason, advice_on
from likeness.failures import FailureCode
from likeness.messages.onboarding import OnboardingRequest
from likeness.rest.problems import FieldError
from outbound.address_rule import AddressRule
from outbound.preflight import Candidate, Preflight
from web.api.problems import ProblemError

WITHIN_S = 8.0
"""A service waits for the answer, and for the person's link in it."""


_NEVER_TOLD = (
    "would never be told: https on port 443 of a public address is wanted, or a host that the "
    "operator names in WEBHOOK_ALLOW"
)


class FirstLook:
    """Looks with a client of its own, which lives as long as the process."""

    def __init__(self, preflight: Preflight | None, *, webhook_allow: Iterable[str] = ()) -> None:
        """Take what looks at assets; None leaves them to the provider's review.

        ``webhook_allow`` are the origins that are told although they are not public.
        """
        self._preflight = preflight
        self._tellable = AddressRule(webhook_allow)

    async def refuse_unfit(self, request: OnboardingRequest) -> None:
        """Judge the webhook's address as it is written, and look at each asset once.

        Raises:
            ProblemError: The webhook could never be delivered, or some assets would surely be
                refused; it names them by their place in the request, never by their addresses.

        """
        webhook = request.webhook_url
        if webhook is not None and self._tellable.forbids(webhook.get_secret_value()):
            raise ProblemError(
                FailureCode.BAD_INPUT,
                422,
                detail="Nothing was started, because its webhook could never be delivered.",
                errors=(FieldError(field="webhook_url", problem=_NEVER_TOLD),),
            )
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
