from collections.abc import Mapping, Sequence

import pytest
from pydantic import SecretStr

from likeness.asset_reasons import AssetReason, advice_on
from likeness.failures import FailureCode
from likeness.messages.onboarding import AssetKind, AssetRequest, OnboardingRequest
from outbound.preflight import Candidate, Preflight
from web.api.preflighting import FirstLook
from web.api.problems import ProblemError

REQUEST = OnboardingRequest(
    onboarding="o-1",
    person="p-1",
    assets=tuple(
        AssetRequest(name=name, url=SecretStr(f"https://files.example/canary-{name}"))
        for name in ("front", "side", "turn")
    ),
)


class Judged(Preflight):
    """Looks at nothing and knows all the same."""

    def __init__(self, verdict: Mapping[str, AssetReason]) -> None:
        self.verdict = verdict
        self.seen: list[Candidate] = []

    async def unfit(
        self, candidates: Sequence[Candidate], *, within_s: float
    ) -> Mapping[str, AssetReason]:
        assert within_s > 0
        self.seen.extend(candidates)
        return self.verdict


class TestALook:
    async def test_names_what_is_unfit_by_its_place_and_never_by_its_address(self) -> None:
        look = FirstLook(Judged({"side": AssetReason.GONE, "turn": AssetReason.TOO_SHORT}))

        with pytest.raises(ProblemError) as caught:
            await look.refuse_unfit(REQUEST)

        problem = caught.value.problem
        assert (422, FailureCode.BAD_INPUT) == (problem.status, problem.code)
        assert ["assets.1.url", "assets.2.url"] == [error.field for error in problem.errors]
        assert [AssetReason.GONE, AssetReason.TOO_SHORT] == [
            AssetReason(error.problem.partition(":")[0]) for error in problem.errors
        ]
        assert advice_on(AssetReason.GONE) in problem.errors[0].problem
        assert "canary" not in problem.model_dump_json()

    async def test_is_taken_at_every_asset_once_and_lets_fit_ones_be(self) -> None:
        judge = Judged({})

        await FirstLook(judge).refuse_unfit(REQUEST)

        assert [(asset.name, AssetKind.IMAGE) for asset in REQUEST.assets] == [
            (candidate.name, candidate.kind) for candidate in judge.seen
        ]

    async def test_is_not_taken_where_it_is_not_wanted(self) -> None:
        await FirstLook(None).refuse_unfit(REQUEST)


class TestAWebhook:
    TOLD = ("http://127.0.0.1:9100",)

    @pytest.mark.parametrize(
        "url",
        [
            "http://hooks.example/canary",
            "https://hooks.example:8443/canary",
            "https://127.0.0.1/canary",
            "https://[::1]/canary",
            "https://10.0.0.7/canary",
            "https://localhost/canary",
            "http://127.0.0.1:9101/canary",
            "https://127.0.0.1:9100/canary",
        ],
    )
    async def test_that_could_never_be_delivered_is_refused_before_any_look(self, url: str) -> None:
        judge = Judged({})
        request = REQUEST.model_copy(update={"webhook_url": SecretStr(url)})

        with pytest.raises(ProblemError) as caught:
            await FirstLook(judge, webhook_allow=self.TOLD).refuse_unfit(request)

        problem = caught.value.problem
        assert (422, ["webhook_url"]) == (problem.status, [each.field for each in problem.errors])
        assert "canary" not in problem.model_dump_json()
        assert [] == judge.seen

    @pytest.mark.parametrize(
        "url",
        [
            "https://hooks.example/canary",
            "https://hooks.example:443/canary",
            "https://93.184.215.14/canary",
            "http://127.0.0.1:9100/canary",
        ],
    )
    async def test_that_may_be_delivered_is_let_be(self, url: str) -> None:
        request = REQUEST.model_copy(update={"webhook_url": SecretStr(url)})

        await FirstLook(None, webhook_allow=self.TOLD).refuse_unfit(request)
