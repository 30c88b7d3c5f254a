"""The words for people: what happened, and what to do next."""

from datetime import UTC, datetime
from functools import singledispatch

from commands.answers import (
    Answer,
    LinkAnswer,
    NewKeysAnswer,
    RetirementAnswer,
    RotationAnswer,
    StartAnswer,
)
from commands.subjects import Subject


@singledispatch
def words(answer: Answer) -> list[str]:
    """Give what a command says at its end, line by line; each kind of answer has its own."""
    raise TypeError(f"There are no words for {type(answer).__name__}.")


@words.register
def start(answer: StartAnswer) -> list[str]:
    """Say what was started and whom to send the link; nobody, where the run has ended."""
    subject = Subject(answer.tenant, answer.onboarding_id)
    if answer.stage.is_end:
        known = f"Onboarding {answer.onboarding_id} was started before by the same request"
        return [
            f"{known} and has ended: it is {answer.stage}.",
            f"Next: {subject.command('status')} shows how; another --id starts another one.",
        ]
    known = "" if answer.is_new else "; it was started before by the same request"
    return [
        f"Onboarding {answer.onboarding_id} is {answer.stage}{known}.",
        "Send this link to the person, and to nobody else:",
        answer.invite_url,
        f"Next: {subject.command('watch')}",
    ]


@words.register
def link(answer: LinkAnswer) -> list[str]:
    """Say nothing beside the link, which is copied or read by a script, while it leads on."""
    if answer.stage.is_end:
        subject = Subject(answer.tenant, answer.onboarding_id)
        ended = f"Onboarding {answer.onboarding_id} has ended: it is {answer.stage}."
        return [
            f"{ended} Its link only shows the person where they stand:",
            answer.invite_url,
            f"Next: {subject.command('status')} shows how it ended; `start` begins another one.",
        ]
    return [answer.invite_url]


@words.register
def new_keys(answer: NewKeysAnswer) -> list[str]:
    """Say which key files there are now."""
    files = {"payload": answer.payload_keys, "link": answer.link_keys}
    lines = [
        f"{'Made' if file.made else 'Kept'} {file.file} (the {kind} key {file.key_id} writes)."
        for kind, file in files.items()
    ]
    hooks = answer.webhook_keys
    tenants = ", ".join(hooks.tenants)
    lines.append(f"{'Made' if hooks.made else 'Kept'} {hooks.file} (signs webhooks of {tenants}).")
    if all(file.made for file in files.values()):
        return [*lines, "Next: keep a copy in a safe place; without them nothing can be read."]
    return [*lines, "Next: `python starter.py keys rotate` if you want new keys."]


@words.register
def rotation(answer: RotationAnswer) -> list[str]:
    """Say what the new keys do and what comes next."""
    named = f"Payload key {answer.payload_key_id} and link key {answer.link_key_id}"
    copied = "Next: copy both files to every process and restart them"
    if answer.writes:
        kept = "keep the old keys for as long as the namespace keeps histories."
        return [f"{named} write from now on; the old ones still read.", f"{copied}; {kept}"]
    then = "then run `python starter.py keys rotate --write`."
    return [f"{named} are added and only read so far.", f"{copied}, {then}"]


@words.register
def retirement(answer: RetirementAnswer) -> list[str]:
    """Say that the key is out, and where it may still lie."""
    gone = f"The payload key {answer.payload_key_id} has left the file"
    lost = f"ended runs that cannot be read any more: {answer.unreadable_runs}"
    return [
        f"{gone}; {lost}." if answer.unreadable_runs else f"{gone}; nothing needs it any more.",
        "Next: copy the file to every process; until then they go on as they are.",
    ]


def moment(when: datetime | None) -> str:
    """Give a moment in UTC, to the minute."""
    return "" if when is None else when.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
