"""Breaks one guard at a time in a private copy, and sees whether the tests notice it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from devstack.commands import ROOT
from tests.mutants.guards import MUTANTS, Mutant, broken, unfit
from tests.reliability.figures import record

ENOUGH = 0.95
SOUND_WITHIN_S = 1800
NOTICED_WITHIN_S = 300
"""Longer than any test may take; a broken guard can also show by letting everything stand still."""

SIDE_BY_SIDE = ("-n", "4", "--dist", "loadfile")
_PASSED, _FAILED = 0, 1

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def mutants(
    *,
    only: Annotated[str, typer.Option(help="Only those whose name holds this.")] = "",
    at_once: Annotated[int, typer.Option(min=1, help="How many copies side by side.")] = 2,
) -> None:
    """Tell of each broken guard whether the tests named for it fail; exit 1 below 95 %."""
    if misfits := list(unfit()):
        typer.echo("\n".join(misfits), err=True)
        raise typer.Exit(2)
    wanted = [mutant for mutant in MUTANTS if only in mutant.name]
    with tempfile.TemporaryDirectory(prefix="likeness-mutants-") as folder:
        copies = [_copied(Path(folder) / str(number)) for number in range(at_once)]
        _sound_first(copies[0], wanted)
        noticed = sum(_told(wanted, copies))
    typer.echo(f"{noticed} of {len(wanted)} noticed")
    if noticed < ENOUGH * len(wanted):
        raise typer.Exit(1)
    if not only:
        figures = {"guards broken": len(wanted), "noticed": noticed}
        record("mutation", "make mutants", figures)


def _told(wanted: Sequence[Mutant], copies: Sequence[Path]) -> Iterator[bool]:
    free = list(copies)

    def tried(mutant: Mutant) -> bool:
        copy = free.pop()
        try:
            return _notices(copy, mutant)
        finally:
            free.append(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        for mutant, noticed in zip(wanted, pool.map(tried, wanted), strict=True):
            typer.echo(f"{'noticed' if noticed else 'MISSED '}  {mutant.name}")
            yield noticed


def _notices(copy: Path, mutant: Mutant) -> bool:
    path = copy / mutant.file
    sound = path.read_text()
    path.write_text(broken(mutant, sound))
    try:
        ended, said = _tested(copy, mutant.tests, within_s=NOTICED_WITHIN_S)
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(sound)
    if ended not in (_PASSED, _FAILED):
        typer.echo(f"{mutant.name}: the tests did not run, see here:\n{said[-2000:]}", err=True)
    return ended == _FAILED


def _sound_first(copy: Path, wanted: Sequence[Mutant]) -> None:
    """See that all the tests pass while nothing is broken: else they notice nothing at all."""
    tests = dict.fromkeys(test for mutant in wanted for test in mutant.tests)
    ended, said = _tested(copy, [*SIDE_BY_SIDE, *tests], within_s=SOUND_WITHIN_S)
    if ended != _PASSED:
        typer.echo(f"the tests fail while nothing is broken:\n{said[-4000:]}", err=True)
        raise typer.Exit(2)
    typer.echo(f"{len(tests)} files of tests pass while nothing is broken")


def _tested(copy: Path, tests: Sequence[str], *, within_s: float) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "RECORD": "0"}
    ended = subprocess.run(
        command,
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def _copied(to: Path) -> Path:
    """Copy what belongs to the tree, so that nothing here is ever broken."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in names.stdout.splitlines():
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return to


if __name__ == "__main__":
    app()
