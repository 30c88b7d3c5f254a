"""Refused assets are replaced inside the same run, or done without."""

import pytest
from pydantic import SecretStr

from likeness import names
from likeness.asset_reasons import GENERAL, AssetReason, advice_on
from likeness.failures import FailureCode
from likeness.messages.conversation import AcceptPartial, OnboardingStatus, ReplaceAssets
from likeness.messages.onboarding import MAX_ASSETS, AssetRequest
from likeness.stages import AssetState, Hold, Stage, WaitingFor
from likeness.temporal.onboardings import describe_onboarding
from tests.workflows.conftest import Journey

pytestmark = pytest.mark.server


def others(journey: Journey, **paths: str) -> ReplaceAssets:
    """Order other files, each under the name before its path; ``asset_2`` stands for asset-2."""
    return ReplaceAssets(
        actor="caller",
        reason="new pictures",
        assets=tuple(
            AssetRequest(
                name=name.replace("_", "-"),
                url=SecretStr(f"{journey.base_url}/portraits/{path}.jpg"),
            )
            for name, path in paths.items()
        ),
    )


async def held(journey: Journey, *paths: str, **start: object) -> OnboardingStatus:
    """Bring a run to where it waits for other assets."""
    await journey.start(*paths, **start)  # type: ignore[arg-type]  # the run's own options
    await journey.pass_the_scan()
    return await journey.until(lambda s: s.hold is Hold.NEEDS_ASSETS)


class TestReplaceAssets:
    async def test_all_that_are_needed_are_usable_in_the_end(self, journey: Journey) -> None:
        before = await held(journey, "a", "refused", "c")

        told = await journey.order(names.REPLACE_ASSETS, others(journey, asset_2="b"))
        status = await journey.result()

        assert (None, WaitingFor.UPSTREAM) == (told.hold, told.waiting_for)
        assert Stage.COMPLETED == status.stage
        assert ["asset-1", "asset-2", "asset-3"] == [a.name for a in status.assets]
        assert {AssetState.USABLE} == {a.state for a in status.assets}
        assert before.assets[0].asset_id == status.assets[0].asset_id

    async def test_only_the_new_ones_are_submitted_and_to_the_same_group(
        self, journey: Journey
    ) -> None:
        await held(journey, "a", "refused", "c")

        await journey.order(names.REPLACE_ASSETS, others(journey, asset_2="b"))
        await journey.result()

        submitted = [e for e in journey.world.ledger.entries if e.name == "assets_submitted"]
        assert 4 == len(submitted)
        assert 1 == len({entry.detail["group_id"] for entry in submitted})
        assert ["asset-1", "asset-2", "asset-2", "asset-3"] == sorted(
            asset.name for asset in journey.world.assets.values()
        )

    async def test_one_that_is_refused_again_waits_again(self, journey: Journey) -> None:
        await held(journey, "a", "refused")

        await journey.order(names.REPLACE_ASSETS, others(journey, asset_2="refused-again"))
        await journey.until_counted("assets_reviewed", 3)
        await journey.until(lambda s: s.hold is Hold.NEEDS_ASSETS)
        await journey.order(names.REPLACE_ASSETS, others(journey, asset_2="b"))
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 4 == journey.count("submit_assets")
        assert ["new pictures"] * 2 == [order.reason for order in status.orders]

    async def test_one_of_another_name_is_added(self, journey: Journey) -> None:
        await held(journey, "a", "refused")

        await journey.order(names.REPLACE_ASSETS, others(journey, third="b"))
        status = await journey.result()

        assert {
            "asset-1": AssetState.USABLE,
            "asset-2": AssetState.REFUSED,
            "third": AssetState.USABLE,
        } == {asset.name: asset.state for asset in status.assets}

    async def test_it_is_noted_with_actor_and_reason(self, journey: Journey) -> None:
        await held(journey, "refused")

        status = await journey.order(names.REPLACE_ASSETS, others(journey, asset_1="b"))

        assert [(names.REPLACE_ASSETS, "caller", "new pictures")] == [
            (order.verb, order.actor, order.reason) for order in status.orders
        ]

    async def test_the_attributes_tell_that_the_hold_is_over(self, journey: Journey) -> None:
        journey.change(review_seconds=600)
        await journey.start("refused")
        await journey.pass_the_scan()
        await journey.until_counted("assets_submitted")
        journey.world.advance(600)
        await journey.until(lambda s: s.hold is Hold.NEEDS_ASSETS)

        await journey.order(names.REPLACE_ASSETS, others(journey, asset_1="b"))
        glance = await describe_onboarding(journey.client, "default", journey.onboarding)

        assert (None, None, WaitingFor.UPSTREAM) == (
            glance.hold,
            glance.reason,
            glance.waiting_for,
        )

    async def test_a_refusal_says_why_and_what_to_do(self, journey: Journey) -> None:
        journey.change(item_reasons=True)
        status = await held(journey, "facemismatch")

        (asset,) = status.assets
        assert ("FaceMismatch", advice_on("FaceMismatch")) == (asset.reason, asset.advice)
        assert GENERAL != asset.advice


