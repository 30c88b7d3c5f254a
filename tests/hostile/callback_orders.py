"""Every order of a few callbacks for a few attempts, early and late ones among them (T7)."""

from collections.abc import Iterator
from itertools import combinations, product
from typing import NamedTuple

from tests.hostile.runs import Runs

MOST_ATTEMPTS = 3
MOST_CALLBACKS = 4
_ALL_LOOKS_S = 3 * 1800 + 600


class Order(NamedTuple):
    """What happens one after another: None opens the next attempt, a number is its callback.

    ``passing`` is the attempt whose check is passed as soon as it is open; 0 for none.
    """

    moves: tuple[int | None, ...]
    passing: int


def every_order() -> Iterator[Order]:
    """Give all orders of up to four callbacks over up to three attempts."""
    for attempts, callbacks in product(range(1, MOST_ATTEMPTS + 1), range(MOST_CALLBACKS + 1)):
        for moves in _orders(attempts, callbacks):
            for passing in range(attempts + 1):
                yield Order(moves, passing)


def _orders(attempts: int, callbacks: int) -> Iterator[tuple[int | None, ...]]:
    places = range(attempts + callbacks)
    for openings in combinations(places, attempts):
        for meant in product(range(1, attempts + 1), repeat=callbacks):
            rest = iter(meant)
            yield tuple(None if at in openings else next(rest) for at in places)


def play(order: Order) -> None:
    """Play it and wait for the last look; raise when an invariant breaks or the pass is lost."""
    runs = Runs()
    with runs.stage.set_up():
        try:
            _play(runs, order)
        finally:
            runs.stage.close()


def _play(runs: Runs, order: Order) -> None:
    run = runs.start("ob-1")
    for move in order.moves:
        sessions = runs.sessions_of(run)
        if move is None:
            runs.tap(run)
            if len(sessions) + 1 == order.passing and run.group is None:
                runs.upstream.scan(runs.upstream.sessions[-1], passes=True)
        elif move > len(sessions):
            runs.come_back_as_nobody(run, move)
        else:
            runs.come_back(sessions[move - 1])
        runs.stage.pass_time(1)
        runs.check()
    runs.stage.pass_time(_ALL_LOOKS_S)
    runs.check()
    passed = next((each.group for each in runs.sessions_of(run) if each.passed), None)
    assert passed == run.group
