"""Makes a run known that was started without our own client: describe, lists and pages read it."""

from temporalio import workflow

from likeness import search
from likeness.messages.onboarding import OnboardingRequest, RunMemo
from likeness.temporal.attributes import STAGE
from workflows.showing import show
from workflows.standing import Standing


def introduce(request: OnboardingRequest, standing: Standing, *, due: float, link: int) -> None:
    """Write memo and search attributes where the start has brought none.

    Another language's client or a parent workflow brings none; that costs two events and an
    action, and a run of our own client nothing.
    """
    started = workflow.info()
    if search.MEMO not in started.raw_memo:
        workflow.upsert_memo({search.MEMO: RunMemo.of(request, link=link)})
    if started.typed_search_attributes.get(STAGE) is None:
        show(standing.stage, standing.waiting_for, deadline=due)