class TestRefusedOrders:
    async def test_nothing_is_replaced_before_the_review_has_refused_something(
        self, journey: Journey
    ) -> None:
        await journey.start("a")

        code, _ = await journey.refusal(names.REPLACE_ASSETS, others(journey, asset_1="b"))

        assert FailureCode.NOTHING_TO_REPLACE == code

    async def test_a_usable_one_keeps_its_place(self, journey: Journey) -> None:
        await held(journey, "a", "refused")

        code, sentence = await journey.refusal(
            names.REPLACE_ASSETS, others(journey, asset_2="b", asset_1="c")
        )

        assert FailureCode.NOTHING_TO_REPLACE == code
        assert sentence.startswith("New asset 2 has the name of an asset that is not")
        assert 2 == journey.count("submit_assets")

    async def test_there_may_not_be_more_than_a_start_may_have(self, journey: Journey) -> None:
        await held(journey, "refused")
        many = others(journey, **{f"n{n}": "b" for n in range(MAX_ASSETS)})

        code, sentence = await journey.refusal(names.REPLACE_ASSETS, many)

        assert FailureCode.NOTHING_TO_REPLACE == code
        assert f"There may be at most {MAX_ASSETS} assets in all." == sentence

    async def test_a_refused_order_leaves_no_event(self, journey: Journey) -> None:
        await held(journey, "a", "refused")

        await journey.refusal(names.REPLACE_ASSETS, others(journey, asset_1="c"))

        assert 1 == (await journey.events()).count("WORKFLOW_EXECUTION_UPDATE_ACCEPTED")


class TestAcceptPartial:
    async def test_the_run_goes_on_with_what_is_usable(self, journey: Journey) -> None:
        await held(journey, "a", "refused", "c")

        await journey.order(names.ACCEPT_PARTIAL, AcceptPartial(reason="enough"))
        status = await journey.result()

        assert Stage.COMPLETED == status.stage
        assert 2 == sum(a.state is AssetState.USABLE for a in status.assets)
        assert [names.ACCEPT_PARTIAL] == [order.verb for order in status.orders]
        assert 3 == journey.count("submit_assets")

    async def test_nothing_is_not_enough(self, journey: Journey) -> None:
        await held(journey, "refused")

        code, _ = await journey.refusal(names.ACCEPT_PARTIAL, AcceptPartial())

        assert FailureCode.NO_USABLE_ASSETS == code

    async def test_it_is_no_way_round_the_review(self, journey: Journey) -> None:
        await journey.start("a", "b")

        code, _ = await journey.refusal(names.ACCEPT_PARTIAL, AcceptPartial())

        assert FailureCode.NOTHING_TO_REPLACE == code


class TestOneBadAssetAmongSeveral:
    async def test_a_refused_request_is_split_once_and_tells_exactly_which(
        self, journey: Journey
    ) -> None:
        journey.fault("submit_assets", "400")
        journey.fault("submit_assets", "400", after=1)
        await journey.start("a", "b", "c", min_usable=2, assets_per_request=3)
        await journey.pass_the_scan()

        status = await journey.result()

        taken = {asset.name for asset in journey.world.assets.values()}
        assert 4 == journey.count("submit_assets")
        assert 2 == len(taken)
        assert {
            name: AssetState.USABLE if name in taken else AssetState.REFUSED
            for name in ("asset-1", "asset-2", "asset-3")
        } == {asset.name: asset.state for asset in status.assets}

    async def test_one_that_is_refused_alone_is_not_sent_again(self, journey: Journey) -> None:
        journey.fault("submit_assets", "400", times=None)
        await held(journey, "a", "b", assets_per_request=2)

        assert 3 == journey.count("submit_assets")


class TestUnfitAssets:
    async def test_an_address_that_is_dead_by_now_waits_for_another_before_any_call(
        self, journey: Journey
    ) -> None:
        status = await held(journey, "left-gone")
        (asset,) = status.assets
        calls_before = journey.count("submit_assets")

        await journey.order(names.REPLACE_ASSETS, others(journey, asset_1="left"))
        ended = await journey.result()

        assert 0 == calls_before
        assert (AssetReason.GONE, advice_on(AssetReason.GONE)) == (asset.reason, asset.advice)
        assert Stage.COMPLETED == ended.stage
        assert 1 == journey.count("submit_assets")

    async def test_the_others_of_its_request_go_on_without_it(self, journey: Journey) -> None:
        journey.change(item_names=True)
        await journey.start("a", "b-tiny", "c", min_usable=2, assets_per_request=3)
        await journey.pass_the_scan()

        status = await journey.result()

        assert [
            ("asset-1", AssetState.USABLE, None),
            ("asset-2", AssetState.REFUSED, AssetReason.TOO_FEW_PIXELS),
            ("asset-3", AssetState.USABLE, None),
        ] == [(asset.name, asset.state, asset.reason) for asset in status.assets]
        assert ["asset-1", "asset-3"] == sorted(
            asset.name for asset in journey.world.assets.values()
        )
