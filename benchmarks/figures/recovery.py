"""How soon work goes on after kill -9 of the worker with many in flight, and that nothing doubles.

Three kinds are in flight: parked until their callback, asked about every five seconds (a heartbeat
timeout of 10 s), and in review (60 s). The worker is started again at once. Of those parked every
other one comes back in the moment of its death, which is the worst: a task that is handed to a
worker as it dies waits for the task's own timeout of 10 s. The others come once it is back.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from temporalio.api.history.v1 import HistoryEvent

from benchmarks.contender import RunningStore
from benchmarks.figures.house import AT_ONCE, DAY_S, PARKED, POLLED, House, Person, each_of
from benchmarks.percentiles import percentile_ms
from benchmarks.waiting import within
from likeness.steps import POLL_REVIEW
from workflows.performing import BEAT_S, asking

PEOPLE = {"parked": 100, "asked": 50, "reviewed": 50}
BACK = PARKED.model_copy(update={"look_delays_s": (0, 2, 7)})
"""Whoever comes back is looked at again where a look has met the restart, and goes on."""

UNDER_WAY_S = 4.0
SLACK_S = 1.0
CALLBACK_BOUND_S = 5.0
STICKY_S = 2.0
"""worker.py's STICKY_TIMEOUT."""

REVIEW_S = 15.0 + BEAT_S
"""Of those in review when the worker dies: over only when their step has been taken up again."""

SUBMITTED_WITHIN_S = 180.0
TOLD_WITHIN_S = 60.0
END_WITHIN_S = REVIEW_S + 180.0

Crowd = Mapping[str, Sequence[Person]]
Entry = Mapping[str, Any]


async def measure(
    store: RunningStore, directory: Path, *, people: Mapping[str, int] = PEOPLE
) -> dict[str, Any]:
    """Kill once, and let all of them come to their end."""
    async with House.opened(store, directory) as house:
        crowd = await _in_flight(house, people)
        killed_at = time.time()
        ready_after_s = await _dies_and_comes_back(house, crowd["parked"])
        await asyncio.sleep(asking().heartbeat_s or 0)
        await each_of(crowd["asked"], Person.scans)
        not_ended = await _not_ended([each for people in crowd.values() for each in people])
        looks, entries = await house.looks(), await house.upstream.ledger()
        reviews = await _reviews_taken_up(house, crowd["reviewed"])
    at_once, later = (
        [_first(looks.get(p.name, ()), p.came_back_at) for p in people]
        for people in _halves(crowd["parked"])
    )
    asked = [_first(looks.get(p.name, ()), killed_at) for p in crowd["asked"]]
    reviewed = [_first(times, killed_at) for times in reviews]
    return {
        "name": "recovery",
        "command": f"python -m benchmarks figure recovery --store {store.name}",
        "store": {"name": store.name, **store.settings},
        "target": "parked: next step <= 5 s after its signal; in a step: heartbeat + sticky + 1 s",
        "in_flight": dict(people),
        "worker_ready_after_s": ready_after_s,
        "parked_told_at_the_death": _summary(at_once, CALLBACK_BOUND_S),
        "parked_told_when_it_is_back": _summary(later, CALLBACK_BOUND_S),
        "asked": _summary(asked, (asking().heartbeat_s or 0) + STICKY_S + SLACK_S),
        "reviewed": _summary(reviewed, BEAT_S + STICKY_S + SLACK_S),
        "not_ended": not_ended,
        "effects": _effects(entries, people=sum(people.values())),
    }


async def _in_flight(house: House, people: Mapping[str, int]) -> Crowd:
    """Bring everybody to where they are when the worker dies."""
    # However long all this takes here, no link dies of it.
    await house.upstream.scenario("quick", link_ttl_s=DAY_S, token_ttl_s=DAY_S)
    parked = await house.sent_to_check("parked", people["parked"], policy=BACK)
    await each_of(parked, Person.scans)
    asked = await house.sent_to_check("asked", people["asked"], policy=POLLED)
    reviewed = await house.sent_to_check("reviewed", people["reviewed"], policy=BACK)
    await each_of(reviewed, Person.scans)
    await house.upstream.scenario(review_seconds=REVIEW_S)
    await each_of(reviewed, Person.comes_back)
    async with within(SUBMITTED_WITHIN_S, f"The assets of {len(reviewed)} people"):
        while (await house.upstream.counts()).get("assets_submitted", 0) < len(reviewed):  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.2)
    await asyncio.sleep(UNDER_WAY_S)
    await house.upstream.scenario(review_seconds=0.5)
    return {"parked": parked, "asked": asked, "reviewed": reviewed}


