"""The words for people about orders: what was obeyed, and what happens now."""

from commands.order_answers import (
    CancelAnswer,
    ObeyedAnswer,
    RedrivenAnswer,
    ReleasedAnswer,
    ResetAnswer,
    RevokedAnswer,
    VideoObeyedAnswer,
)
from commands.subjects import Clip, Subject
from commands.wording import moment, words


@words.register
def cancel(answer: CancelAnswer) -> list[str]:
    """Say that it is over, or what is still waited for."""
    named = f"Onboarding {answer.onboarding_id} is"
    subject = Subject(answer.tenant, answer.onboarding_id)
    if answer.ending is None:
        shows = subject.command("status")
        return [
            f"{named} {answer.stage}.",
            f"Next: nothing is left to do; a video ordered before goes on, and {shows} names it.",
        ]
    return [
        f"{named} ending as {answer.ending}; a POST under way is waited for and recorded.",
        f"Next: nothing must be done; {subject.command('watch')} shows the end.",
    ]


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
def obeyed(answer: ObeyedAnswer) -> list[str]:
    """Say that the run has obeyed, and where it stands."""
    subject = Subject(answer.tenant, answer.onboarding_id)
    stands = f"it is {answer.stage}, waiting for the {answer.waiting_for}"
    if answer.verb == "extend-deadline":
        stands = f"it ends at {moment(answer.deadline)} UTC unless it is done before"
    held = f" ({answer.hold})" if answer.hold else ""
    return [
        f"Onboarding {answer.onboarding_id} has obeyed {answer.verb}: {stands}{held}.",
        f"Next: {subject.command('watch')}",
    ]


@words.register
def video_obeyed(answer: VideoObeyedAnswer) -> list[str]:
    """Say that the video's run has obeyed, and where it stands."""
    held = f" ({answer.hold}: {answer.reason})" if answer.hold else ""
    return [
        f"Video {answer.workflow_id} has obeyed {answer.verb}: it is {answer.state}{held}.",
        f"Next: {Clip(answer.workflow_id).command('status')}",
    ]


@words.register
def redriven(answer: RedrivenAnswer) -> list[str]:
    """Say how many events are sent, and where to see what becomes of them."""
    subject = Subject(answer.tenant, answer.onboarding_id)
    many = "1 event" if answer.events == 1 else f"{answer.events} events"
    told = "is" if answer.events == 1 else "are"
    now = f"{told} sent again" if answer.is_new else f"{told} being sent already"
    lines = [f"{many} of onboarding {answer.onboarding_id} {now}."]
    if answer.left:
        lines.append(f"{answer.left} more are left; redrive again when these are delivered.")
    return [*lines, f"Next: {subject.command('status')} shows what becomes of each."]
