"""What may be typed behind a command, with its words for ``--help``."""

from typing import Annotated, Literal

import typer

from commands.outcomes import Output
from likeness.stages import Hold, Stage

PROGRAM = "starter.py"

Id = Annotated[
    str, typer.Argument(metavar="ID", help="The onboarding's id, or its whole workflow id.")
]
Target = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="The onboarding's id, its whole workflow id, or that of a video (…/video/1).",
    ),
]
Tenant = Annotated[str, typer.Option("--tenant", help="Whose it is: a tenant of yours.")]
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
VideoResolution = Annotated[str | None, typer.Option("--resolution", help="480p, 720p or 1080p.")]
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
Contact = Annotated[
    str | None, typer.Option("--contact", help="How the person can reach whoever invites.")
]
Purpose = Annotated[
    str | None,
    typer.Option("--purpose", help="What for, in plain words, as the person is to read it."),
]
Webhook = Annotated[
    str | None,
    typer.Option(
        "--webhook",
        metavar="URL",
        help="Your service's address, which is told of every rest, hold and end.",
    ),
]
Qr = Annotated[
    bool | None,
    typer.Option(
        "--qr/--no-qr",
        help="The link as a QR code, too, to be opened by a phone; on a terminal by default.",
        show_default=False,
    ),
]
Wait = Annotated[
    bool,
    typer.Option("--wait", help="Stay until the end; exit 0 when all that was asked for is there."),
]
StageFilter = Annotated[Stage | None, typer.Option("--stage", help="Only those at this stage.")]
HoldFilter = Annotated[Hold | None, typer.Option("--hold", help="Only those that hold so.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many, newest first.")]
Reason = Annotated[
    str,
    typer.Option("--reason", help="Why, kept encrypted in the run's history; no command shows it."),
]
Actor = Annotated[str, typer.Option("--actor", help="Who orders it; `status` shows this word.")]
Replacements = Annotated[
    list[str],
    typer.Option(
        "--asset",
        metavar="NAME=[image=|video=]URL",
        help="Another file for the refused asset NAME; a new NAME adds one. Repeatable.",
    ),
]
By = Annotated[str, typer.Option("--by", help="How much later: 3d, 12h, 90m or 1d12h.")]
Decision = Annotated[
    # The words of `Resolution`, which would bring pydantic along into every `--help`.
    Literal["adopt", "resubmit", "give_up"],
    typer.Argument(
        help="adopt the upstream's task, send it again (it may be charged twice), or go on without."
    ),
]
TaskId = Annotated[
    str | None, typer.Argument(metavar="[TASK_ID]", help="With adopt: the upstream's task.")
]
OneAsset = Annotated[
    str | None, typer.Option("--asset", help="The asset that is meant, where several are unknown.")
]
Event = Annotated[
    str | None,
    typer.Option(
        "--event", metavar="EVENT", help="One event only: its number in the log, or its id."
    ),
]
Since = Annotated[
    int | None,
    typer.Option("--since", metavar="NUMBER", min=1, help="That event and all later ones."),
]
Ref = Annotated[
    str,
    typer.Argument(
        metavar="REF", help="Your own reference of the person, or the run's whole workflow id."
    ),
]
Group = Annotated[
    str, typer.Option("--group", metavar="GROUP_ID", help="The group that the provider made.")
]
KnownAssets = Annotated[
    list[str],
    typer.Option(
        "--asset",
        metavar="[image=|video=]ASSET_ID",
        help="An asset of the group that passed the review, by the provider's id. Repeatable.",
    ),
]
Project = Annotated[
    str, typer.Option("--project", help="The provider's project that the group was made under.")
]
Anew = Annotated[
    bool, typer.Option("--anew", help="They were erased here, and have agreed anew since.")
]
OrderId = Annotated[
    str | None,
    typer.Option("--id", help="An id of your own, so that a repeat orders the same video once."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")]
Write = Annotated[bool, typer.Option("--write", help="The second step: let the added keys write.")]
KeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="The payload key, by its 8 digits.")]
Unread = Annotated[
    bool, typer.Option("--unread", help="Although ended runs cannot be read any more without it.")
]


def example(line: str) -> str:
    """Give the last line of a command's help."""
    return f"Example: python {PROGRAM} {line}"
