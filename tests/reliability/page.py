"""Writes docs/reliability.md from the figures that were recorded."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from devstack.commands import ROOT
from tests.reliability.figures import Measured
from tests.reliability.invariants import INVARIANTS

PAGE = ROOT / "docs" / "reliability.md"


class Chapter(NamedTuple):
    """What one measurement is called on the page, and what it is about."""

    title: str
    about: str


CHAPTERS = {
    "chaos": Chapter(
        "Chaos",
        "Runs made from a seed: a world, faults on both sides of the effect, a person, an "
        "operator, and a moment to die at. Real Temporal server, real worker; a third of the runs "
        "loses its worker by SIGKILL. The simulator's ledger, the histories and the logs are then "
        "held against the invariants above. Not explained yet: two plays of SEED=2 ONLY=67, of an "
        "earlier plan, left a history that did not replay after Temporal was killed: the SDK met "
        "a command where it wanted an Update's event. Their histories were not kept; two hundred "
        "runs through such kills since have not shown it again.",
    ),
    "kill-matrix": Chapter(
        "Kill matrix",
        "The worker is killed (SIGKILL) before and after the effect of every step. Each cell "
        "recovers by itself or stands in a declared hold.",
    ),
    "temporal-away": Chapter(
        "Temporal away",
        "The Temporal server is killed with somebody at every stage and in every hold, stays away "
        "for 30 seconds and comes back. Callbacks and taps that fall into the outage are repeated "
        "by the page that they lead to.",
    ),
    "web-killed": Chapter(
        "Web killed",
        "The web process is killed (SIGKILL) when a run has been told and the browser not yet "
        "answered; the person looks again or sends the form again.",
    ),
    "crowd": Chapter(
        "A crowd over the API",
        "Ten clients start onboardings over the API, some twice at once under one key, some again "
        "after the answer, while web and worker are killed in turns. Every key has one run, every "
        "event arrives, and each counts once by its id.",
    ),
    "no-worker": Chapter(
        "No worker",
        "The only worker is killed while people are at the check; callbacks, taps and new starts "
        "come until another one runs.",
    ),
    "tokens": Chapter(
        "Forged tokens",
        "Invite and callback tokens made up, cut, flipped, sealed for another purpose or under "
        "another key.",
    ),
    "flood": Chapter("Flood", "Invalid callbacks in masses, and valid ones among them."),
    "fuzz": Chapter(
        "Mutated answers",
        "Bodies bent by Hypothesis, given to every parser of the upstream's answers.",
    ),
    "stateful": Chapter(
        "Person, upstream and operator at once",
        "Sequences of moves made by Hypothesis, checked against I3 and I4 after each.",
    ),
    "canaries": Chapter(
        "Canaries",
        "Secrets that must be found nowhere: histories, visibility, logs, error bodies, archives.",
    ),
    "mutation": Chapter(
        "Mutation check",
        "Guards of the product broken one at a time; the suite has to notice.",
    ),
}


def rendered(measured: Mapping[str, Measured]) -> str:
    """Return the page in Markdown."""
    known = [name for name in CHAPTERS if name in measured]
    others = sorted(measured.keys() - CHAPTERS.keys())
    chapters = [text for name in (*known, *others) for text in _chapter(name, measured[name])]
    return "\n".join([*_opening(), *chapters])


def _opening() -> Iterator[str]:
    yield "# Reliability, in figures"
    yield ""
    yield "Every chapter names the command that measures it again; `make reliability` does them all"
    yield "and writes this page from docs/reliability.json. The invariants are the same everywhere:"
    yield ""
    yield "| | invariant |"
    yield "| --- | --- |"
    for name, sentence in INVARIANTS.items():
        yield f"| {name} | {sentence} |"
    yield ""


def _chapter(name: str, it: Measured) -> Iterator[str]:
    title, about = CHAPTERS.get(name, Chapter(name.replace("-", " ").capitalize(), ""))
    yield f"## {title}"
    yield ""
    if about:
        yield about
        yield ""
    yield f"`{it.command}`, {it.date.isoformat()}:"
    yield ""
    yield "| | |"
    yield "| --- | ---: |"
    for label, figure in it.figures.items():
        yield (
            f"| {label} | {figure:,} |"
            if not isinstance(figure, str)
            else f"| {label} | {figure} |"
        )
    yield ""
