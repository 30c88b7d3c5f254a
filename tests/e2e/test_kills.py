"""SIGKILL at the worst moments: every run completes or stands in a declared hold."""

import asyncio

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from devstack.supervisor import ProcessSpec
from tests.e2e.conftest import House

pytestmark = [pytest.mark.server, pytest.mark.processes]

VIDEO = ("--prompt", "Image 1 waves", "--duration-s", "5", "--resolution", "720p")


class TestWorkerKilled:
    def test_with_the_session_created_but_unanswered(self, house: House) -> None:
        """Nobody knows that session, so the attempt is lost and the tap is offered again."""
        house.invite()
        held = house.hold("create_session", "after_effect")
        person = house.person()
        house.until_held(held)

        house.processes.kill("worker")
        house.release(held)
        house.processes.restart("worker")
        status = house.until(lambda s: s["stage"] == "completed")

        assert 2 == status["attempts"]
        assert 2 == house.count("session_created")
        assert 1 == house.count("assets_submitted")
        assert person.wait(30)
        assert 0 == person.exit_code

    def test_with_the_session_known_by_its_task_only(self, house: House) -> None:
        """The task id reached the server, so the same session is taken up again."""
        house.invite()
        held = house.hold("get_task", "before_effect", task_kind="session")
        house.person()
        house.until_held(held)

        house.processes.kill("worker")
        house.release(held)
        house.processes.restart("worker")
        status = house.until(lambda s: s["stage"] == "completed")

        assert 1 == status["attempts"]
        assert 1 == house.count("session_created")

    def test_while_the_person_is_at_the_face_check(self, house: House) -> None:
        """The callback lands while no worker runs."""
        house.change(callback="late", callback_delay_s=2)
        house.invite()
        person = house.person()
        house.until_counted("h5_opened")

        house.processes.kill("worker")
        house.until_counted("h5_passed")
        signalled = "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED"
        while signalled not in map(_name, house.history()):
            assert person.alive
        house.processes.restart("worker")
        house.until(lambda s: s["stage"] == "completed")

        assert 1 == house.count("session_created")
        assert 1 == house.count("query_group")
        assert 1 == house.count("assets_submitted")

    def test_with_the_review_under_way(self, house: House) -> None:
        house.change(review_seconds=3)
        house.invite()
        house.person()
        house.until_counted("assets_submitted")
        house.until(lambda s: s["stage"] == "in_review")

        house.processes.kill("worker")
        house.processes.restart("worker")
        # The server notices within the heartbeat timeout of a minute.
        house.until(lambda s: s["stage"] == "completed")

        assert 1 == house.count("assets_submitted")

    def test_with_the_paid_post_sent_but_unanswered(self, house: House) -> None:
        """Nobody knows whether it was taken, so nobody sends it again."""
        house.invite(*VIDEO)
        held = house.hold("generate_video", "after_effect")
        house.person()
        house.until_held(held)

        house.processes.kill("worker")
        house.release(held)
        house.processes.restart("worker")
        status = house.until(lambda s: s["hold"] is not None)

        assert "generating" == status["stage"]
        assert "needs_decision" == status["hold"]
        assert "operator" == status["waiting_for"]
        assert "generation_unconfirmed" == status["failure"]["code"]
        assert 1 == house.count("generate_video")
        assert 1 == house.count("video_charged")


class TestWorkerKilledWhereKeysAreProven:
    def test_the_paid_post_is_sent_again_in_the_same_bytes(self, house: House) -> None:
        """The webhook's address stands in them, which other settings would change."""
        proven = {"UPSTREAM_IDEMPOTENCY_PROVEN": "1", "UPSTREAM_WEBHOOK": "1"}
        worker = house.stack.worker()
        house.processes.stop("worker")
        house.processes.start(with_environment(worker, **proven))
        house.invite(*VIDEO)
        held = house.hold("generate_video", "after_effect")
        house.person()
        house.until_held(held)

        house.processes.kill("worker")
        house.release(held)
        elsewhere = with_environment(worker, **proven, PUBLIC_BASE_URL="http://127.0.0.1:1")
        house.processes.start(elsewhere)
        status = house.until(lambda s: s["stage"] == "completed")

        assert "done" == status["video"]["state"]
        orders = house.calls("generate_video")
        assert 2 == len(orders)
        assert 1 == len({(order["idempotency_key"], order["body"]) for order in orders})
        assert 1 == house.count("video_charged")


def with_environment(spec: ProcessSpec, **variables: str) -> ProcessSpec:
    return spec.model_copy(update={"environment": {**spec.environment, **variables}})


class TestTemporalKilled:
    def test_while_the_person_is_away(self, house: House) -> None:
        house.invite()
        house.until(lambda s: s["stage"] == "invited")

        house.server.kill()
        asyncio.run(house.server.restart())
        person = house.person()
        status = house.until(lambda s: s["stage"] == "completed")

        assert 1 == status["attempts"]
        assert 1 == house.count("session_created")
        assert 1 == house.count("assets_submitted")
        assert person.wait(30)
        assert 0 == person.exit_code


def _name(event: HistoryEvent) -> str:
    return EventType.Name(event.event_type)
