"""An onboarding as the API and every webhook show it."""

import pytest

from likeness.messages.conversation import (
    AttemptStatus,
    DeliveryStatus,
    OnboardingStatus,
    OrderGiven,
    VideoStatus,
)
from likeness.rest.onboardings import Onboarding
from likeness.stages import AttemptState, Stage, VideoState, WaitingFor

AT = 1_795_773_600.5
SHOWN = "2026-11-27T10:00:00.500000Z"
ORDER = OrderGiven(verb="extend_deadline", actor="anna", at=AT)


def shown(stage: Stage = Stage.COMPLETED, *states: AttemptState) -> Onboarding:
    status = OnboardingStatus(
        onboarding_id="o-1",
        tenant="default",
        stage=stage,
        waiting_for=WaitingFor.NOBODY,
        deadline=AT,
        attempt_log=tuple(
            AttemptStatus(number=number, state=state, opened_at=AT)
            for number, state in enumerate(states, start=1)
        ),
        video=VideoStatus(state=VideoState.DONE, workflow_id="w", orders=(ORDER,)),
        consent_at=AT,
        orders=(ORDER,),
        deliveries=(
            DeliveryStatus(
                event_id="msg_1", type="onboarding.held", sequence=1, at=AT, next_try_at=AT
            ),
        ),
    )
    return Onboarding.of_status(status, person="p-1", started_at=AT, ended_at=AT)


class TestEveryMoment:
    def test_is_utc_in_iso_8601(self) -> None:
        told = shown(Stage.COMPLETED, AttemptState.VERIFIED).model_dump(mode="json")

        assert {SHOWN} == {
            *(told[name] for name in ("deadline", "started_at", "ended_at", "consent_at")),
            told["attempt_log"][0]["opened_at"],
            told["orders"][0]["at"],
            told["video"]["orders"][0]["at"],
            told["deliveries"][0]["at"],
            told["deliveries"][0]["next_try_at"],
        }

    def test_is_read_again_by_the_same_shape(self) -> None:
        once = shown(Stage.COMPLETED, AttemptState.VERIFIED)

        assert once == Onboarding.model_validate_json(once.model_dump_json())


class TestAnAttempt:
    @pytest.mark.parametrize("stage", [Stage.IN_REVIEW, Stage.COMPLETED, Stage.EXPIRED])
    def test_that_was_overtaken_has_not_passed(self, stage: Stage) -> None:
        log = shown(stage, AttemptState.OPEN, AttemptState.LOST, AttemptState.VERIFIED).attempt_log

        assert [AttemptState.NOT_PASSED, AttemptState.LOST, AttemptState.VERIFIED] == [
            each.state for each in log
        ]

    def test_is_open_while_the_person_may_be_at_it(self) -> None:
        assert [AttemptState.OPEN] == [
            each.state for each in shown(Stage.VERIFYING, AttemptState.OPEN).attempt_log
        ]
