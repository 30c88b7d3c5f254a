"""What does not fit ends with one sentence and never wedges a run."""

from typing import Any

import pytest
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from likeness import names
from likeness.failures import FailureCode
from tests.workflows.conftest import TASK_QUEUE, Journey

pytestmark = pytest.mark.server

ASSET = {"name": "a", "url": "https://example.com/a.jpg"}
REQUEST = {"onboarding": "o-1", "person": "p-1", "assets": [ASSET]}


class TestWorkflowInput:
    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({}, "request"),
            ({"request": {}}, "onboarding"),
            ({"request": {**REQUEST, "assets": []}}, "assets"),
            ({"request": {**REQUEST, "person": "ann@example.com"}}, "e-mail"),
            ({"request": {**REQUEST, "min_usable": 2}}, "min_usable"),
            ({"request": {**REQUEST, "assets": [ASSET, ASSET]}}, "name of its own"),
            ({"request": {**REQUEST, "assets": [{**ASSET, "url": "file:///x"}]}}, "asset URL"),
            ({"request": {**REQUEST, "colour": "red"}}, "colour"),
            ({"request": {**REQUEST, "video": {"prompt": ""}}}, "prompt"),
            ("no object", "an object"),
            ({"request": REQUEST}, "workflow id"),
        ],
    )
    async def test_the_run_fails_with_one_sentence(
        self, journey: Journey, given: Any, says: str
    ) -> None:
        handle = await journey.client.start_workflow(
            names.ONBOARD_PERSON, given, id="likeness/default/other", task_queue=TASK_QUEUE
        )

        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()

        assert isinstance(failed.value.cause, ApplicationError)
        assert FailureCode.BAD_INPUT == failed.value.cause.type
        assert says in failed.value.cause.message
        assert 1 == len(failed.value.cause.message.splitlines())
        assert "example.com/a.jpg" not in failed.value.cause.message

    async def test_an_update_that_does_not_fit_is_refused_and_the_run_goes_on(
        self, journey: Journey
    ) -> None:
        await journey.start("a")

        for given in ({"not_after": "soon"}, "no object", {}):
            with pytest.raises(WorkflowUpdateFailedError):
                await journey.handle.execute_update(names.OPEN_SESSION, given)

        opened = await journey.tap()
        assert opened.h5_link is not None
