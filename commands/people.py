"""Shows, lists, imports, withdraws and erases verified persons, and orders videos of them."""

from temporalio.client import Client

from commands.answers import WORKER_AWAY
from commands.asking import ask
from commands.outcomes import CommandError, ExitCode, Problem
from commands.people_answers import (
    ErasedAnswer,
    ImportedPersonAnswer,
    ListedPersonAnswer,
    OrderedVideoAnswer,
    PersonShownAnswer,
    WithdrawnAnswer,
    moment,
)
from commands.subjects import Somebody, reason_of
from likeness.messages.onboarding import VideoRequest
from likeness.messages.person import Erase, Erased, Generate
from likeness.rest.people import ImportPerson
from likeness.temporal.people import (
    describe_person,
    erase_person,
    generate_for_person,
    import_person,
    list_people,
    person_status,
    videos_of_person,
    withdraw_person,
)
from runtime.settings import StarterSettings


def show(settings: StarterSettings, somebody: Somebody) -> PersonShownAnswer:
    """Tell all that is known; with no worker what Temporal itself knows."""

    async def question(client: Client) -> PersonShownAnswer:
        glance = await describe_person(client, *somebody)
        known = PersonShownAnswer(**glance.model_dump(), details=WORKER_AWAY)
        state = await person_status(client, *somebody)
        if state is None:
            return known
        return known.knowing(state, await videos_of_person(client, state))

    return ask(settings, question)


def listed(settings: StarterSettings, tenant: str, *, limit: int) -> list[ListedPersonAnswer]:
    """List a tenant's verified persons, newest first."""

    async def question(client: Client) -> list[ListedPersonAnswer]:
        found = list_people(client, tenant, limit=limit)
        return [ListedPersonAnswer.of(glance) async for glance in found]

    return ask(settings, question)


def import_(
    settings: StarterSettings, somebody: Somebody, wanted: ImportPerson
) -> ImportedPersonAnswer:
    """Make known whom the provider verified elsewhere; saying it twice is the same as once."""

    async def question(client: Client) -> ImportedPersonAnswer:
        done = await import_person(
            client,
            somebody.tenant,
            wanted,
            task_queue=settings.task_queue,
            policy=settings.policy(),
        )
        return ImportedPersonAnswer.model_validate(done.model_dump())

    try:
        return ask(settings, question)
    except CommandError as error:
        raise _known_otherwise(error, somebody) from error


def generate(
    settings: StarterSettings, somebody: Somebody, video: VideoRequest, *, order_id: str
) -> OrderedVideoAnswer:
    """Order another video; the same ``order_id`` orders it once."""
    wanted = Generate(video=video)
    try:
        ordered = ask(
            settings,
            lambda client: generate_for_person(client, *somebody, wanted, order_id=order_id),
        )
    except CommandError as error:
        raise _perhaps_ordered(error, order_id) from error
    return OrderedVideoAnswer(
        person=somebody.person,
        tenant=somebody.tenant,
        workflow_id=somebody.workflow_id,
        number=ordered.number,
        video_workflow_id=ordered.workflow_id,
        order_id=order_id,
    )


def withdraw(settings: StarterSettings, somebody: Somebody) -> WithdrawnAnswer:
    """Take the consent back in the person's name; saying it twice is the same as once."""

    async def question(client: Client) -> WithdrawnAnswer:
        state = await withdraw_person(client, *somebody)
        return WithdrawnAnswer(
            person=somebody.person,
            tenant=somebody.tenant,
            workflow_id=somebody.workflow_id,
            withdrawn_at=moment(state.withdrawn_at or 0),
        )

    return ask(settings, question)


def erase(settings: StarterSettings, somebody: Somebody, *, reason: str) -> ErasedAnswer:
    """Delete what is held of the person, for ever."""
    order = Erase(reason=reason_of(reason))
    erased: Erased = ask(settings, lambda client: erase_person(client, *somebody, order))
    return ErasedAnswer(
        person=somebody.person,
        tenant=somebody.tenant,
        workflow_id=somebody.workflow_id,
        files_deleted=erased.files_deleted,
        remains=erased.remains,
    )


def _known_otherwise(error: CommandError, somebody: Somebody) -> CommandError:
    """Say where it shows what is known of somebody who was to be imported."""
    if error.code != Problem.DIFFERENT_REQUEST:
        return error
    return error.leading_to(f"See who that is: {somebody.command('show')}")


def _perhaps_ordered(error: CommandError, order_id: str) -> CommandError:
    """Name the id with which a repeat cannot pay twice."""
    if error.exit_code not in (ExitCode.AWAY, ExitCode.INTERRUPTED):
        return error
    return error.leading_to(
        f"Repeat the command with --id {order_id}: it finds the order or makes it."
    )
