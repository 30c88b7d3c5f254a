"""When a run tells something, what it says, and how much of it another run is given."""

import uuid
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from likeness.failures import FailureCode
from likeness.messages.conversation import DeliveryState, Failure, OnboardingStatus, OrderGiven
from likeness.messages.onboarding import AssetRequest, OnboardingRequest
from likeness.messages.telling import WebhookEvent
from likeness.stages import Hold, Stage, WaitingFor
from workflows import telling
from workflows.telling import MOST_HANDED_OVER_BYTES, MOST_TOLD, Telling, _that_fit

SOME_WORDS = "né pas " * 70


class Heard:
    """Takes what is told in the place of deliveries."""

    def __init__(self, *_: object, **__: object) -> None:
        self.events: list[tuple[WebhookEvent, bool]] = []
        self.left: dict[str, DeliveryState] = {}
        self.log = ()

    def begins(self, event: WebhookEvent, *, once: bool = False) -> None:
        self.events.append((event, once))

    @property
    def owed(self) -> tuple[WebhookEvent, ...]:
        return tuple(event for event, _ in self.events)

    def leaves(self, event_id: str, state: DeliveryState) -> None:
        self.left[event_id] = state

    async def is_over(self, _: str) -> None:
        return


class Run:
    """Somewhere in a run whose caller is to be told."""

    def __init__(self, webhook_url: str | None = "https://canary.example/hooks") -> None:
        self.status = OnboardingStatus(
            onboarding_id="o-1",
            tenant="default",
            stage=Stage.VERIFYING,
            waiting_for=WaitingFor.PERSON,
            deadline=9.0,
        )
        request = OnboardingRequest(
            onboarding="o-1",
            person="p-1",
            assets=(AssetRequest(name="a", url=SecretStr("https://portraits.example/a")),),
            webhook_url=None if webhook_url is None else SecretStr(webhook_url),
        )
        self.telling = Telling(request, status=lambda: self.status, on_change=lambda: None)

    def rests(self, stage: Stage, code: FailureCode | None = None, **changed: object) -> None:
        failure = Failure.of(code) if code else None
        update = {"stage": stage, "failure": failure, "hold": None, **changed}
        self.status = self.status.model_copy(update=update)
        self.telling.tells()

    @property
    def heard(self) -> Heard:
        deliveries = self.telling._deliveries
        assert isinstance(deliveries, Heard)
        return deliveries

    @property
    def told(self) -> list[tuple[WebhookEvent, bool]]:
        return self.heard.events

    @property
    def types(self) -> list[str]:
        return [event.type for event, _ in self.told]


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    run = SimpleNamespace(workflow_start_time=datetime.fromtimestamp(1.5, tz=UTC))
    sdk = SimpleNamespace(uuid4=uuid.uuid4, time=lambda: 2.5, info=lambda: run)
    monkeypatch.setattr(telling, "workflow", sdk)
    monkeypatch.setattr(telling, "Deliveries", Heard)


class TestTelling:
    def test_a_stage_is_told_by_its_name(self) -> None:
        run = Run()
        run.rests(Stage.VERIFYING)
        run.rests(Stage.IN_REVIEW)

        assert ["onboarding.verifying", "onboarding.in_review"] == run.types

    def test_a_hold_is_told_as_one_whatever_the_stage(self) -> None:
        run = Run()
        run.rests(Stage.IN_REVIEW, FailureCode.TOO_FEW_USABLE_ASSETS, hold=Hold.NEEDS_ASSETS)

        assert ["onboarding.held"] == run.types

    def test_resting_where_it_rests_tells_nothing_more(self) -> None:
        run = Run()
        run.rests(Stage.VERIFYING)
        run.rests(Stage.VERIFYING, attempts=2, waiting_for=WaitingFor.UPSTREAM)

        assert [1] == [event.sequence for event, _ in run.told]

    def test_a_hold_for_another_reason_is_another_one(self) -> None:
        run = Run()
        for code in (FailureCode.UPSTREAM_BALANCE, FailureCode.UPSTREAM_FORBIDDEN):
            run.rests(Stage.IN_REVIEW, code, hold=Hold.NEEDS_OPERATOR)

        assert ["onboarding.held"] * 2 == run.types

    def test_a_stage_that_comes_again_after_a_hold_is_told_again(self) -> None:
        run = Run()
        run.rests(Stage.IN_REVIEW)
        run.rests(Stage.IN_REVIEW, FailureCode.UPSTREAM_BALANCE, hold=Hold.NEEDS_OPERATOR)
        run.rests(Stage.IN_REVIEW)

        assert ["onboarding.in_review", "onboarding.held", "onboarding.in_review"] == run.types

    def test_only_an_end_is_tried_once(self) -> None:
        run = Run()
        run.rests(Stage.IN_REVIEW)
        run.rests(Stage.EXPIRED, FailureCode.DEADLINE_PASSED)

        assert [False, True] == [once for _, once in run.told]

    def test_nobody_is_told_where_nobody_asked(self) -> None:
        run = Run(webhook_url=None)
        run.rests(Stage.IN_REVIEW)

        assert () == run.telling.log

    def test_a_run_that_never_comes_to_rest_is_told_so_often_and_then_only_its_end(self) -> None:
        run = Run()
        for _ in range(MOST_TOLD):
            run.rests(Stage.INVITED)
            run.rests(Stage.INVITED, FailureCode.H5_HOST_UNLISTED, hold=Hold.NEEDS_OPERATOR)
        run.rests(Stage.EXPIRED, FailureCode.DEADLINE_PASSED)

        assert MOST_TOLD + 1 == len(run.told)
        assert ("onboarding.expired", MOST_TOLD + 1) == (run.types[-1], run.told[-1][0].sequence)


class TestWhatIsHandedOver:
    @staticmethod
    def told(count: int) -> Run:
        """Tell events as large as an onboarding makes them that has been helped at length."""
        run = Run()
        order = OrderGiven(verb="check_now", actor="ops", reason=SOME_WORDS, at=1.5)
        for number in range(count):
            stage = (Stage.VERIFYING, Stage.IN_REVIEW)[number % 2]
            run.rests(stage, orders=(order,) * 20)
        return run

    def test_is_all_of_it_in_its_order(self) -> None:
        events = self.told(20).heard.owed

        assert events == _that_fit(events)

    def test_is_the_latest_of_more_than_the_server_takes(self) -> None:
        events = self.told(200).heard.owed

        fit = _that_fit(events)
        size = sum(len(event.model_dump_json().encode()) for event in fit)

        assert events[-len(fit) :] == fit
        assert MOST_HANDED_OVER_BYTES * 0.9 < size <= MOST_HANDED_OVER_BYTES

    async def test_is_logged_so_and_the_rest_as_undelivered(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = self.told(200)
        given: list[tuple[WebhookEvent, ...]] = []

        async def hand_over(_: object, owed: tuple[WebhookEvent, ...]) -> None:
            given.append(owed)

        monkeypatch.setattr(run.telling, "_hand_over", hand_over)
        await run.telling.is_over()
        [taken] = given
        expected = [DeliveryState.UNDELIVERED] * (200 - len(taken))
        expected += [DeliveryState.HANDED_OVER] * len(taken)

        assert expected == list(run.heard.left.values())
