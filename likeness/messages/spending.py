"""What is said to ``Spending``, which counts what an account's videos may have cost."""

from pydantic import Field

from likeness.messages.base import Message


class DaySpent(Message):
    """One day (UTC): its sum in USD, and the newest of the orders that are in it."""

    total_usd: float = 0
    orders: dict[str, float] = Field(default_factory=dict)


class SpendingInput(Message):
    """Input of the workflow ``Spending``: today and yesterday, by ISO date."""

    account: str
    days: dict[str, DaySpent] = Field(default_factory=dict)


class Reserve(Message):
    """Update ``reserve``: count ``usd`` for ``order``, if the day stays within ``limit_usd``.

    Asked again for the same order it counts nothing more. ``run`` tells the video's run that has
    it sent from one that was reset.
    """

    order: str
    usd: float
    limit_usd: float
    run: str | None = None


class Reserved(Message):
    """Answer of ``reserve``: whether it was granted, and what the day comes to with the order.

    ``by_another_run``: it is counted already, and was not given back by the run that counted it.
    """

    granted: bool
    day_usd: float
    by_another_run: bool = False


class GiveBack(Message):
    """Signal ``give_back``: the order that ``run`` had sent surely had no effect."""

    order: str
    run: str | None = None