async def _dies_and_comes_back(house: House, parked: Sequence[Person]) -> float:
    """Kill the worker and start it at once; half of the callbacks come now, half once it is ready.

    Gives the seconds until it was ready.

    Raises:
        ProcessFailedError: It did not come up.
        DidNotComeError: Some callback was not taken.

    """
    died_at = time.monotonic()
    house.processes.kill("worker")
    at_once, later = _halves(parked)
    coming = asyncio.create_task(each_of(at_once, Person.comes_back))
    await asyncio.sleep(0)
    house.processes.child("worker").start()
    # In a thread: the callbacks are not to wait for it.
    await asyncio.to_thread(house.processes.wait_ready, "worker")
    ready_after_s = time.monotonic() - died_at
    async with within(TOLD_WITHIN_S, f"The server's word for {len(parked)} callbacks"):
        await coming
        await each_of(later, Person.comes_back)
    return ready_after_s


def _halves(people: Sequence[Person]) -> tuple[Sequence[Person], Sequence[Person]]:
    return people[::2], people[1::2]


async def _not_ended(people: Sequence[Person]) -> dict[str, str]:
    """Wait for every end; tell where those stand who did not come to one with a usable asset."""
    ends = {person: asyncio.create_task(person.ends()) for person in people}
    done, waiting = await asyncio.wait(ends.values(), timeout=END_WITHIN_S)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*ends.values(), return_exceptions=True)
    return {
        person.name: await person.stands_at()
        for person, task in ends.items()
        if task not in done or task.exception() is not None or not task.result()
    }


async def _reviews_taken_up(house: House, people: Sequence[Person]) -> list[list[float]]:
    """Give when each review's step was taken up by the worker that ended it."""
    places = asyncio.Semaphore(AT_ONCE)

    async def taken_up(person: Person) -> list[float]:
        handle = house.client.get_workflow_handle(person.workflow_id)
        async with places:
            return taken_up_at([event async for event in handle.fetch_history_events()])

    return await asyncio.gather(*map(taken_up, people))


def taken_up_at(history: Iterable[HistoryEvent]) -> list[float]:
    """Give when (unix seconds) the last attempts of a run's review steps began.

    The history keeps no other attempt, and nothing of a step that has not ended.
    """
    reviews: set[int] = set()
    began = []
    for event in history:
        scheduled = event.activity_task_scheduled_event_attributes
        if scheduled.activity_type.name == POLL_REVIEW.name:
            reviews.add(event.event_id)
        if event.activity_task_started_event_attributes.scheduled_event_id in reviews:
            began.append(event.event_time.ToMilliseconds() / 1000)
    return began


def _first(times: Iterable[float], after: float) -> float | None:
    later = [at - after for at in times if at > after]
    return min(later, default=None)


def _summary(lags_s: Sequence[float | None], bound_s: float) -> dict[str, float | None]:
    """Tell of lags; None is one that never ended, which is beyond every bound."""
    came = [lag for lag in lags_s if lag is not None]
    return {
        "count": len(lags_s),
        "p50_s": median(came) if came else None,
        "p90_s": None if (ms := percentile_ms(came, 90)) is None else ms / 1000,
        "max_s": max(came, default=None),
        "bound_s": bound_s,
        "never": len(lags_s) - len(came),
        "beyond_bound": sum(lag > bound_s for lag in came) + len(lags_s) - len(came),
    }


def _effects(entries: Sequence[Entry], *, people: int) -> dict[str, int]:
    """Count what the upstream did; more than one of a kind for a person is a defect."""
    counts = Counter(entry["name"] for entry in entries)
    groups = Counter(e["detail"]["group_id"] for e in entries if e["name"] == "assets_submitted")
    return {
        "people": people,
        "sessions": counts["session_created"],
        "submissions": counts["assets_submitted"],
        "doubled_submissions": sum(times - 1 for times in groups.values()),
        "lost": people - len(groups),
        "questions_about_many_reviews": counts["batch"],
        "questions_about_one_task": counts["get_task"],
    }
