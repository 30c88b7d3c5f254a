"""Declares the words of ``starter.py person …``."""

import sys
from typing import TYPE_CHECKING

import typer

from commands.lazily import lazily
from commands.options import (
    Anew,
    Audio,
    DurationS,
    Form,
    Group,
    KnownAssets,
    Limit,
    Model,
    OrderId,
    Project,
    Prompt,
    PromptFile,
    Reason,
    Ref,
    Seed,
    Size,
    Tenant,
    VideoResolution,
    Yes,
    example,
)
from commands.outcomes import Output, bad_input
from likeness.ids import DEFAULT_TENANT

if TYPE_CHECKING:
    from commands import orders, people, people_orders, printing, subjects
    from runtime import settings
else:
    orders = lazily("commands.orders")
    people = lazily("commands.people")
    people_orders = lazily("commands.people_orders")
    printing = lazily("commands.printing")
    subjects = lazily("commands.subjects")
    settings = lazily("runtime.settings")

person = typer.Typer(help="Verified persons: look, import, make another video, withdraw, erase.")


@person.command(epilog=example("person show p-17 -o json"))
def show(reference: Ref, tenant: Tenant = DEFAULT_TENANT, output: Form = Output.TEXT) -> None:
    """Tell what is known of a verified person: consents, assets, onboardings, videos."""
    somebody = subjects.somebody_of(reference, tenant)
    printing.Printer(output).answer(people.show(_settings(), somebody))


@person.command("list", epilog=example("person list --limit 100 -o json"))
def list_(tenant: Tenant = DEFAULT_TENANT, limit: Limit = 20, output: Form = Output.TEXT) -> None:
    """List verified persons by reference, newest first; who was erased is not among them."""
    found = people.listed(_settings(), subjects.tenant_of(tenant), limit=limit)
    printing.Printer(output).table(found, limit=limit)


@person.command(
    "import",
    epilog=example("person import p-17 --group group-9 --asset asset-1 --asset video=asset-2"),
)
def import_(
    *,
    reference: Ref,
    group: Group,
    asset: KnownAssets,
    project: Project = "",
    anew: Anew = False,
    tenant: Tenant = DEFAULT_TENANT,
    output: Form = Output.TEXT,
) -> None:
    """Make somebody known who was verified elsewhere under the same provider account.

    Their consent is yours to keep: there is no receipt of it here. Repeating it is safe.
    """
    somebody = subjects.somebody_of(reference, tenant)
    wanted = people_orders.import_of(somebody, group, asset, project=project, anew=anew)
    printing.Printer(output).answer(people.import_(_settings(), somebody, wanted))


@person.command(
    epilog=example("person generate p-17 --prompt-file prompt.txt --duration-s 5 --id spring-1")
)
def generate(
    *,
    reference: Ref,
    prompt: Prompt = None,
    prompt_file: PromptFile = None,
    duration_s: DurationS = None,
    resolution: VideoResolution = None,
    size: Size = None,
    audio: Audio = None,
    seed: Seed = None,
    model: Model = None,
    own_id: OrderId = None,
    tenant: Tenant = DEFAULT_TENANT,
    output: Form = Output.TEXT,
) -> None:
    """Make another video of a verified person, without a new camera check; it is charged for.

    Repeated with the same --id it is ordered once.
    """
    somebody = subjects.somebody_of(reference, tenant)
    video = orders.video_of(
        orders.prompt_of(prompt, prompt_file),
        {
            "duration_s": duration_s,
            "resolution": resolution,
            "size": size,
            "generate_audio": audio,
            "seed": seed,
            "model": model,
        },
    )
    order_id = subjects.own_id_of(own_id)
    ordered = people.generate(_settings(), somebody, video, order_id=order_id)
    printing.Printer(output).answer(ordered)


@person.command(epilog=example("person withdraw p-17"))
def withdraw(reference: Ref, tenant: Tenant = DEFAULT_TENANT, output: Form = Output.TEXT) -> None:
    """Take the consent back in the person's name, who asked you to.

    Ends links and onboardings under way, seals videos in flight, refuses new ones.
    """
    somebody = subjects.somebody_of(reference, tenant)
    printing.Printer(output).answer(people.withdraw(_settings(), somebody))


@person.command(epilog=example('person erase p-17 --reason "asked by the person"'))
def erase(
    reference: Ref,
    yes: Yes = False,
    reason: Reason = "",
    tenant: Tenant = DEFAULT_TENANT,
    output: Form = Output.TEXT,
) -> None:
    """Withdraw, delete the archived files and forget the person; prints what remains.

    Asks for the reference once more, unless --yes.
    """
    somebody = subjects.somebody_of(reference, tenant)
    subjects.reason_of(reason)
    if not yes:
        _is_meant(somebody.person)
    printing.Printer(output).answer(people.erase(_settings(), somebody, reason=reason))


def _is_meant(reference: str) -> None:
    """Ask on stderr, so that stdout holds the answer only."""
    sys.stderr.write(
        f"This deletes every archived file of {reference} and cannot be undone.\n"
        "Type the reference once more to go on:\n"
    )
    sys.stderr.flush()
    if sys.stdin.readline().strip() != reference:
        raise bad_input(
            "Nothing is erased: the reference was not typed once more, and --yes was not given."
        )


def _settings() -> "settings.StarterSettings":
    return settings.load(settings.StarterSettings)
