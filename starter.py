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
from contextlib import closing, suppress
from itertools import pairwise
from typing import TYPE_CHECKING, NoReturn

import typer

from commands.api_key_verbs import api_keys
from commands.lazily import lazily
from commands.operator_verbs import operators
from commands.options import (
    PROGRAM,
    Assets,
    Audio,
    Contact,
    DisplayName,
    DurationS,
    Form,
    HoldFilter,
    Id,
    KeyId,
    Limit,
    MinUsable,
    Model,
    OwnId,
    Person,
    Prompt,
    PromptFile,
    Purpose,
    Qr,
    Seed,
    Sender,
    Size,
    StageFilter,
    Target,
    Tenant,
    Unread,
    VideoResolution,
    Wait,
    Webhook,
    Write,
    example,
)
from commands.outcomes import CommandError, ExitCode, Output, Problem
from commands.people_verbs import person as people
from commands.webhook_key_verbs import webhook_keys
from likeness.ids import DEFAULT_TENANT

if TYPE_CHECKING:
    from commands import (
        answers,
        explaining,
        key_files,
        onboardings,
        orders,
        printing,
        rotation,
        subjects,
    )
    from runtime import settings
else:
    explaining = lazily("commands.explaining")
    key_files = lazily("commands.key_files")
    onboardings = lazily("commands.onboardings")
    orders = lazily("commands.orders")
    printing = lazily("commands.printing")
    rotation = lazily("commands.rotation")
    subjects = lazily("commands.subjects")
    settings = lazily("runtime.settings")

STARTED = time.monotonic()

EXIT_CODES = (
    "Exit codes: 0 done; 1 failed or refused; 2 bad input, settings or keys; 3 not found; "
    "4 Temporal or the worker is away, try again; 70 a bug; 130 interrupted."
)


app = typer.Typer(
    help="Onboard real persons as avatars: start, follow and end onboardings.",
    epilog=EXIT_CODES,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="Make and rotate the key files.")
app.add_typer(operators)
app.add_typer(people, name="person")
app.add_typer(keys, name="keys")
keys.add_typer(webhook_keys, name="webhook")
keys.add_typer(api_keys, name="api")


@app.command(
    epilog=example(
        "start --person p-17 --sender 'Acme Films' --contact studio@example.com --purpose "
        "'A film about our town' --asset https://example.com/front.jpg --asset "
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
    contact: Contact = None,
    purpose: Purpose = None,
    prompt: Prompt = None,
    prompt_file: PromptFile = None,
    duration_s: DurationS = None,
    resolution: VideoResolution = None,
    size: Size = None,
    audio: Audio = None,
    seed: Seed = None,
    model: Model = None,
    webhook: Webhook = None,
    wait: Wait = False,
    qr: Qr = None,
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
            "contact": contact,
            "purpose": purpose,
            "webhook_url": webhook,
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
    printing.Printer(output, qr=qr).answer(started)
    if wait:
        _wait(started, output, video_wanted=request.video is not None)


@app.command(epilog=example("status 3f9c01d2ab77 -o json"))
def status(which: Target, tenant: Tenant = DEFAULT_TENANT, output: Form = Output.TEXT) -> None:
    """Tell where an onboarding or a video stands and what to type; within 2 s with no worker."""
    target = subjects.target_of(which, tenant)
    printing.Printer(output).answer(onboardings.status(_settings(), target, since=STARTED))


@app.command(epilog=example("watch 3f9c01d2ab77"))
def watch(onboarding: Id, tenant: Tenant = DEFAULT_TENANT, output: Form = Output.TEXT) -> None:
    """Show an onboarding's progress until it ends; Ctrl-C stops the watching only."""
    subject = subjects.subject_of(onboarding, tenant)
    with closing(printing.Printer(output)) as printer:
        onboardings.watch(_settings(), subject, printer.progress)


@app.command("list", epilog=example("list --stage in_review -o json"))
def list_(
    tenant: Tenant = DEFAULT_TENANT,
    stage: StageFilter = None,
    hold: HoldFilter = None,
    limit: Limit = 20,
    output: Form = Output.TEXT,
) -> None:
    """List onboardings: those under way, newest first, then the ended, latest end first."""
    found = onboardings.listed(
        _settings(), subjects.tenant_of(tenant), stage=stage, hold=hold, limit=limit
    )
    printing.Printer(output).table(found, limit=limit)


@app.command(epilog=example("link 3f9c01d2ab77"))
def link(
    onboarding: Id,
    qr: Qr = None,
    tenant: Tenant = DEFAULT_TENANT,
    output: Form = Output.TEXT,
) -> None:
    """Print the invite link again; it is a credential."""
    subject = subjects.subject_of(onboarding, tenant)
    printing.Printer(output, qr=qr).answer(onboardings.link(_settings(), subject))


@keys.command("new", epilog=example("keys new"))
def keys_new(output: Form = Output.TEXT) -> None:
    """Make the key files that are missing; one that is there is never overwritten."""
    printing.Printer(output).answer(key_files.make_keys(_settings()))


@keys.command("rotate", epilog=example("keys rotate   (then everywhere the files, then --write)"))
def keys_rotate(write: Write = False, output: Form = Output.TEXT) -> None:
    """Add new keys for reading; with --write let the added ones write.

    Between the two steps every process must get the changed files and be restarted.
    """
    rotated = (
        rotation.write_with_new_keys(_settings()) if write else key_files.add_keys(_settings())
    )
    printing.Printer(output).answer(rotated)


@keys.command("retire", epilog=example("keys retire 1f3a5c7e"))
def keys_retire(key_id: KeyId, unread: Unread = False, output: Form = Output.TEXT) -> None:
    """Take an old payload key out of the file, if nothing needs it any more.

    Looks through every history the namespace keeps, and refuses while one is written under it.
    """
    printing.Printer(output).answer(rotation.retire_key(_settings(), key_id, unread=unread))


def _settings() -> "settings.StarterSettings":
    return settings.load(settings.StarterSettings)


def _wait(started: "answers.StartAnswer", output: Output, *, video_wanted: bool) -> None:
    subject = subjects.Subject(started.tenant, started.onboarding_id)
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
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
