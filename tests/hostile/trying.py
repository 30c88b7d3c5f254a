"""Tries a parser with many inputs, found by Hypothesis, and with the worst we know."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import HypothesisWarning
from hypothesis.strategies import SearchStrategy

ResultT = TypeVar("ResultT")

MOST_BYTES = 64 * 1024
"""A result may take as many in a history."""


class Parser(NamedTuple):
    """``check`` takes what ``inputs`` or ``extremes`` give, and raises when it is not survived."""

    name: str
    inputs: SearchStrategy[Any]
    check: Callable[[Any], None]
    extremes: Sequence[Any] = ()


def tried(parser: Parser, count: int, *, in_brief: bool = False) -> int:
    """Try ``count`` mutated inputs and every extreme one; give how many those were.

    A failure is shrunk to its smallest input and prints it, unless it is wanted ``in_brief``.
    """
    done = 0

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate] if in_brief else list(Phase),
    )
    @given(parser.inputs)
    def mutated(body: Any) -> None:
        nonlocal done
        done += 1
        parser.check(body)

    with warnings.catch_warnings():
        # An input that is not survived is shown whole, however long it is.
        warnings.filterwarnings("ignore", "Generating overly large repr", HypothesisWarning)
        mutated()
    for body in parser.extremes:
        done += 1
        parser.check(body)
    return done


def some_of(inputs: SearchStrategy[ResultT], count: int) -> list[ResultT]:
    """Give ``count`` inputs, for whoever can only try them elsewhere."""
    found: list[ResultT] = []
    collecting = Parser("none", inputs, found.append)
    tried(collecting, count, in_brief=True)
    return found
