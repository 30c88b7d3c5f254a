"""The credentials of a check leave the run's state as soon as the attempt is over."""

import gc

import pytest

from likeness.failures import FailureCode
from likeness.stages import AttemptState, Stage
from simulator.faults import HoldRequest
from tests.workflows.conftest import Journey
from tests.workflows.memory import instances_of, texts_kept

pytestmark = pytest.mark.server


def credentials(journey: Journey) -> dict[str, str]:
    """Name the credentials of every session that the upstream has made."""
    found = {}
    for number, session in enumerate(journey.world.sessions_by_token.values(), start=1):
        found[f"token {number}"] = session.byted_token
        found[f"link {number}"] = session.h5_link
    return found


def kept(journey: Journey) -> set[str]:
    """Name the credentials that the run still holds."""
    gc.collect()
    [instance] = instances_of(journey.handle.id)
    texts = "\n".join(texts_kept(instance))
    assert journey.onboarding in texts, "the walk finds nothing at all"
    return {name for name, secret in credentials(journey).items() if secret in texts}


class TestCredentials:
    async def test_of_an_open_attempt_are_kept_and_found(self, journey: Journey) -> None:
        await journey.start("a", link_ttl_s=60)
        await journey.tap()

        assert {"token 1", "link 1"} == kept(journey)

    async def test_of_a_verified_person_are_gone(self, journey: Journey) -> None:
        journey.change(review_seconds=60)
        await journey.start("a")
        await journey.pass_the_scan()
        await journey.until(lambda s: s.stage is Stage.IN_REVIEW)

        assert set() == kept(journey)

    async def test_of_an_attempt_that_did_not_pass_are_gone(self, journey: Journey) -> None:
        await journey.start("a", link_ttl_s=1, scan_grace_s=0, token_ttl_s=2)
        await journey.tap()
        await journey.until(lambda s: s.attempt_log[0].state is AttemptState.NOT_PASSED)

        assert set() == kept(journey)

    async def test_of_a_later_attempt_are_gone_when_an_earlier_one_has_passed(
        self, journey: Journey
    ) -> None:
        journey.change(review_seconds=60)
        await journey.start("a", link_reuse_s=0, link_ttl_s=60)
        first = await journey.tap()
        await journey.tap()
        await journey.scan(first)
        await journey.come_back(1)
        await journey.until(lambda s: s.stage is Stage.IN_REVIEW)

        assert 4 == len(credentials(journey))
        assert set() == kept(journey)

    async def test_of_an_attempt_whose_look_is_broken_off_are_gone(self, journey: Journey) -> None:
        journey.change(review_seconds=60)
        await journey.start("a", link_reuse_s=0, link_ttl_s=60)
        first = await journey.tap()
        await journey.tap()
        await journey.scan(first)
        look = journey.world.hold(HoldRequest(route="query_group"))
        await journey.come_back(2)
        await look.arrived.wait()
        await journey.come_back(1)
        await journey.until(lambda s: s.stage is Stage.IN_REVIEW)

        left = kept(journey)
        look.released.set()

        assert set() == left

    async def test_of_one_attempt_are_gone_while_the_next_one_goes_on(
        self, journey: Journey
    ) -> None:
        await journey.start("a", link_ttl_s=1, scan_grace_s=0, token_ttl_s=4, link_reuse_s=0)
        await journey.tap()
        await journey.until(lambda s: s.attempt_log[0].looks > 0)
        await journey.tap()
        await journey.until(lambda s: s.attempt_log[0].state is AttemptState.NOT_PASSED)

        assert {"token 2", "link 2"} == kept(journey)

    async def test_of_a_session_whose_link_could_not_be_used_are_gone(
        self, journey: Journey
    ) -> None:
        await journey.stop_worker()
        journey.settings = journey.settings.model_copy(update={"h5_hosts": ()})
        await journey.start_worker()
        await journey.start("a")
        held = await journey.tap()

        assert FailureCode.H5_HOST_UNLISTED == held.code
        assert 2 == len(credentials(journey))
        assert set() == kept(journey)
