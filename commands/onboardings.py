"""Starts, shows, follows and lists onboardings: one function a command."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio.client import Client

from commands.answers import (
    LinkAnswer,
    ListedAnswer,
    StartAnswer,
    StatusAnswer,
    VideoAnswer,
    WaitedAnswer,
)
from commands.asking import ask
from commands.lazily import lazily
from commands.looking import PATIENCE, follow, look_at_video, look_closely
from commands.outcomes import CommandError, ExitCode, Problem, interrupted
from commands.subjects import Clip, Subject
from likeness.messages.onboarding import OnboardingInput, OnboardingRequest
from likeness.stages import Hold, Stage
from likeness.temporal.onboardings import (
    OnboardingGlance,
    StartedOnboarding,
    describe_onboarding,
    list_onboardings,
    start_onboarding,
)
from runtime.keys import load_key_file
from runtime.links import InviteToken, LinkSealer, invite_url
from runtime.settings import StarterSettings

if TYPE_CHECKING:
    from commands import preflighting
else:
    # The HTTP client behind it is nothing that `status` should wait for.
    preflighting = lazily("commands.preflighting")

ANSWER_WITHIN_S = 1.6
LEAST_PATIENCE_S = 0.3


def start(settings: StarterSettings, request: OnboardingRequest) -> StartAnswer:
    """Start an onboarding, or find the one that the same request started before."""
    # Before anything is started: a run whose link cannot be sealed would be half-made.
    sealer = _sealer(settings)
    order = OnboardingInput(request=request, policy=settings.policy())
    subject = Subject(request.tenant, request.onboarding)

    async def question(client: Client) -> StartedOnboarding:
        await preflighting.refuse_unfit_assets(client, settings, request)
        return await start_onboarding(client, order, task_queue=settings.task_queue)

    try:
        started = ask(settings, question)
    except CommandError as error:
        raise _perhaps_started(error, subject) from error
    token = InviteToken(
        tenant=started.tenant,
        onboarding=started.onboarding_id,
        person=started.person,
        link=started.link,
    )
    return StartAnswer(
        onboarding_id=started.onboarding_id,
        tenant=started.tenant,
        workflow_id=started.workflow_id,
        stage=started.stage,
        is_new=started.is_new,
        invite_url=invite_url(settings.public_base_url, sealer.seal_invite(token)),
    )


def status(
    settings: StarterSettings, target: Subject | Clip, *, since: float
) -> StatusAnswer | VideoAnswer:
    """Tell where it stands; with no worker within 2 s of ``since`` (``time.monotonic``)."""

    async def question(client: Client) -> StatusAnswer | VideoAnswer:
        left_s = since + ANSWER_WITHIN_S - time.monotonic()
        patience = min(timedelta(seconds=max(LEAST_PATIENCE_S, left_s)), PATIENCE)
        if isinstance(target, Clip):
            return await look_at_video(client, target, patience=patience)
        return await look_closely(client, target, patience=patience)

    return ask(settings, question)


def watch(
    settings: StarterSettings, subject: Subject, show: Callable[[StatusAnswer], None]
) -> StatusAnswer:
    """Show each change until the end; give the last status.

    Raises:
        CommandError: Also for Ctrl-C, with the command that goes on watching.

    """

    async def question(client: Client) -> StatusAnswer:
        async for now in follow(client, subject):
            show(now)
        return now

    try:
        return ask(settings, question)
    except CommandError as error:
        if error.exit_code is not ExitCode.INTERRUPTED:
            raise
        sentence = "Stopped watching; the onboarding itself goes on."
        raise interrupted(subject.command("watch"), sentence) from None


def listed(
    settings: StarterSettings,
    tenant: str,
    *,
    stage: Stage | None,
    hold: Hold | None = None,
    limit: int,
) -> list[ListedAnswer]:
    """List a tenant's onboardings: those under way, newest first, then the ended ones."""

    async def question(client: Client) -> list[ListedAnswer]:
        found = list_onboardings(client, tenant, stage=stage, hold=hold, limit=limit)
        return [_line(glance) async for glance in found]

    return ask(settings, question)


def link(settings: StarterSettings, subject: Subject) -> LinkAnswer:
    """Seal the invite link in force anew; needs no worker."""
    sealer = _sealer(settings)
    glance = ask(settings, lambda client: describe_onboarding(client, *subject))
    if glance.memo is None:
        raise CommandError(
            "The onboarding was started without the memo that its link is made from.",
            code=Problem.REFUSED,
            exit_code=ExitCode.FAILED,
            next_step="Cancel it, and start another with `python starter.py start`.",
        )
    token = InviteToken(
        tenant=subject.tenant,
        onboarding=subject.onboarding,
        person=glance.memo.person,
        link=glance.memo.link,
    )
    return LinkAnswer(
        onboarding_id=subject.onboarding,
        tenant=subject.tenant,
        workflow_id=subject.workflow_id,
        stage=glance.stage,
        link=token.link,
        invite_url=invite_url(settings.public_base_url, sealer.seal_invite(token)),
    )


def waited(started: StartAnswer, ended: StatusAnswer) -> WaitedAnswer:
    """Put a start and its end together."""
    return WaitedAnswer.model_validate(started.model_dump() | ended.model_dump())


def _perhaps_started(error: CommandError, subject: Subject) -> CommandError:
    if error.exit_code not in (ExitCode.AWAY, ExitCode.INTERRUPTED):
        return error
    return error.leading_to(
        f"Repeat the command with --id {subject.onboarding}: it finds the run or makes it."
    )


def _sealer(settings: StarterSettings) -> LinkSealer:
    return LinkSealer.of(load_key_file(settings.link_keys_file))


def _line(glance: OnboardingGlance) -> ListedAnswer:
    return ListedAnswer(
        onboarding_id=glance.onboarding_id,
        tenant=glance.tenant,
        workflow_id=glance.workflow_id,
        stage=glance.stage,
        person=glance.memo.person if glance.memo else None,
        hold=glance.hold,
        reason=glance.reason,
        waiting_for=glance.waiting_for,
        deadline=glance.deadline,
        started_at=glance.started_at,
        closed_at=glance.closed_at,
    )
