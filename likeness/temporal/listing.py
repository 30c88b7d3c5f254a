"""A tenant's onboardings as visibility lists them: it works with no worker up."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from temporalio.client import Client, WorkflowExecution

from likeness import names, search
from likeness.ids import onboarding_of, onboarding_workflow_id
from likeness.messages.base import Message
from likeness.stages import Hold, Stage
from likeness.temporal.glance import (
    RPC_TIMEOUT,
    STAGE_OF_END,
    OnboardingGlance,
    glance_at,
    memo_or_none,
)
from likeness.temporal.paging import Place, moment, page_of_runs

_PAGE = 100

# No run is older or younger, and a server refuses times that its own numbers cannot hold.
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(2200, 1, 1, tzinfo=UTC)


class Wanted(Message):
    """Which onboardings a list is to hold; ``started_before`` itself is not among them."""

    stage: Stage | None = None
    hold: Hold | None = None
    started_after: datetime | None = None
    started_before: datetime | None = None


class OnboardingsPage(NamedTuple):
    """A page of onboardings, and the place to go on from; None where it is the last one."""

    onboardings: list[OnboardingGlance]
    place: Place | None


async def page_of_onboardings(
    client: Client,
    tenant: str,
    wanted: Wanted,
    *,
    limit: int,
    place: Place | None = None,
    rpc_timeout: timedelta = RPC_TIMEOUT,
) -> OnboardingsPage:
    """Give a tenant's onboardings, or those that follow on ``place`` with the same ``wanted``.

    Those under way come first, the newest first; then the ended, the latest end first. The list
    lags behind the runs by moments. A memo that the client cannot decrypt is None here, so that one
    foreign run hides no others.

    Raises:
        ValueError: The tenant may not stand in an id.
        TemporalAwayError: The server did not answer.

    """
    runs, place = await page_of_runs(
        client, _query(tenant, wanted), limit=limit, place=place, rpc_timeout=rpc_timeout
    )
    ours = [run for run in runs if _is_of(tenant, run)]
    return OnboardingsPage([glance_at(run, await memo_or_none(run)) for run in ours], place)


async def list_onboardings(
    client: Client,
    tenant: str,
    *,
    stage: Stage | None = None,
    hold: Hold | None = None,
    limit: int = 100,
    rpc_timeout: timedelta = RPC_TIMEOUT,
) -> AsyncIterator[OnboardingGlance]:
    """Give a tenant's onboardings, at most ``limit``; raises as ``page_of_onboardings``."""
    wanted = Wanted(stage=stage, hold=hold)
    place: Place | None = None
    while limit > 0:
        size = min(limit, _PAGE)
        page = await page_of_onboardings(
            client, tenant, wanted, limit=size, place=place, rpc_timeout=rpc_timeout
        )
        for glance in page.onboardings:
            yield glance
        limit -= size
        place = page.place
        if place is None:
            return


def _query(tenant: str, wanted: Wanted) -> str:
    prefix = onboarding_workflow_id(tenant, "x").removesuffix("x")
    parts = [f"WorkflowType = '{names.ONBOARD_PERSON}'", f"WorkflowId STARTS_WITH '{prefix}'"]
    if wanted.stage is not None:
        parts.append(_at_stage(wanted.stage))
    if wanted.hold is not None:
        parts.append(f"{search.HOLD} = '{wanted.hold}' AND ExecutionStatus = 'Running'")
    if wanted.started_after is not None:
        parts.append(f"StartTime >= '{moment(_within_reason(wanted.started_after))}'")
    if wanted.started_before is not None:
        parts.append(f"StartTime < '{moment(_within_reason(wanted.started_before))}'")
    return " AND ".join(parts)


def _at_stage(stage: Stage) -> str:
    """Find a stage as ``glance_at`` tells it: an end from outside overrules what was said last."""
    said = f"{search.STAGE} = '{stage}'"
    by_hand = [_temporal_word(status.name) for status, end in STAGE_OF_END.items() if end is stage]
    if not stage.is_end:
        others = "', '".join(_temporal_word(status.name) for status in STAGE_OF_END)
        return f"{said} AND ExecutionStatus NOT IN ('{others}')"
    if not by_hand:
        return said
    ends = "', '".join(each for each in Stage if each.is_end)
    unsaid = f"{search.STAGE} NOT IN ('{ends}')"
    statuses = "', '".join(by_hand)
    return f"({said} OR (ExecutionStatus IN ('{statuses}') AND {unsaid}))"


def _temporal_word(name: str) -> str:
    return name.title().replace("_", "")


def _within_reason(at: datetime) -> datetime:
    return min(max(at, _FIRST), _LAST)


def _is_of(tenant: str, run: WorkflowExecution) -> bool:
    try:
        return onboarding_of(run.id)[0] == tenant
    except ValueError:
        # Somebody started one under an id of their own making.
        return False
