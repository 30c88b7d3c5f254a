"""The day's sum: each order stands in it once, however often it is asked for."""

from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio import workflow

from likeness.messages.spending import GiveBack, Reserve, SpendingInput
from workflows.spending import Spending

WISH = Reserve(order="key-1", usd=3, limit_usd=5)


@pytest.fixture
def spending(monkeypatch: pytest.MonkeyPatch) -> Spending:
    monkeypatch.setattr(workflow, "now", lambda: datetime(2026, 3, 4, tzinfo=UTC))
    return Spending(SpendingInput(account="default"))


async def reserved(spending: Spending, **changed: Any) -> tuple[bool, float]:
    handler: Any = spending.reserve
    told = await handler(WISH.model_copy(update=changed))
    return told.granted, told.day_usd


class TestReserve:
    async def test_of_the_same_order_is_counted_once(self, spending: Spending) -> None:
        assert [(True, 3)] * 3 == [await reserved(spending) for _ in range(3)]

    async def test_of_what_does_not_fit_into_the_day_is_not_counted(
        self, spending: Spending
    ) -> None:
        await reserved(spending)

        assert (False, 6) == await reserved(spending, order="key-2")
        assert (True, 5) == await reserved(spending, order="key-3", usd=2)

    async def test_that_is_given_back_makes_room(self, spending: Spending) -> None:
        await reserved(spending)
        give_back: Any = spending.give_back
        for _ in range(2):
            give_back(GiveBack(order="key-1"))

        assert (True, 3) == await reserved(spending)
