import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from commands.answers import StatusAnswer
from likeness.failures import FailureCode
from likeness.messages.conversation import AssetStatus, Failure, OnboardingStatus, VideoStatus
from likeness.stages import AssetState, Stage, VideoState, WaitingFor

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command sets up the logs of its process; the test run's own must outlive it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def at_a_glance() -> StatusAnswer:
    """What describe tells of an onboarding whose worker is away."""
    return StatusAnswer(
        onboarding_id="one",
        tenant="default",
        workflow_id="likeness/default/one",
        stage=Stage.VERIFYING,
        hold=None,
        waiting_for=WaitingFor.PERSON,
        deadline=AT,
        details="worker away",
        started_at=AT,
        closed_at=None,
    )


@pytest.fixture
def told() -> OnboardingStatus:
    """What the run itself tells near its end."""
    return OnboardingStatus(
        onboarding_id="one",
        tenant="default",
        stage=Stage.GENERATING,
        waiting_for=WaitingFor.UPSTREAM,
        deadline=AT.timestamp() + 60,
        attempts=2,
        attempts_left=3,
        group_id="group-9",
        assets=(
            AssetStatus(name="asset-1", asset_id="a-1", state=AssetState.USABLE),
            AssetStatus(name="asset-2", state=AssetState.REFUSED, reason="blurred"),
        ),
        video=VideoStatus(state=VideoState.GENERATING, workflow_id="likeness/default/one/video/1"),
        failure=Failure.of(FailureCode.CANCELED),
    )
