"""What an account's videos may have cost, day by day: the one place where a day's limit holds."""

from datetime import timedelta

from temporalio import workflow

from likeness import names
from likeness.messages.person import Renew
from likeness.messages.spending import DaySpent, GiveBack, Reserve, Reserved, SpendingInput

MOST_ORDERS_KNOWN = 2000
"""Older ones stay in the sum, and would be counted twice if they were sent again that day."""

MOST_UPDATES = 1000
"""The server takes 2,000 Updates a run, and no more."""


@workflow.defn(name=names.SPENDING)
class Spending:
    """One run per account, for ever; it keeps today and yesterday (UTC)."""

    @workflow.init
    def __init__(self, known: SpendingInput) -> None:
        self.account = known.account
        self.days = dict(known.days)
        self.updates = 0
        self.is_to_renew = False

    @workflow.run
    async def run(self, _: SpendingInput) -> None:
        """Count until the history is long, then go on with a new one."""
        await workflow.wait_condition(self._is_long)
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(SpendingInput(account=self.account, days=self.days))

    def _is_long(self) -> bool:
        grown = self.updates >= MOST_UPDATES or workflow.info().is_continue_as_new_suggested()
        return grown or self.is_to_renew

    @workflow.signal(name=names.RENEW, description="Begin a new history after a deploy")
    def renew(self, _: Renew) -> None:
        """Continue as new, so that an old history may go."""
        self.is_to_renew = True

    @workflow.update(name=names.RESERVE, description="Count what an order may cost")
    async def reserve(self, wish: Reserve) -> Reserved:
        """Grant what fits into the day; an order that is counted already is granted."""
        self.updates += 1
        today, entry = self._today(), _entry(wish.order, wish.run)
        if (known := self._entry_of(wish.order)) is not None:
            another = known not in (entry, wish.order)
            return Reserved(granted=True, day_usd=today.total_usd, by_another_run=another)
        total_usd = round(today.total_usd + wish.usd, 4)
        if total_usd > wish.limit_usd:
            return Reserved(granted=False, day_usd=total_usd)
        self._counts(total_usd, {**today.orders, entry: wish.usd})
        return Reserved(granted=True, day_usd=total_usd)

    @workflow.signal(name=names.GIVE_BACK, description="An order surely had no effect")
    def give_back(self, order: GiveBack) -> None:
        """Take the order out of the sum; what is not in it changes nothing."""
        gone = (_entry(order.order, order.run), order.order)
        for date, day in self.days.items():
            left = {name: usd for name, usd in day.orders.items() if name not in gone}
            if len(left) < len(day.orders):
                back_usd = sum(usd for name, usd in day.orders.items() if name in gone)
                total_usd = max(round(day.total_usd - back_usd, 4), 0)
                self.days[date] = DaySpent(total_usd=total_usd, orders=left)

    @workflow.query(name=names.STATUS, description="What today and yesterday come to")
    def status(self) -> SpendingInput:
        """Give the days as they are known."""
        return SpendingInput(account=self.account, days=self.days)

    def _entry_of(self, order: str) -> str | None:
        entries = (entry for day in self.days.values() for entry in day.orders)
        return next((e for e in entries if e == order or e.startswith(f"{order}/")), None)

    def _counts(self, total_usd: float, orders: dict[str, float]) -> None:
        newest = dict(list(orders.items())[-MOST_ORDERS_KNOWN:])
        self.days[self._date()] = DaySpent(total_usd=total_usd, orders=newest)

    def _today(self) -> DaySpent:
        kept = {self._date(), self._date(days_ago=1)}
        self.days = {date: day for date, day in self.days.items() if date in kept}
        return self.days.get(self._date(), DaySpent())

    @staticmethod
    def _date(*, days_ago: int = 0) -> str:
        return (workflow.now() - timedelta(days=days_ago)).date().isoformat()


def _entry(order: str, run: str | None) -> str:
    """Give the name under which an order is counted; one counted by an older release has no run."""
    return order if run is None else f"{order}/{run}"
