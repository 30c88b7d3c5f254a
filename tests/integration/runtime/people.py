"""Verified persons for tests: their own runs, steps that do nothing, and a worker for them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

from likeness import names
from likeness.ids import DEFAULT_ACCOUNT, person_workflow_id, upstream_queue
from likeness.messages.conversation import Consent, VideoStatus
from likeness.messages.onboarding import AssetKind
from likeness.messages.person import (
    ConsentReceipt,
    EraseFiles,
    FilesErased,
    KeepReceipt,
    PersonInput,
    PersonState,
    ReceiptKept,
    UsableAsset,
)
from likeness.messages.video import GenerateVideoInput
from likeness.stages import Stage, VideoState, WaitingFor
from likeness.temporal.attributes import search_attributes
from workflows.onboard_person import OnboardPerson
from workflows.person import Person

ASSET = UsableAsset(asset_id="a-1", kind=AssetKind.IMAGE, name="front")


@workflow.defn(name=names.GENERATE_VIDEO)
class MadeAtOnce:
    @workflow.run
    async def run(self, order: GenerateVideoInput) -> VideoStatus:
        return VideoStatus(
            state=VideoState.DONE, workflow_id=workflow.info().workflow_id, key=order.key
        )


@activity.defn(name="keep_receipt")
async def keep_receipt(order: KeepReceipt) -> ReceiptKept:
    return ReceiptKept(key=order.person)


@activity.defn(name="erase_files")
async def erase_files(order: EraseFiles) -> FilesErased:
    return FilesErased(count=len(order.folders) // 2 + 1)


@asynccontextmanager
async def people_served(
    client: Client, task_queue: str, *, steps: bool = True
) -> AsyncIterator[None]:
    """Serve persons' runs, and their steps unless ``steps`` are to wait."""
    activities: list[Callable[..., Any]] = [keep_receipt, erase_files]
    async with AsyncExitStack() as stack:
        story = Worker(
            client,
            task_queue=task_queue,
            workflows=[OnboardPerson, Person, MadeAtOnce],
            activities=[keep_receipt] if steps else [],
        )
        await stack.enter_async_context(story)
        if steps:
            queue = upstream_queue(task_queue, DEFAULT_ACCOUNT)
            await stack.enter_async_context(Worker(client, task_queue=queue, activities=activities))
        yield


def a_consent(onboarding: str, at: float) -> ConsentReceipt:
    consent = Consent(text_version="1", sha256="0" * 64, locale="en")
    return ConsentReceipt(onboarding=onboarding, link=1, consent=consent, consent_at=at)


async def registered(
    client: Client,
    person: str = "p-1",
    *,
    task_queue: str,
    assets: tuple[UsableAsset, ...] = (ASSET,),
) -> None:
    state = PersonState(
        tenant="default",
        person=person,
        group_id="group-9",
        assets=assets,
        receipts=(a_consent("o1", 1.0),),
        onboardings={"o1": Stage.COMPLETED},
    )
    await client.start_workflow(
        names.PERSON,
        PersonInput(state=state),
        id=person_workflow_id("default", person),
        task_queue=task_queue,
        search_attributes=search_attributes(Stage.VERIFIED, WaitingFor.NOBODY),
    )
