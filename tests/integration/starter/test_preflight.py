"""What a start says of assets that the review could not take."""

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from simulator.server import serve
from simulator.world import World
from tests.integration.starter.conftest import Operator

pytestmark = pytest.mark.server


@pytest.fixture
async def portraits() -> AsyncIterator[str]:
    async with serve(World()) as url:
        yield f"{url}/portraits"


@pytest.fixture
def careful(operator: Operator, portraits: str) -> Operator:
    """Somebody whose assets are looked at, and lie on this machine."""
    return operator.whose(PREFLIGHT="1", FETCH_ALLOW=portraits.removesuffix("/portraits"))


def order(*assets: str) -> tuple[str, ...]:
    given = (part for asset in assets for part in ("--asset", asset))
    return ("start", "--person", "p-1", "--id", "one", "-o", "json", *given)


class TestAStart:
    async def test_is_refused_by_name_and_reason_before_anything_is_started(
        self, careful: Operator, portraits: str, client: Client
    ) -> None:
        ended = await careful.runs(
            *order(
                f"{portraits}/canary.jpg",
                f"{portraits}/canary-gone.jpg",
                f"video={portraits}/canary-brief.mp4",
            )
        )

        assert (2, "") == (ended.code, ended.out)
        assert {
            "code": "bad_input",
            "sentence": "Nothing was started, because the review cannot take asset-2 (gone), "
            "asset-3 (too_short).",
            "who": "caller",
            "next_step": "asset-2: Give an address that lives on until the review is over: this "
            "one is dead.\n  asset-3: Give a longer clip.",
        } == ended.error
        assert "canary" not in ended.err
        with pytest.raises(RPCError, match="not found"):
            await client.get_workflow_handle("likeness/default/one").describe()

    async def test_of_fit_assets_begins(self, careful: Operator, portraits: str) -> None:
        ended = await careful.runs(*order(f"{portraits}/a.jpg", f"video={portraits}/b.mp4"))

        assert 0 == ended.code, ended.err

    async def test_repeated_finds_its_run_though_the_file_is_gone_by_now(
        self, operator: Operator, careful: Operator, portraits: str
    ) -> None:
        gone = order(f"{portraits}/a-gone.jpg")
        first = await operator.runs(*gone)

        again = await careful.runs(*gone)

        assert (0, 0) == (first.code, again.code)
        assert not again.answer["is_new"]

    async def test_asks_no_address_of_a_closed_network(self, careful: Operator) -> None:
        careful = careful.whose(FETCH_ALLOW="")

        ended = await careful.runs(*order("https://127.0.0.1/a.jpg", "http://[::1]:9000/b.jpg"))

        assert 2 == ended.code
        assert "asset-1 (address_forbidden), asset-2 (address_forbidden)" in ended.err
