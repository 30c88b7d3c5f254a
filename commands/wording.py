"""The words for people: what happened, where it stands, what to do next."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import singledispatch

from commands.answers import (
    WORKER_AWAY,
    Answer,
    CancelAnswer,
    LinkAnswer,
    NewKeysAnswer,
    ReleasedAnswer,
    ResetAnswer,
    RevokedAnswer,
    RotationAnswer,
    StartAnswer,
    StatusAnswer,
)
from commands.orders import Subject
from likeness.stages import Stage, VideoState, WaitingFor


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
def cancel(answer: CancelAnswer) -> list[str]:
    """Say that it is over."""
    return [f"Onboarding {answer.onboarding_id} is {answer.stage}.", "Next: nothing is left to do."]


@words.register
def released(answer: ReleasedAnswer) -> list[str]:
    """Say who may go on now."""
    return [
        f"Any device may go on with the check of onboarding {answer.onboarding_id}.",
        "Next: the person opens the same invite link on it.",
    ]


@words.register
def reset(answer: ResetAnswer) -> list[str]:
    """Say how often the person may try now."""
    return [
        f"The person may try {answer.attempts_left} times more.",
        "Next: the person opens the same invite link.",
    ]


@words.register
def revoked(answer: RevokedAnswer) -> list[str]:
    """Say that old links are dead and where the new one comes from."""
    subject = Subject(answer.tenant, answer.onboarding_id)
    return [
        f"Every invite link of onboarding {answer.onboarding_id} handed out so far is worthless.",
        f"Next: {subject.command('link')} gives the new one.",
    ]


@words.register
def new_keys(answer: NewKeysAnswer) -> list[str]:
    """Say which key files there are now."""
    files = {"payload": answer.payload_keys, "link": answer.link_keys}
    lines = [
        f"{'Made' if file.made else 'Kept'} {file.file} (the {kind} key {file.key_id} writes)."
        for kind, file in files.items()
    ]
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


def facts(status: StatusAnswer) -> Iterator[tuple[str, str]]:
    """Give what a person wants to see of a status, line by line."""
    yield "onboarding", status.onboarding_id
    yield "stage", status.stage
    if status.hold is not None:
        yield "hold", status.hold
    yield "waiting for", status.waiting_for
    if status.attempts is not None:
        yield "attempts", f"{status.attempts}, {status.attempts_left} left"
    if status.group_id is not None:
        yield "group", status.group_id
    if status.video is not None:
        yield "video", _video(status)
    if status.failure is not None:
        yield "reason", f"{status.failure.code}: {status.failure.sentence}"
    if not status.stage.is_end:
        yield "deadline", _deadline(status.deadline)
    if status.details is not None:
        yield "details", f"{status.details}; this is what Temporal itself knows"


def one_line(status: StatusAnswer) -> str:
    """Give a change in one line."""
    assets = [asset.state for asset in status.assets or ()]
    counted = ", ".join(f"{assets.count(state)} {state}" for state in dict.fromkeys(assets))
    parts = [
        datetime.now(tz=UTC).strftime("%H:%M:%S"),
        status.stage,
        f"hold {status.hold}" if status.hold else None,
        f"waiting for {status.waiting_for}",
        f"attempts {status.attempts}" if status.attempts else None,
        f"assets {counted}" if counted else None,
        f"video {status.video.state}" if status.video else None,
        status.details,
    ]
    return "  ".join(part for part in parts if part)


def next_step(status: StatusAnswer) -> str:
    """Say what can be done now, and by whom."""
    subject = Subject(status.tenant, status.onboarding_id)
    if status.failure is not None:
        return f"{status.failure.next_step} (the {status.failure.who})"
    if status.stage is Stage.COMPLETED:
        return "nothing; it is completed."
    if status.stage.is_end:
        return "nothing; start another onboarding if one is wanted."
    if status.details == WORKER_AWAY:
        return "see that a worker runs (python worker.py)."
    return _of_an_open_one(status.waiting_for, subject)


def moment(when: datetime | None) -> str:
    """Give a moment in UTC, to the minute."""
    return "" if when is None else when.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _deadline(deadline: datetime | None) -> str:
    if deadline is None:
        return "unknown"
    left = deadline - datetime.now(tz=UTC)
    hours = max(0, int(left.total_seconds() // 3600))
    return f"{moment(deadline)} UTC, in {hours // 24} d {hours % 24} h"


def _video(status: StatusAnswer) -> str:
    video = status.video
    if video is None:
        return ""
    if video.state is VideoState.DONE:
        return f"{video.state}: {video.key} ({video.size_bytes} bytes)"
    return video.state


def _of_an_open_one(waiting_for: WaitingFor, subject: Subject) -> str:
    match waiting_for:
        case WaitingFor.PERSON:
            return f"the person opens the invite link: {subject.command('link')}"
        case WaitingFor.UPSTREAM:
            return f"nothing, the provider is at work: {subject.command('watch')}"
        case _:
            return f"see what it waits for, or end it: {subject.command('cancel')}"
