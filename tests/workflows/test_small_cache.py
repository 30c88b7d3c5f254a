"""A worker that keeps few runs in memory takes up only as many as it can keep to their end."""

import asyncio
from collections import Counter

import pytest

from activities.archive import Archive
from activities.registry import RegistrySteps
from likeness.messages.person import (
    ConsentReceipt,
    OnboardingChanged,
    PersonState,
    TellRegistry,
)
from likeness.stages import Stage
from tests.workflows.conftest import CONSENT, TASK_QUEUE, Journey

pytestmark = pytest.mark.server

PEOPLE = 40
LEAST_CACHE = 10


def verified(number: int) -> TellRegistry:
    """Give what a person's run is begun with, and the receipt that it keeps at once."""
    onboarding, person = f"o-{number}", f"p-{number}"
    receipt = ConsentReceipt(onboarding=onboarding, link=1, consent=CONSENT, consent_at=1.0)
    return TellRegistry(
        state=PersonState(tenant="default", person=person),
        news=OnboardingChanged(
            onboarding=onboarding, stage=Stage.VERIFIED, receipt=receipt, group_id="g", link=1
        ),
    )


class TestTheLeastCache:
    async def test_no_run_is_taken_from_it_while_it_writes_a_receipt(
        self, journey: Journey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Taken from it, the run would be played anew and the receipt be written again."""
        begun: Counter[str] = Counter()
        kept: set[str] = set()

        async def put(_: Archive, key: str, __: bytes) -> None:
            begun[key] += 1
            await asyncio.sleep(0.3)
            kept.add(key)

        monkeypatch.setattr(Archive, "put", put)
        await journey.stop_worker()
        registry = RegistrySteps(journey.client, task_queue=TASK_QUEUE)
        for number in range(PEOPLE):
            await registry.tell_registry(verified(number))
        await journey.restart_worker(workflow_cache=LEAST_CACHE)
        while len(kept) < PEOPLE:  # noqa: ASYNC110  # the archive tells nobody
            await asyncio.sleep(0.05)

        assert [1] * PEOPLE == list(begun.values())
