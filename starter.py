"""The operator's and the script's command line.

    python starter.py --help

stdout holds answers only: text, or with ``-o json`` one object (``list``: one array; ``watch``: one
object a change; ``start --wait``: the start at once and the end at last, a line each). What goes
wrong is told on stderr in one sentence, with ``-o json`` as ``{"error": {...}}``; the exit code
tells.
"""

import os
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from commands.lazily import lazily
from commands.outcomes import CommandError, ExitCode, Output, Problem
from likeness.ids import DEFAULT_TENANT
from likeness.stages import Stage

if TYPE_CHECKING:
    from commands import answers, explaining, key_files, onboardings, orders, printing, rotation
    from runtime import settings
else:
    explaining = lazily("commands.explaining")
    key_files = lazily("commands.key_files")
    onboardings = lazily("commands.onboardings")
    orders = lazily("commands.orders")
    printing = lazily("commands.printing")
    rotation = lazily("commands.rotation")
    settings = lazily("runtime.settings")

STARTED = time.monotonic()
PROGRAM = "starter.py"

EXIT_CODES = (
    "Exit codes: 0 done; 1 failed or refused; 2 bad input, settings or keys; 3 not found; "
    "4 Temporal or the worker is away, try again; 70 a bug; 130 interrupted."
)


def _example(line: str) -> str:
    return f"Example: python {PROGRAM} {line}"


app = typer.Typer(
    help="Onboard real persons as avatars: start, follow and end onboardings.",
    epilog=EXIT_CODES,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="Make and rotate the key files.")
app.add_typer(keys, name="keys")

Id = Annotated[
    str, typer.Argument(metavar="ID", help="The onboarding's id, or its whole workflow id.")
]
Tenant = Annotated[str, typer.Option("--tenant", help="Whose onboarding it is.")]
Form = Annotated[Output, typer.Option("--output", "-o", help="For people, or for programs.")]
Person = Annotated[str, typer.Option("--person", help="Your own reference, never a name.")]
Assets = Annotated[
    list[str],
    typer.Option(
        "--asset",
        metavar="[image=|video=]URL",
        help="A picture or clip of the person, at an address the provider can fetch. Repeatable.",
    ),
]
MinUsable = Annotated[
    int | None, typer.Option("--min-usable", help="How many must pass the review; all by default.")
]
OwnId = Annotated[
    str | None,
    typer.Option("--id", help="An id of your own, so that a repeat finds the same onboarding."),
]
Prompt = Annotated[str | None, typer.Option("--prompt", help="Asks for a video, and says which.")]
PromptFile = Annotated[
    str | None,
    typer.Option(
        "--prompt-file",
        metavar="FILE",
        help="The same from a file, or from stdin for -, so that it is in no shell history.",
    ),
]
DurationS = Annotated[
    int | None, typer.Option("--duration-s", help="Length of the video in seconds: 4 to 15.")
]
Resolution = Annotated[str | None, typer.Option("--resolution", help="480p, 720p or 1080p.")]
Size = Annotated[
    str | None, typer.Option("--size", help="16:9, 9:16, 1:1, 4:3, 3:4, 21:9, adaptive.")
]
Audio = Annotated[bool | None, typer.Option("--audio/--no-audio", help="With sound or without.")]
Seed = Annotated[int | None, typer.Option("--seed", help="The same seed makes a similar video.")]
Model = Annotated[str | None, typer.Option("--model", help="The provider's video model.")]
DisplayName = Annotated[
    str | None, typer.Option("--display-name", help="How the invite page greets the person.")
]
Sender = Annotated[
    str | None, typer.Option("--sender", help="Who invites, as the person knows them.")
]
Wait = Annotated[
    bool,
    typer.Option("--wait", help="Stay until the end; exit 0 when all that was asked for is there."),
]
StageFilter = Annotated[Stage | None, typer.Option("--stage", help="Only those at this stage.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many, newest first.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for the history.")]
Write = Annotated[bool, typer.Option("--write", help="The second step: let the added keys write.")]


@app.command(
    epilog=_example(
        "start --person p-17 --asset https://example.com/front.jpg --asset "
        "video=https://example.com/turn.mp4 --min-usable 1 --prompt-file prompt.txt --duration-s 5 "
        "--resolution 720p -o json"
    )
)
def start(
    *,
    person: Person,
    asset: Assets,
    min_usable: MinUsable = None,
    own_id: OwnId = None,
    tenant: Tenant = DEFAULT_TENANT,
    display_name: DisplayName = None,
    sender: Sender = None,
    prompt: Prompt = None,
    prompt_file: PromptFile = None,
    duration_s: DurationS = None,
    resolution: Resolution = None,
    size: Size = None,
    audio: Audio = None,
    seed: Seed = None,
    model: Model = None,
    wait: Wait = False,
    output: Form = Output.TEXT,
) -> None:
    """Start an onboarding and print the person's invite link.

    The link is a credential. With --wait two lines of JSON: the start at once, the end at last.
    """
    request = orders.request_of(
        {
            "person": person,
            "min_usable": min_usable,
            "onboarding": own_id,
            "tenant": tenant,
            "display_name": display_name,
            "sender": sender,
        },
        asset,
        prompt=orders.prompt_of(prompt, prompt_file),
        video={
            "duration_s": duration_s,
            "resolution": resolution,
            "size": size,
            "generate_audio": audio,
            "seed": seed,
            "model": model,
        },
    )
    started = onboardings.start(_settings(), request)
    printing.Printer(output).answer(started)
    if wait:
        _wait(started, output, video_wanted=request.video is not None)


