"""Serve one world per test on a free port, and drive it as a client would."""

import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from simulator.control import NO_CERTIFICATES, SimulatorControl
from simulator.scenario import Scenario
from simulator.server import serve
from simulator.world import World

CALLBACK = "http://127.0.0.1:9/callback/one?lang=en"


@pytest.fixture
def world() -> World:
    return World(Scenario(session_s=0))


@pytest.fixture
async def base_url(world: World) -> AsyncIterator[str]:
    async with serve(world) as url:
        yield url


@pytest.fixture
async def control(base_url: str) -> AsyncIterator[SimulatorControl]:
    async with SimulatorControl(base_url) as control:
        yield control


@pytest.fixture
async def http(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": "Bearer sk-canary"}
    async with httpx.AsyncClient(
        base_url=base_url, headers=headers, trust_env=False, verify=NO_CERTIFICATES
    ) as client:
        yield client


@pytest.fixture
def avatar(http: httpx.AsyncClient) -> Callable[..., Awaitable[httpx.Response]]:
    """Call the one endpoint of steps 1 to 3 with these keys in the body."""

    async def call(**body: Any) -> httpx.Response:
        return await http.post("/v1/seedance2/real-avatar", json=body)

    return call


@pytest.fixture
def new_session(
    http: httpx.AsyncClient, avatar: Callable[..., Awaitable[httpx.Response]]
) -> Callable[[], Awaitable[tuple[str, str]]]:
    """Make a session; return its byted_token and its h5_link, unescaped."""

    async def make() -> tuple[str, str]:
        task_id = (await avatar(callback_url=CALLBACK)).json()["data"]["id"]
        result = (await http.get(f"/v1/tasks/{task_id}")).json()["data"]["result"]
        return result["byted_token"], result["h5_link"].replace("\\u0026", "&")

    return make


@pytest.fixture
def choose(http: httpx.AsyncClient) -> Callable[[str, str], Awaitable[httpx.Response]]:
    """Open a person's link and press one of its buttons."""

    async def press(h5_link: str, outcome: str) -> httpx.Response:
        page = await http.get(h5_link)
        action = re.search(r'action="([^"]+)"', page.text)
        if action is None:
            return page
        return await http.post(html.unescape(action[1]), data={"outcome": outcome})

    return press


@pytest.fixture
def verified_group(
    avatar: Callable[..., Awaitable[httpx.Response]],
    new_session: Callable[[], Awaitable[tuple[str, str]]],
    choose: Callable[[str, str], Awaitable[httpx.Response]],
) -> Callable[[], Awaitable[str]]:
    """Take a person through the check; return the group id."""

    async def verify() -> str:
        token, h5_link = await new_session()
        await choose(h5_link, "pass")
        answer = await avatar(byted_token=token)
        group_id: str = answer.json()["data"]["GroupId"]
        return group_id

    return verify


@pytest.fixture
def active_asset(
    http: httpx.AsyncClient,
    control: SimulatorControl,
    avatar: Callable[..., Awaitable[httpx.Response]],
    verified_group: Callable[[], Awaitable[str]],
) -> Callable[[], Awaitable[str]]:
    """Bring one asset through review; return its asset:// URL."""

    async def bring() -> str:
        submitted = await avatar(
            group_id=await verified_group(),
            asset_type="Image",
            assets=[{"url": "https://portraits.test/a.jpg", "name": "a"}],
        )
        await control.advance(7)
        task = await http.get(f"/v1/tasks/{submitted.json()['data']['id']}")
        url: str = task.json()["data"]["result"]["usable_assets"][0]["asset_url"]
        return url

    return bring


@pytest.fixture
def video_body(
    active_asset: Callable[[], Awaitable[str]],
) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return a valid generation body over an active asset."""

    async def make() -> dict[str, Any]:
        return {
            "model": "doubao-seedance-2.0-face",
            "prompt": "canary prompt",
            "duration": 5,
            "resolution": "720p",
            "generate_audio": False,
            "image_with_roles": [{"url": await active_asset(), "role": "reference_image"}],
        }

    return make
