"""Submitting assets, each request once, and watching what becomes of them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
from pydantic import JsonValue, SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.assets import AssetSteps
from activities.registry import RegistrySteps
from likeness.failures import FailureCode
from likeness.messages.onboarding import AssetKind
from likeness.messages.person import OnboardingChanged, PersonState, RegistryTold, TellRegistry
from likeness.messages.steps import (
    AssetsSubmitted,
    AssetToSubmit,
    PollReview,
    ReviewedItem,
    ReviewFinished,
    SubmitAssets,
    UnfitAsset,
)
from likeness.stages import Stage
from likeness.steps import PREFLIGHT_BUDGET_S, UNSENT_BUDGET_S
from outbound.preflight import Preflight
from simulator.world import Group
from tests.unit.activities.conftest import Simulated, everything_said
from tests.unit.activities.pretended import (
    ANSWER_LOST,
    NOT_CONNECTED,
    Answer,
    Upstream,
    refusal,
    task,
)
from tests.unit.activities.virtual_time import VirtualClock
from workflows.performing import BEAT_S

ORDER = SubmitAssets(
    group_id="group-1",
    project_name="studio",
    kind=AssetKind.IMAGE,
    assets=(
        AssetToSubmit(name="front", url=SecretStr("https://portraits.example/canary-front.jpg")),
        AssetToSubmit(name="side", url=SecretStr("https://portraits.example/canary-side.jpg")),
    ),
    post_timeout_s=45,
)
AWAY = Mock()
AWAY.get_workflow_handle.side_effect = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
TAKEN = task("processing", estimated_time=40)


def verify(simulated: Simulated) -> None:
    """Let there be a group of a person who has passed the check."""
    group = Group(ORDER.group_id, ORDER.project_name)
    simulated.world.groups[group.id] = group


class Steps:
    """Runs the steps in virtual time against an upstream in memory."""

    def __init__(self, clock: VirtualClock, environment: ActivityEnvironment) -> None:
        self.clock = clock
        self.environment = environment

    def upstream(self, *answers: Answer) -> Upstream:
        return Upstream(*answers, now=lambda: self.clock.elapsed_s)

    def submit(self, upstream: Upstream, order: SubmitAssets = ORDER) -> AssetsSubmitted:
        steps = AssetSteps(upstream.client())
        return self.clock.run(self.environment.run(steps.submit_assets, order))

    def fails(self, upstream: Upstream) -> ApplicationError:
        with pytest.raises(ApplicationError) as failure:
            self.submit(upstream)
        assert "canary" not in everything_said(failure.value)
        assert failure.value.non_retryable
        return failure.value

    def review(self, upstream: Upstream, *task_ids: str) -> ReviewFinished:
        watch = PollReview(task_ids=task_ids, poll_interval_s=5)
        steps = AssetSteps(upstream.client())
        return self.clock.run(self.environment.run(steps.poll_review, watch))


@pytest.fixture
def steps(clock: VirtualClock, environment: ActivityEnvironment) -> Steps:
    return Steps(clock, environment)


NEWS = TellRegistry(
    state=PersonState(tenant="default", person="p-1"),
    news=OnboardingChanged(onboarding="o-1", stage=Stage.SUBMITTING_ASSETS),
)


class TestWhatTheRegistryMustKnowFirst:
    @pytest.fixture
    def upstream(self, steps: Steps) -> Upstream:
        return steps.upstream(TAKEN)

    def submitted(
        self,
        steps: Steps,
        upstream: Upstream,
        tell: Callable[[TellRegistry], Awaitable[RegistryTold]],
    ) -> AssetsSubmitted:
        asset_steps = AssetSteps(upstream.client(), tell=tell)
        order = ORDER.model_copy(update={"registry": NEWS})
        return steps.clock.run(steps.environment.run(asset_steps.submit_assets, order))

    def test_it_is_told_before_anything_is_sent(self, steps: Steps, upstream: Upstream) -> None:
        told: list[tuple[TellRegistry, int]] = []

        async def tell(news: TellRegistry) -> RegistryTold:
            told.append((news, upstream.posts()))
            return RegistryTold()

        submitted = self.submitted(steps, upstream, tell)

        assert [(NEWS, 0)] == told
        assert ("task_1", 1) == (submitted.task_id, upstream.posts())

    def test_nothing_is_sent_on_the_consent_of_somebody_erased_since(
        self, steps: Steps, upstream: Upstream
    ) -> None:
        async def tell(_: TellRegistry) -> RegistryTold:
            return RegistryTold(void=True)

        submitted = self.submitted(steps, upstream, tell)

        assert (AssetsSubmitted(void=True), 0) == (submitted, upstream.posts())

    def test_nothing_is_sent_where_it_cannot_be_told(
        self, steps: Steps, upstream: Upstream
    ) -> None:
        with pytest.raises(ApplicationError) as failure:
            self.submitted(steps, upstream, RegistrySteps(AWAY, task_queue="q").told)

        assert ("temporal_away", True, 0) == (
            failure.value.type,
            failure.value.non_retryable,
            upstream.posts(),
        )


class TestSubmission:
    @pytest.mark.parametrize(
        ("kind", "word"), [(AssetKind.IMAGE, "Image"), (AssetKind.VIDEO, "Video")]
    )
    def test_the_type_is_always_said_and_so_is_the_project(
        self, steps: Steps, kind: AssetKind, word: str
    ) -> None:
        upstream = steps.upstream(TAKEN)

        steps.submit(upstream, ORDER.model_copy(update={"kind": kind}))

        assert {
            "group_id": "group-1",
            "project_name": "studio",
            "asset_type": word,
            "assets": [
                {"url": asset.url.get_secret_value(), "name": asset.name} for asset in ORDER.assets
            ],
        } == json.loads(upstream.requests[0].content)

    def test_it_brings_the_review_task_and_its_estimate(self, steps: Steps) -> None:
        submitted = steps.submit(steps.upstream(TAKEN))

        assert AssetsSubmitted(task_id="task_1", estimated_time_s=40) == submitted

    @pytest.mark.parametrize(
        "refused",
        [
            refusal(400, "invalid_request_error"),
            refusal(404, "not_found_error"),
            refusal(413, "too_large"),
            refusal(500, "build_request_failed"),
        ],
    )
    def test_a_request_the_upstream_calls_wrong_is_an_answer(
        self, steps: Steps, refused: Answer
    ) -> None:
        upstream = steps.upstream(refused)

        submitted = steps.submit(upstream)

        assert submitted.task_id is None
        assert submitted.refused is not None
        assert "HTTP" in submitted.refused
        assert "canary" not in submitted.refused
        assert 1 == upstream.posts()

    @pytest.mark.parametrize(
        "lost", [ANSWER_LOST, refusal(500, "server_error"), httpx.Response(200, text="<html>")]
    )
    def test_a_lost_answer_is_unconfirmed_and_never_posted_again(
        self, steps: Steps, lost: Answer
    ) -> None:
        upstream = steps.upstream(lost)

        assert FailureCode.SUBMISSION_UNCONFIRMED == steps.fails(upstream).type
        assert 1 == upstream.posts()

    @pytest.mark.parametrize(
        ("refused", "code"),
        [
            (refusal(401, "authentication_error"), FailureCode.UPSTREAM_KEY_REFUSED),
            (refusal(402, "payment_required"), FailureCode.UPSTREAM_BALANCE),
            (refusal(403, "permission_error"), FailureCode.UPSTREAM_FORBIDDEN),
        ],
    )
    def test_what_only_an_operator_can_mend_is_told_by_its_code(
        self, steps: Steps, refused: Answer, code: FailureCode
    ) -> None:
        upstream = steps.upstream(refused)

        assert code == steps.fails(upstream).type
        assert 1 == upstream.posts()

    def test_what_never_left_is_repeated_and_then_told(
        self, steps: Steps, clock: VirtualClock
    ) -> None:
        upstream = steps.upstream(NOT_CONNECTED)

        assert FailureCode.UPSTREAM_UNAVAILABLE == steps.fails(upstream).type
        assert UNSENT_BUDGET_S / 2 < clock.elapsed_s <= UNSENT_BUDGET_S
        assert upstream.posts() > 1

    def test_a_quick_answer_costs_no_heartbeat(self, steps: Steps, beats: list[Any]) -> None:
        steps.submit(steps.upstream(TAKEN))

        assert [] == beats

    def test_a_slow_answer_is_waited_for_and_beaten_over(
        self, steps: Steps, beats: list[Any]
    ) -> None:
        async def slowly() -> httpx.Response:
            await asyncio.sleep(40)
            return httpx.Response(200, json=TAKEN)

        assert "task_1" == steps.submit(steps.upstream(slowly)).task_id
        assert len(beats) >= 10

    async def test_a_connection_cut_after_the_effect_leaves_one_submission(
        self, simulated: Simulated, environment: ActivityEnvironment
    ) -> None:
        verify(simulated)
        simulated.fault("submit_assets", "cut_midway")

        with pytest.raises(ApplicationError) as failure:
            await environment.run(AssetSteps(simulated.client).submit_assets, ORDER)

        assert FailureCode.SUBMISSION_UNCONFIRMED == failure.value.type
        assert 1 == simulated.count("submit_assets")
        assert 1 == simulated.count("assets_submitted")


class TestPreflight:
    @pytest.fixture
    async def looking(self, simulated: Simulated) -> AsyncIterator[AssetSteps]:
        preflight = Preflight(allow=(simulated.base_url,))
        yield AssetSteps(simulated.client, preflight=preflight)
        await preflight.aclose()

    def order(self, simulated: Simulated, *names: str) -> SubmitAssets:
        verify(simulated)
        portraits = f"{simulated.base_url}/portraits"
        assets = (
            AssetToSubmit(name=name, url=SecretStr(f"{portraits}/{name}.jpg")) for name in names
        )
        return ORDER.model_copy(update={"assets": tuple(assets)})

    async def test_what_is_unfit_is_named_and_not_sent(
        self, simulated: Simulated, environment: ActivityEnvironment, looking: AssetSteps
    ) -> None:
        order = self.order(simulated, "front", "left-gone", "right-tiny")

        submitted = await environment.run(looking.submit_assets, order)

        assert submitted.task_id is not None
        assert (
            UnfitAsset(name="left-gone", reason="gone"),
            UnfitAsset(name="right-tiny", reason="too_few_pixels"),
        ) == submitted.unfit
        watch = PollReview(task_ids=(submitted.task_id,), poll_interval_s=0.05)
        (reviewed,) = (await environment.run(looking.poll_review, watch)).tasks
        assert 1 == len(reviewed.items)

    async def test_nothing_is_posted_where_nothing_is_fit(
        self, simulated: Simulated, environment: ActivityEnvironment, looking: AssetSteps
    ) -> None:
        order = self.order(simulated, "left-gone")

        submitted = await environment.run(looking.submit_assets, order)

        assert AssetsSubmitted(unfit=(UnfitAsset(name="left-gone", reason="gone"),)) == submitted
        assert 0 == simulated.count("submit_assets")

    async def test_all_that_is_fit_is_told_as_before(
        self, simulated: Simulated, environment: ActivityEnvironment, looking: AssetSteps
    ) -> None:
        submitted = await environment.run(looking.submit_assets, self.order(simulated, "front"))

        assert ((), 1) == (submitted.unfit, simulated.count("assets_submitted"))

    def test_it_and_the_post_share_the_time_for_what_never_left(self) -> None:
        """A step that used both up would outlive its own timeout, and its POST be unknown."""
        assert PREFLIGHT_BUDGET_S < UNSENT_BUDGET_S


class TestReview:
    async def reviewed(
        self, simulated: Simulated, environment: ActivityEnvironment, *paths: str
    ) -> ReviewFinished:
        """One request an asset, all of them watched by one step."""
        steps = AssetSteps(simulated.client)
        verify(simulated)
        task_ids = []
        for path in paths:
            url = SecretStr(f"https://portraits.example/{path}.jpg")
            asset = AssetToSubmit(name=path, url=url)
            order = ORDER.model_copy(update={"assets": (asset,)})
            submitted = await environment.run(steps.submit_assets, order)
            task_ids.append(submitted.task_id or "")
        watch = PollReview(task_ids=tuple(task_ids), poll_interval_s=0.05)
        finished = await environment.run(steps.poll_review, watch)
        assert task_ids == [each.task_id for each in finished.tasks]
        return finished

    async def test_a_refusal_stays_with_the_request_it_belongs_to(
        self, simulated: Simulated, environment: ActivityEnvironment
    ) -> None:
        finished = await self.reviewed(simulated, environment, "a", "facemismatch", "c")

        assert [(True,), (False,), (True,)] == [
            tuple(item.usable for item in each.items) for each in finished.tasks
        ]
        assert {None} == {item.name for each in finished.tasks for item in each.items}

    async def test_names_and_reasons_are_kept_where_they_are_told(
        self, simulated: Simulated, environment: ActivityEnvironment
    ) -> None:
        simulated.change(item_names=True, item_reasons=True)

        finished = await self.reviewed(simulated, environment, "facemismatch")
        (item,) = finished.tasks[0].items

        assert ("facemismatch", "FaceMismatch") == (item.name, item.reason)

    async def test_odd_shapes_and_words_read_the_same(
        self, simulated: Simulated, environment: ActivityEnvironment
    ) -> None:
        simulated.change(
            avatar_data="list",
            avatar_id_key="task_id",
            task_data="list",
            task_id_key="task_id",
            review_running_word="under_review",
        )

        finished = await self.reviewed(simulated, environment, "a", "refused")

        assert [True, False] == [each.items[0].usable for each in finished.tasks]

    def test_it_watches_for_as_long_as_it_takes(self, steps: Steps) -> None:
        done = task(result={"assets": [{"asset_id": "asset-1", "status": "Active"}]})
        upstream = steps.upstream(*([task("processing")] * 20), done)

        finished = steps.review(upstream, "task_1")

        assert (ReviewedItem(asset_id="asset-1", usable=True),) == finished.tasks[0].items

    def test_one_that_failed_keeps_what_passed(self, steps: Steps) -> None:
        items: JsonValue = [
            {"asset_id": "asset-1", "status": "Active"},
            {"asset_id": "asset-2", "status": "Failed"},
        ]
        upstream = steps.upstream(task("failed", result={"assets": items}))

        (reviewed,) = steps.review(upstream, "task_1").tasks

        assert {"asset-1": True, "asset-2": False} == {
            item.asset_id: item.usable for item in reviewed.items
        }

    def test_an_item_without_a_clear_word_is_not_usable(self, steps: Steps) -> None:
        undecided = task("failed", result={"assets": [{"asset_id": "a", "status": "Odd"}]})

        (reviewed,) = steps.review(steps.upstream(undecided), "task_1").tasks

        assert [False] == [item.usable for item in reviewed.items]

    def test_a_task_nobody_knows_is_lost_and_no_failure(self, steps: Steps) -> None:
        (reviewed,) = steps.review(steps.upstream(refusal(404, "not_found_error")), "task_1").tasks

        assert reviewed.lost
        assert () == reviewed.items

    def test_a_look_asked_for_at_once_waits_for_no_estimate(
        self, steps: Steps, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        watch = PollReview(
            task_ids=("task_1",), poll_interval_s=5, estimated_time_s=60, look_at_once=True
        )
        review = AssetSteps(steps.upstream(task()).client()).poll_review

        clock.run(environment.run(review, watch))

        assert 0 == clock.rounded_s

    def test_a_long_watch_beats_late_but_never_with_a_minute_in_between(
        self, steps: Steps, clock: VirtualClock, environment: ActivityEnvironment
    ) -> None:
        """However far apart the polls of a long task are: the timeout is a minute."""
        times = [0.0]
        environment.on_heartbeat = lambda *_: times.append(clock.rounded_s)
        upstream = steps.upstream(*[task("processing")] * 40, task())
        watch = PollReview(task_ids=("task_1",), poll_interval_s=60)

        clock.run(environment.run(AssetSteps(upstream.client()).poll_review, watch))

        assert 45.0 == times[1]
        assert all(later - earlier < BEAT_S for earlier, later in pairwise(times))

    def test_answers_come_in_the_order_they_were_asked_for(self, steps: Steps) -> None:
        finished = steps.review(steps.upstream(task()), "task_3", "task_1", "task_2")

        assert ["task_3", "task_1", "task_2"] == [each.task_id for each in finished.tasks]