@app.command(epilog=_example("status 3f9c01d2ab77 -o json"))
def status(onboarding: Id, tenant: Tenant = DEFAULT_TENANT, output: Form = Output.TEXT) -> None:
    """Tell where an onboarding stands; answers within 2 s also when no worker runs."""
    subject = orders.subject_of(onboarding, tenant)
    printing.Printer(output).answer(onboardings.status(_settings(), subject, since=STARTED))


@app.command(epilog=_example("watch 3f9c01d2ab77"))
def watch(onboarding: Id, tenant: Tenant = DEFAULT_TENANT, output: Form = Output.TEXT) -> None:
    """Show an onboarding's progress until it ends; Ctrl-C stops the watching only."""
    subject = orders.subject_of(onboarding, tenant)
    with closing(printing.Printer(output)) as printer:
        onboardings.watch(_settings(), subject, printer.progress)


@app.command("list", epilog=_example("list --stage in_review -o json"))
def list_(
    tenant: Tenant = DEFAULT_TENANT,
    stage: StageFilter = None,
    limit: Limit = 20,
    output: Form = Output.TEXT,
) -> None:
    """List onboardings, newest first."""
    found = onboardings.listed(_settings(), orders.tenant_of(tenant), stage=stage, limit=limit)
    printing.Printer(output).table(found, limit=limit)


@app.command(epilog=_example('cancel 3f9c01d2ab77 --reason "asked by the customer"'))
def cancel(
    onboarding: Id,
    reason: Reason = "",
    tenant: Tenant = DEFAULT_TENANT,
    output: Form = Output.TEXT,
) -> None:
    """End an onboarding; what was paid for already is awaited and recorded."""
    subject = orders.subject_of(onboarding, tenant)
    printing.Printer(output).answer(onboardings.cancel(_settings(), subject, reason=reason))


@app.command(epilog=_example("link 3f9c01d2ab77"))
def link(onboarding: Id, tenant: Tenant = DEFAULT_TENANT, output: Form = Output.TEXT) -> None:
    """Print the invite link again; it is a credential."""
    subject = orders.subject_of(onboarding, tenant)
    printing.Printer(output).answer(onboardings.link(_settings(), subject))


@keys.command("new", epilog=_example("keys new"))
def keys_new(output: Form = Output.TEXT) -> None:
    """Make the key files that are missing; one that is there is never overwritten."""
    printing.Printer(output).answer(key_files.make_keys(_settings()))


@keys.command("rotate", epilog=_example("keys rotate   (then everywhere the files, then --write)"))
def keys_rotate(write: Write = False, output: Form = Output.TEXT) -> None:
    """Add new keys for reading; with --write let the added ones write.

    Between the two steps every process must get the changed files and be restarted.
    """
    rotated = (
        rotation.write_with_new_keys(_settings()) if write else key_files.add_keys(_settings())
    )
    printing.Printer(output).answer(rotated)


def _settings() -> "settings.StarterSettings":
    return settings.load(settings.StarterSettings)


def _wait(started: "answers.StartAnswer", output: Output, *, video_wanted: bool) -> None:
    subject = orders.Subject(started.tenant, started.onboarding_id)
    printer = printing.Printer(output)
    as_text = output is Output.TEXT
    with closing(printer):
        ended = onboardings.watch(
            _settings(), subject, printer.progress if as_text else lambda _: None
        )
    if not as_text:
        printer.answer(onboardings.waited(started, ended))
    if not ended.gives(video_wanted=video_wanted):
        raise CommandError(
            f"The onboarding ended as {ended.stage} without all that was asked for.",
            code=Problem.UNFINISHED,
            exit_code=ExitCode.FAILED,
            next_step=subject.command("status"),
        )


def run(arguments: Sequence[str]) -> ExitCode:
    """Run one command; give its exit code. Nothing ever escapes."""
    try:
        code = app(list(arguments) or ["--help"], standalone_mode=False, prog_name=PROGRAM)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):
        # The reader has seen enough, as `head` does; typer makes a SystemExit of it.
        return ExitCode.FAILED
    except BaseException as error:  # noqa: BLE001 - no traceback ever: one sentence instead
        failure = explaining.explained(error)
        printing.print_error(failure, _output(arguments))
        return failure.exit_code
    return ExitCode(code or 0)


def _output(arguments: Sequence[str]) -> Output:
    """Find the form of the answer in a command line that may not even be one."""
    pairs = {("-o", "json"), ("--output", "json")} & set(pairwise(arguments))
    spelled = pairs or {"-ojson", "--output=json"} & set(arguments)
    return Output.JSON if spelled else Output.TEXT


def main() -> NoReturn:
    """Run and end.

    A thread of the Temporal SDK may still hold the last answer while Python finalizes, and would
    end the process by SIGABRT or SIGSEGV: only ``os._exit`` after a flush is safe from it.
    https://github.com/temporalio/sdk-python/issues/300
    """
    code = run(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
