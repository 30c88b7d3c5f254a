"""Hundreds of bent messages at real runs: what does not fit is refused, and no task fails."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from pydantic import BaseModel
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from likeness import names
from likeness.failures import FailureCode
from likeness.messages.conversation import (
    Finished,
    OpenSession,
    OperatorOrder,
    VerificationCallback,
)
from likeness.messages.onboarding import OnboardingInput
from likeness.stages import Stage
from tests.hostile.mutations import bent
from tests.hostile.trying import some_of
from tests.unit.likeness.examples import FULL
from tests.workflows.conftest import TASK_QUEUE, Journey

pytestmark = pytest.mark.server

MOST_BYTES = 20_000
ODD_ENCODINGS = [b"", b"other", b"\xff", b"json/protobuf", b"binary/null", b"binary/plain"]


def payloads_like(model: type[BaseModel], count: int) -> list[RawValue]:
    sound = [each.model_dump(mode="json") for each in FULL if type(each) is model]
    bodies = [body for body in some_of(bent(sound), count) if len(body) <= MOST_BYTES]
    plain = [Payload(metadata={"encoding": b"json/plain"}, data=body) for body in bodies]
    odd = [Payload(metadata={"encoding": odd}, data=b"{}") for odd in ODD_ENCODINGS]
    return [RawValue(payload) for payload in (*plain, *odd, Payload(data=b"{}"))]


async def failed_tasks(journey: Journey, *workflow_ids: str) -> int:
    ids = workflow_ids or (journey.handle.id,)
    return sum([Counter(await journey.events(each))["WORKFLOW_TASK_FAILED"] for each in ids])


class TestBentMessages:
    async def test_as_signals_are_dropped_and_the_run_goes_on(self, journey: Journey) -> None:
        await journey.start("a")
        opened = await journey.tap()
        for payload in payloads_like(VerificationCallback, 150):
            await journey.handle.signal(names.VERIFICATION_CALLBACK, payload)
        await journey.scan(opened)
        await journey.come_back()

        status = await journey.result()

        assert (Stage.COMPLETED, 0) == (status.stage, await failed_tasks(journey))

    async def test_as_updates_are_answered_and_the_run_goes_on(self, journey: Journey) -> None:
        await journey.start("a")
        updates: dict[str, type[BaseModel]] = {
            names.OPEN_SESSION: OpenSession,
            names.FINISHED: Finished,
            names.RELEASE_DEVICE: OperatorOrder,
            names.RESET_ATTEMPTS: OperatorOrder,
        }
        codes: Counter[str | None] = Counter()
        for name, model in updates.items():
            for payload in payloads_like(model, 40):
                codes[await refusal(journey, name, payload)] += 1
        await journey.pass_the_scan()

        status = await journey.result()

        assert codes[FailureCode.BAD_INPUT] > 50
        assert {FailureCode.BAD_INPUT, FailureCode.CONSENT_MISSING, None} >= {
            code for code in codes if code != FailureCode.TAP_TOO_OLD
        }
        assert (Stage.COMPLETED, 0) == (status.stage, await failed_tasks(journey))

    async def test_as_a_runs_input_end_it_at_once(self, journey: Journey) -> None:
        payloads = payloads_like(OnboardingInput, 60)
        ids = [f"likeness/default/bent-{number}" for number in range(len(payloads))]
        ends = await asyncio.gather(
            *(end_of(journey, *each) for each in zip(ids, payloads, strict=True))
        )

        assert {FailureCode.BAD_INPUT} == set(ends)
        assert 0 == await failed_tasks(journey, *ids)


async def refusal(journey: Journey, name: str, payload: RawValue) -> str | None:
    try:
        await journey.handle.execute_update(name, payload)
    except WorkflowUpdateFailedError as refused:
        return _code(refused.cause)
    return None


async def end_of(journey: Journey, workflow_id: str, payload: RawValue) -> str | None:
    try:
        await journey.client.execute_workflow(
            names.ONBOARD_PERSON, payload, id=workflow_id, task_queue=TASK_QUEUE
        )
    except WorkflowFailureError as failed:
        return _code(failed.cause)
    return None


def _code(cause: Any) -> str | None:
    return cause.type if isinstance(cause, ApplicationError) else repr(cause)
