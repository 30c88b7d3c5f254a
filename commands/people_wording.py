"""The words for people about people: who is known, what was ordered, what is gone."""

from collections.abc import Iterator

from commands.answers import WORKER_AWAY
from commands.people_answers import (
    ErasedAnswer,
    ImportedPersonAnswer,
    OrderedVideoAnswer,
    PersonAnswer,
    PersonShownAnswer,
    PersonVideoAnswer,
    WithdrawnAnswer,
)
from commands.subjects import Somebody
from commands.wording import moment, words
from likeness.temporal.people import PersonStands


@words.register
def import_(answer: ImportedPersonAnswer) -> list[str]:
    """Say what is known now, and what is not here."""
    told = "is known" if answer.is_new else "was known by this import already"
    return [
        f"{answer.person} {told}; a video of them needs no camera check.",
        "Their consent is yours to keep: there is no receipt of it here.",
        f"Next: {_of(answer).command('generate')} --prompt …",
    ]


@words.register
def generate(answer: OrderedVideoAnswer) -> list[str]:
    """Say what was ordered and where it shows."""
    return [
        f"Video {answer.number} of {answer.person} is ordered; no new camera check is needed.",
        f"Next: {_of(answer).command('show')}",
    ]


@words.register
def withdraw(answer: WithdrawnAnswer) -> list[str]:
    """Say what the withdrawal does and what it cannot."""
    return [
        f"The consent of {answer.person} is withdrawn since {moment(answer.withdrawn_at)} UTC.",
        "Links and onboardings under way end, a video in flight is kept sealed, none begins anew.",
        "The group at the provider stays: this API cannot delete it.",
        f"Next: nothing must be left in use; {_of(answer).command('erase')} deletes the files.",
    ]


@words.register
def erase(answer: ErasedAnswer) -> list[str]:
    """Say what is gone and, as plainly, what is not."""
    files = "1 file" if answer.files_deleted == 1 else f"{answer.files_deleted} files"
    return [
        f"{answer.person} is erased: {files} of the archive deleted, the registry's run ended.",
        "What remains:",
        *(f"- {remaining}" for remaining in answer.remains),
        "Next: delete what you keep of this person elsewhere.",
    ]


def facts(person: PersonShownAnswer) -> Iterator[tuple[str, str]]:
    """Give what an operator wants to see of a person, line by line."""
    since = {"withdrawn": person.withdrawn_at, "erased": person.erased_at}
    yield "person", person.person
    yield "stands", person.stands
    if person.group_id is not None:
        yield "group", person.group_id
    for word, when in since.items():
        if when is not None:
            yield word, f"{moment(when)} UTC"
    yield from _lists(person)
    if person.details is not None:
        yield "details", f"{person.details}; this is what Temporal itself knows"


def next_step(person: PersonShownAnswer) -> str:
    """Say what can be done now."""
    match person.stands:
        case PersonStands.WITHDRAWN:
            return "nothing may be made or used of this person."
        case PersonStands.ERASED:
            return "nothing; an onboarding makes the person known anew."
        case PersonStands.LOST:
            return "the run was ended from outside; onboard the person anew."
    if person.details == WORKER_AWAY:
        return "see that a worker runs (python worker.py)."
    if not person.assets:
        return "wait for the review of the assets, or onboard the person with others."
    return f"another video: {_of(person).command('generate')} --prompt …"


def _lists(person: PersonShownAnswer) -> Iterator[tuple[str, str]]:
    for onboarding in person.onboardings or ():
        yield "onboarding", f"{onboarding.onboarding_id}, last heard of as {onboarding.stage}"
    for consent in person.consents or ():
        agreed = f"text {consent.text_version} in {consent.locale}"
        yield "consent", f"{agreed}, {moment(consent.consented_at)} UTC"
    for asset in person.assets or ():
        yield "asset", "  ".join(part for part in (asset.name, asset.kind, asset.asset_id) if part)
    for video in person.videos or ():
        yield "video", _video(video)


def _video(video: PersonVideoAnswer) -> str:
    told = [
        video.workflow_id,
        video.state,
        "sealed" if video.sealed else None,
        f"hold {video.hold}" if video.hold else None,
        video.reason,
        video.key,
    ]
    return "  ".join(part for part in told if part)


def _of(answer: PersonAnswer) -> Somebody:
    return Somebody(answer.tenant, answer.person)
