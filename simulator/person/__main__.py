"""Let one pretended person follow a link: `python -m simulator.person INVITE_URL`."""

import json
import time
from typing import Annotated
from urllib.parse import urlsplit

import typer

from simulator.person.browser import JourneyError
from simulator.person.journey import Journey, PersonScenario

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    invite_url: Annotated[str, typer.Argument(help="The link the person was sent.")],
    *,
    scenario: Annotated[
        PersonScenario, typer.Option(help="What the person does.")
    ] = PersonScenario.PASSES,
    timeout_s: Annotated[float, typer.Option(help="Give up after this many seconds.")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Read the page, agree, tap Start, do the check and come back.

    Exits with 0 when the journey ended as the scenario means, with 1 and one sentence otherwise;
    with 2 where it could not even begin.
    """
    if not _is_address(invite_url):
        typer.echo(
            "The link must be a whole http or https address, as `start` prints it.", err=True
        )
        raise typer.Exit(2)
    began = time.monotonic()
    journey = Journey(invite_url, timeout_s=timeout_s, say=_silent if as_json else typer.echo)
    try:
        sentence, ended_well = journey.run(scenario), True
    except JourneyError as error:
        sentence, ended_well = f"The journey failed: {error}.", False
    if as_json:
        told = {"scenario": scenario.value, "ok": ended_well, "sentence": sentence}
        seconds = round(time.monotonic() - began, 1)
        typer.echo(json.dumps({**told, "headings": journey.headings, "seconds": seconds}))
    else:
        typer.echo(sentence, err=not ended_well)
    raise typer.Exit(0 if ended_well else 1)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _silent(_: str) -> None:
    """Say nothing."""


if __name__ == "__main__":
    app()
