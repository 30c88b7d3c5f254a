"""Reads out of the simulator's ledger what one drive cost and how late the contender was."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.driving import Drive, Journey
from benchmarks.percentiles import percentile_ms
from simulator.ledger import fingerprint

Entry = Mapping[str, Any]


def figures(entries: Sequence[Entry], drive: Drive, *, upstream_url: str) -> dict[str, Any]:
    """Give calls per onboarding, effects lost or doubled, and latencies, out of a drive's entries.

    Latencies count from the planned moment to the simulator's own stamp.
    """
    calls = [entry for entry in entries if entry["kind"] == "call"]
    people = len(drive.journeys)
    counted = Counter(map(_call_name, calls))
    submissions = _submissions(entries)
    asset_of = {
        journey.visit.person: fingerprint(f"{upstream_url}/portraits/{journey.visit.person}.jpg")
        for journey in drive.journeys
    }
    by_person = {person: submissions.get(asset, []) for person, asset in asset_of.items()}
    sessions = sum(entry["name"] == "session_created" for entry in entries)
    called_after = _called_after(calls, drive.journeys)
    lags = _review_lags(calls, drive.journeys, by_person)
    return {
        "upstream_calls": len(calls) / people,
        "upstream_calls_by_name": {name: n / people for name, n in sorted(counted.items())},
        "doubled_sessions": max(0, sessions - people),
        "doubled_submissions": sum(max(0, len(sent) - 1) for sent in by_person.values()),
        "callback_to_call_p50_ms": percentile_ms(called_after, 50),
        "callback_to_call_p99_ms": percentile_ms(called_after, 99),
        "review_lag_mean_s": sum(lags) / len(lags) if lags else None,
        "review_lag_max_s": max(lags, default=None),
    }


def _call_name(call: Entry) -> str:
    kind = call["detail"].get("kind")
    return call["name"] if kind is None else f"{call['name']}/{kind}"


def _submissions(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Give what was sent by the fingerprint of its asset's URL."""
    sent = defaultdict(list)
    for entry in entries:
        if entry["name"] == "assets_submitted":
            for asset in entry["detail"]["asset_urls"]:
                sent[asset].append(entry)
    return sent


def _called_after(calls: Iterable[Entry], journeys: Iterable[Journey]) -> list[float]:
    """Give the seconds from each person's coming back to the first query of their session."""
    looks = defaultdict(list)
    for call in calls:
        if call["name"] == "query_group":
            looks[call["detail"]["token"]].append(call["at"])
    found = []
    for journey in journeys:
        planned_at = journey.back_planned_at
        if journey.token is not None and planned_at is not None:
            later = [at for at in looks[journey.token] if at >= planned_at]
            found += [min(later) - planned_at] if later else []
    return found


def _review_lags(
    calls: Iterable[Entry], journeys: Iterable[Journey], sent: Mapping[str, Sequence[Entry]]
) -> list[float]:
    """Give the seconds from each review's end to the call that was told of it."""
    looks = defaultdict(list)
    for call in calls:
        if call["name"] == "get_task":
            looks[call["task_id"]].append(call["at"])
    found = []
    for journey in journeys:
        for entry in sent[journey.visit.person][:1]:
            over_at = entry["at"] + journey.visit.review_s
            later = [at for at in looks[entry["task_id"]] if at >= over_at]
            found += [min(later) - over_at] if later else []
    return found
