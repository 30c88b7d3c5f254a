"""docs/temporal-native.md from Python: each block is run as it stands."""

import asyncio

import pytest

from likeness.temporal.errors import NoSuchOnboardingError
from likeness.temporal.onboardings import describe_onboarding
from tests.native.blocks import modules
from tests.native.conftest import Service
from tests.workflows.conftest import Journey

pytestmark = [pytest.mark.server, pytest.mark.processes]


async def begun(journey: Journey) -> None:
    """Wait until the service has started the run."""
    while True:
        try:
            await describe_onboarding(journey.client, "default", journey.onboarding)
        except NoSuchOnboardingError:
            await asyncio.sleep(0.1)
        else:
            return


class TestAPythonService:
    async def test_starts_an_onboarding_and_waits_for_its_result(
        self, journey: Journey, service: Service
    ) -> None:
        running = asyncio.create_task(service.runs_block("start.py"))
        await begun(journey)
        await journey.pass_the_scan()
        said = await running

        assert ("", 0) == (said.err, said.code)
        assert ["likeness/default/order-4711 new", "completed"] == said.out.splitlines()

    async def test_follows_it_and_gives_it_orders(self, journey: Journey, service: Service) -> None:
        await journey.start("a")
        said = await service.runs_block("orders.py")

        assert ("", 0) == (said.err, said.code)
        assert [
            "invited person",
            "5",
            "['extend_deadline', 'revoke_link']",
            "canceled",
        ] == said.out.splitlines()

    async def test_relays_a_callback_by_itself_though_no_worker_runs(
        self, journey: Journey, service: Service
    ) -> None:
        await journey.start("a", link_ttl_s=600)
        await journey.scan(await journey.tap())
        await journey.stop_worker()
        said = await service.runs_block("hint.py")
        await journey.start_worker()

        assert ("", 0) == (said.err, said.code)
        assert "completed" == (await journey.result()).stage

    def test_has_every_program_of_the_page_run(self) -> None:
        assert {"connecting.py", "start.py", "orders.py", "campaign.py", "hint.py"} == set(
            modules()
        )
