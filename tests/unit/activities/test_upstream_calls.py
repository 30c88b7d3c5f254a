"""What an onboarding costs in upstream calls: the real steps, the simulator's ledger, no real time.

Reviews are lognormal with a median of 90 s and a standard deviation of the logarithm of 0.5: one
in twenty takes less than 40 s, one in twenty more than 205 s. They name no estimate, as the
provider's page shows it.
"""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import pytest
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities.assets import AssetSteps
from activities.polling import TaskPoller
from activities.sessions import SessionSteps
from apimart import ApimartClient
from likeness.messages.onboarding import AssetKind
from likeness.messages.steps import (
    AssetToSubmit,
    CreateSession,
    PollReview,
    QueryGroup,
    SubmitAssets,
)
from simulator.groups import make_group
from simulator.ledger import EntryKind
from simulator.scenario import Scenario
from simulator.server import create_app
from simulator.world import Review, World
from tests.unit.activities.pretended import KEY
from tests.unit.activities.virtual_time import VirtualClock

ALONE = 200
CROWD = 320
ARRIVALS_A_SECOND = 4.0
REVIEWS = Scenario(review_seconds=90, review_sigma=0.5, review_seed=7)

ResultT = TypeVar("ResultT")


@dataclass
class Bill:
    """What a number of onboardings cost; lags are seconds from a review's end to its notice."""

    world: World
    lags_s: list[float] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    @property
    def calls(self) -> float:
        """Upstream calls of one onboarding, on average."""
        made = sum(entry.kind is EntryKind.CALL for entry in self.world.ledger.entries)
        return made / len(self.lags_s)

    @property
    def mean_lag_s(self) -> float:
        return sum(self.lags_s) / len(self.lags_s)


class Onboardings:
    """Takes people through the steps of an onboarding, with one worker's poller for all."""

    def __init__(self, clock: VirtualClock, scenario: Scenario) -> None:
        self.clock = clock
        self.world = World(scenario)
        self.bill = Bill(self.world)
        http = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(self.world)))
        client = ApimartClient(
            api_key=SecretStr(KEY),
            base_url="http://127.0.0.1:9000",
            requests_per_second=1_000_000,
            http=http,
        )
        self.assets = AssetSteps(client, poller=TaskPoller(client.get_states))
        self.sessions = SessionSteps(
            client,
            project_name="default",
            callback_url=lambda _: "https://likeness.example/callback/x",
            unlisted_host=lambda _: None,
        )

    async def one(self, person: int) -> None:
        """The person passes the check after a minute, and comes back at once."""
        order = CreateSession(
            tenant="default",
            onboarding=f"o-{person}",
            person=f"p-{person}",
            link=1,
            attempt=1,
            post_timeout_s=20,
        )
        session = await self._step(self.sessions.create_session, order)
        await asyncio.sleep(60)
        group_id = self._passes(session.byted_token)
        question = QueryGroup(
            byted_token=session.byted_token,
            project_name="default",
            post_timeout_s=20,
            delays_s=(2, 7, 25),
        )
        assert group_id == (await self._step(self.sessions.query_group, question)).group_id
        url = SecretStr(f"https://portraits.example/{person}.jpg")
        submitted = await self._step(
            self.assets.submit_assets,
            SubmitAssets(
                group_id=group_id,
                project_name="default",
                kind=AssetKind.IMAGE,
                assets=(AssetToSubmit(name="front", url=url),),
                post_timeout_s=45,
            ),
        )
        assert submitted.task_id is not None
        await self._reviewed(submitted.task_id, submitted.estimated_time_s)

    async def _reviewed(self, task_id: str, estimated_time_s: float | None) -> None:
        bill = self.bill
        bill.in_flight += 1
        bill.most_in_flight = max(bill.most_in_flight, bill.in_flight)
        watch = PollReview(
            task_ids=(task_id,), poll_interval_s=5, estimated_time_s=estimated_time_s
        )
        finished = await self._step(self.assets.poll_review, watch)
        bill.in_flight -= 1
        assert [True] == [item.usable for item in finished.tasks[0].items]
        review = self.world.tasks[task_id]
        assert isinstance(review, Review)
        bill.lags_s.append(self.world.now() - review.done_at)

    async def _step(self, step: Callable[[Any], Awaitable[ResultT]], order: Any) -> ResultT:
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, scheduled_time=self.clock.now())
        result: ResultT = await environment.run(step, order)
        return result

    def _passes(self, byted_token: SecretStr) -> str:
        session = self.world.sessions_by_token[byted_token.get_secret_value()]
        make_group(self.world, session, someone_else=False)
        session.group_known_at = self.world.now()
        assert session.group is not None
        return session.group.id


class TestCalls:
    def test_alone_an_onboarding_costs_at_most_fourteen_and_is_noticed_within_six_seconds(
        self, clock: VirtualClock
    ) -> None:
        people = Onboardings(clock, REVIEWS)

        async def one_after_another() -> None:
            for person in range(ALONE):
                await people.one(person)

        clock.run(one_after_another())

        assert people.bill.calls <= 14
        assert people.bill.mean_lag_s <= 6
        assert "batch" not in people.world.ledger.counts()

    @pytest.mark.parametrize(
        ("has_route", "most_calls"), [(True, 7.5), (False, 14)], ids=["with batch", "without"]
    )
    def test_in_a_crowd_it_costs_at_most_half_of_that_where_there_is_a_batch_route(
        self, clock: VirtualClock, *, has_route: bool, most_calls: float
    ) -> None:
        people = Onboardings(clock, REVIEWS.model_copy(update={"batch": has_route}))

        async def all_together() -> None:
            crowd = []
            for person in range(CROWD):
                crowd.append(asyncio.create_task(people.one(person)))
                await asyncio.sleep(1 / ARRIVALS_A_SECOND)
            await asyncio.gather(*crowd)

        clock.run(all_together())

        assert people.bill.most_in_flight >= 200
        assert people.bill.calls <= most_calls
        assert people.bill.mean_lag_s <= 6
        if not has_route:
            assert 1 == people.world.ledger.counts()["batch"]
