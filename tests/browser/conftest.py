"""Whole processes behind a real browser; the verification page is of another site than ours."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from temporalio.client import Client

from devstack.browser import DESKTOP, PHONE, browser_running
from devstack.isolation import new_test_namespace
from devstack.ports import LOOPBACK, free_port
from devstack.stack import Ports, temporal_running
from devstack.supervisor import ProcessSpec, Supervisor
from likeness.temporal.plugin import likeness_plugin
from runtime.keys import load_key_file
from runtime.links import LinkSealer
from tests.browser.people import PATIENCE_S, House, Invitation, Person

NewPerson = Callable[..., Awaitable[Person]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for the whole run."""
    async with browser_running() as running:
        yield running


@pytest.fixture(scope="session")
def running_house(temporal_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Start Temporal, worker, web and simulator once for all journeys."""
    folder = tmp_path_factory.mktemp("browser")
    ports, h5_port = Ports.free({}), free_port()
    # localhost and 127.0.0.1 are two sites to a browser, so cookies meet what they meet outside.
    public_url = f"http://localhost:{ports.web}"
    changes = {"PUBLIC_BASE_URL": public_url, "H5_HOSTS": f"http://{LOOPBACK}:{h5_port}"}

    def changed(spec: ProcessSpec) -> ProcessSpec:
        return spec.model_copy(update={"environment": {**spec.environment, **changes}})

    with (
        temporal_running(temporal_cli, folder, ports=ports, namespace=new_test_namespace()) as (
            stack,
            _,
        ),
        Supervisor() as processes,
    ):
        stack.starter().new_keys()
        simulator = stack.simulator()
        with_h5 = (*simulator.argv, "--h5-port", str(h5_port))
        processes.start(simulator.model_copy(update={"argv": with_h5}))
        for spec in (stack.web(), stack.worker()):
            processes.start(changed(spec))
        house = House(stack, processes, public_url)
        try:
            yield house
        finally:
            house.http.close()


@pytest.fixture
def house(running_house: House) -> House:
    """The running processes, with an upstream where all goes well."""
    running_house.behave()
    running_house.count_anew()
    return running_house


@pytest_asyncio.fixture(loop_scope="session")
async def invitation(house: House) -> Invitation:
    """An onboarding that has just been started."""
    keys = house.stack.directory / "keys"
    client = await Client.connect(
        house.stack.temporal_address,
        namespace=house.stack.namespace,
        plugins=[
            likeness_plugin(load_key_file(keys / "payload.keys"), namespace=house.stack.namespace)
        ],
    )
    sealer = LinkSealer.of(load_key_file(keys / "link.keys"))
    return await Invitation.sent(house, client, sealer)


@pytest_asyncio.fixture(loop_scope="session")
async def somebody(browser: Browser) -> AsyncIterator[NewPerson]:
    """Call it for a person with a browser profile of their own; options are Playwright's."""
    async with AsyncExitStack() as leaving:
        people: list[Person] = []

        async def new_person(**options: Any) -> Person:
            context = await browser.new_context(locale="en-GB", **options)
            leaving.push_async_callback(context.close)
            context.set_default_timeout(PATIENCE_S * 1000)
            people.append(Person(context, await context.new_page()))
            return people[-1]

        yield new_person
        assert [] == [complaint for person in people for complaint in person.complaints]


@pytest_asyncio.fixture(loop_scope="session")
async def phone(somebody: NewPerson) -> Person:
    """A person with a phone."""
    return await somebody(**PHONE)


@pytest_asyncio.fixture(loop_scope="session")
async def desktop(somebody: NewPerson) -> Person:
    """A person before a desktop computer."""
    return await somebody(**DESKTOP)
