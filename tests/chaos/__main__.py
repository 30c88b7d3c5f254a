"""Plays a plan and tells what it broke: `python -m tests.chaos --runs 120 --seed 1 [--only 17]`."""

import argparse
import faulthandler
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import count

from devstack import temporal_cli
from devstack.isolation import scrub
from tests.chaos.house import PATIENT_SDK
from tests.chaos.plan import digest, plan, planned
from tests.chaos.playing import Outcome, all_played
from tests.reliability.figures import record

LANES = 14
TOLD_EVERY = 20

ENDS_WITHIN_S = 600.0
ENDS_WITHIN_S_A_RUN = 10.0
"""Three times what a slow machine takes; then it is said where everything hangs, and ended."""

say = partial(print, flush=True)
"""Tell whoever watches, at once."""


def main() -> int:
    """Play, tell, and give 1 where an invariant is broken."""
    asked = _arguments()
    wants_figures = os.environ.get("RECORD") == "1"
    cli = temporal_cli.find(os.environ)
    scrub(os.environ)
    os.environ |= PATIENT_SDK
    runs = plan(asked.seed, asked.runs)
    if asked.only:
        runs = tuple(planned(asked.seed, number) for number in asked.only)
    say(f"plan of seed {asked.seed}, {len(runs)} runs: {digest(runs)}")
    began = time.monotonic()
    patience_s = ENDS_WITHIN_S + ENDS_WITHIN_S_A_RUN * len(runs)
    faulthandler.dump_traceback_later(patience_s, exit=True)
    played = count(1)

    def tell(outcome: Outcome) -> None:
        _tell(outcome, asked=asked)
        if (number := next(played)) % TOLD_EVERY == 0:
            say(f"{number} of {len(runs)} played, {time.monotonic() - began:.0f} s")

    outcomes = all_played(runs, cli, lanes=asked.lanes, tell=tell)
    faulthandler.cancel_dump_traceback_later()
    figures = _figures(outcomes)
    say(", ".join(f"{label}: {figure}" for label, figure in figures.items()))
    say(f"{time.monotonic() - began:.0f} s")
    record(
        "chaos",
        f"make chaos RUNS={asked.runs} SEED={asked.seed}",
        {"plan": digest(runs), **figures},
        wanted=wants_figures and not asked.only,
    )
    return 1 if figures["broken invariants"] else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, action="append", help="play this run alone")
    parser.add_argument("--lanes", type=int, default=LANES, help="runs side by side")
    parser.add_argument("--verbose", action="store_true", help="tell of every run")
    return parser.parse_args()


def _tell(outcome: Outcome, *, asked: argparse.Namespace) -> None:
    run = outcome.run
    if outcome.found or asked.verbose:
        say(f"run {run.number} ({run.title}): {outcome.end}, {outcome.took_s:.0f} s")
    if asked.verbose and outcome.evidence is not None:
        say(f"    {outcome.evidence.notes}")
    for each in outcome.found:
        say(f"  BROKEN {each.invariant}: {each.words}")
    if outcome.found:
        say(f"  again: make chaos SEED={asked.seed} ONLY={run.number}")


def _figures(outcomes: Sequence[Outcome]) -> dict[str, int]:
    ends = Counter(outcome.end for outcome in outcomes)
    return {
        "runs": len(outcomes),
        **{f"at rest as {end}": times for end, times in ends.most_common()},
        "workers killed": sum(outcome.noted("killed") for outcome in outcomes),
        "servers and web processes killed": sum(outcome.noted("blown") for outcome in outcomes),
        "secrets sought in histories, visibility and logs": sum(
            outcome.evidence.secrets for outcome in outcomes if outcome.evidence is not None
        ),
        "broken invariants": sum(len(outcome.found) for outcome in outcomes),
    }


if __name__ == "__main__":
    sys.exit(main())
