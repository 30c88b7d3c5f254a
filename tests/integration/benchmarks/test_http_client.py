"""Both wires are asked equally often, of a server that is another process and ends with it."""

from typing import Any

import psutil
import pytest

from benchmarks.figures import http_client

pytestmark = pytest.mark.processes

ROUNDS = 2


@pytest.fixture
def others() -> list[psutil.Process]:
    """Servers that other tests of this process share."""
    return psutil.Process().children()


@pytest.fixture
async def told(others: list[psutil.Process]) -> dict[str, Any]:
    assert others is not None
    return await http_client.measure(rounds=ROUNDS, calls=20)


class TestHttpClient:
    def test_every_round_gives_a_cost_of_each_wire_and_their_ratio(
        self, told: dict[str, Any]
    ) -> None:
        names = ("aiohttp_wire_us", "httpx_default_transport_us", "httpx_over_aiohttp_ratio")

        assert (ROUNDS, 20) == (told["rounds"], told["calls_a_round"])
        assert all(0 < told[name]["min"] <= told[name]["max"] for name in names)

    async def test_the_server_ends_with_the_figure(
        self, told: dict[str, Any], others: list[psutil.Process]
    ) -> None:
        assert told
        assert set() == {*psutil.Process().children()} - {*others}

    async def test_another_answer_than_the_counted_one_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http_client, "BODY", b"{}")

        with pytest.raises(http_client.UnexpectedAnswerError, match=r"^status 200$"):
            await http_client.measure(rounds=1, calls=1)
