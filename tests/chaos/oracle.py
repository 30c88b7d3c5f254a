"""Holds a run at rest against the invariants and says in words which are broken. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from likeness import names
from likeness.failures import FAILURES, Actor
from likeness.messages.conversation import Failure
from likeness.stages import Hold, QueryPolicy, VideoState, WaitingFor
from simulator.ledger import Entry, EntryKind
from tests.chaos.evidence import Evidence

MOST_EVENTS = 2000
MOST_SIGNALS = 100
LARGEST_PAYLOAD = 256 * 1024
MOST_SENDS = 3
"""So often one paid order may leave where its key is proven to be honoured."""

CLOCKS_APART_S = 0.05
"""Ledger and server read one machine's clock, the server's in whole milliseconds."""

UNKNOWN_ANSWERS = {"cut", "client_gone", None, 200, 500, 502}
"""How a call of the paid route may be answered so that nobody knows whether it was taken: the
last three may be a spoilt answer after the effect."""

WAITED_FOR = {
    Hold.NEEDS_ASSETS: WaitingFor.CALLER,
    Hold.NEEDS_DECISION: WaitingFor.OPERATOR,
    Hold.NEEDS_OPERATOR: WaitingFor.OPERATOR,
}


class Broken(NamedTuple):
    """One broken invariant, in words."""

    invariant: str
    words: str


def broken(evidence: Evidence) -> list[Broken]:
    """Return everything that must not be; empty where all holds."""
    return [Broken(name, words) for name, check in _CHECKS.items() for words in check(evidence)]


def _nothing_lost(evidence: Evidence) -> Iterator[str]:
    status = evidence.status
    if status is None:
        yield "the run tells nothing of itself"
        return
    if status.stage.is_end:
        if status.hold is not None or status.waiting_for is not WaitingFor.NOBODY:
            yield f"ended as {status.stage}, but still waits ({status.hold}, {status.waiting_for})"
        if evidence.onboarding is not None and evidence.onboarding.is_open:
            yield f"ended as {status.stage}, but its history is open"
    elif status.hold is None:
        yield f"neither at an end nor held: {status.stage}, waiting for {status.waiting_for}"
    else:
        yield from _declared(status.hold, status.failure, status.waiting_for)
    if evidence.stands_on_for is not None:
        yield f"still held for {evidence.stands_on_for}, though the upstream is well again"
    yield from _lost_callbacks(evidence)


def _declared(hold: Hold, failure: Failure | None, waiting_for: WaitingFor) -> Iterator[str]:
    if waiting_for is not WAITED_FOR[hold]:
        yield f"{hold} waits for {waiting_for} instead of {WAITED_FOR[hold]}"
    if failure is not None and FAILURES[failure.code].hold not in (hold, None):
        yield f"{hold} for {failure.code}, which holds as {FAILURES[failure.code].hold}"


def _lost_callbacks(evidence: Evidence) -> Iterator[str]:
    told = evidence.onboarding.told if evidence.onboarding else ()
    known = sum(each.name == f"signal:{names.VERIFICATION_CALLBACK}" for each in told)
    if known < evidence.callbacks_received:
        yield f"{evidence.callbacks_received} callbacks received, {known} in the history"


def _nothing_charged_twice(evidence: Evidence) -> Iterator[str]:
    charged = _count(evidence, "video_charged")
    if charged > 1 + evidence.resubmitted:
        yield f"{charged} paid effects, {evidence.resubmitted} orders to send again"
    submitted = sum(
        len(_list(entry.detail.get("asset_ids")))
        for entry in _effects(evidence, "assets_submitted")
    )
    allowed = evidence.assets * (1 + evidence.resubmitted) + evidence.replaced
    if submitted > allowed:
        yield f"{submitted} assets at the upstream, {allowed} were to be sent"
    calls = _calls(evidence, "generate_video")
    yield from _bodies(calls)
    unknown = sum(_is_unknown(call) for call in calls[:-1])
    again = MOST_SENDS - 1 if evidence.proven else 0
    if unknown > (1 + again) * evidence.resubmitted + again:
        yield f"{unknown} paid orders of unknown outcome were followed by another one"


def _bodies(calls: list[Entry]) -> Iterator[str]:
    by_key: defaultdict[object, set[object]] = defaultdict(set)
    for call in calls:
        by_key[call.detail.get("idempotency_key")].add(call.detail.get("body"))
    for key, bodies in by_key.items():
        if key is None:
            yield "a paid order went out without an idempotency key"
        elif len(bodies) > 1:
            yield f"{len(bodies)} different bodies under one idempotency key"


def _is_unknown(call: Entry) -> bool:
    return call.detail.get("answer") in UNKNOWN_ANSWERS


def _no_identity_swap(evidence: Evidence) -> Iterator[str]:
    own = {
        entry.detail.get("group_id")
        for entry in _effects(evidence, "group_made")
        if entry.detail.get("token") not in evidence.foreign_tokens
    }
    used = {call.detail.get("group_id") for call in _calls(evidence, "submit_assets")}
    if strange := used - own:
        yield f"assets sent to {len(strange)} groups that are not this person's"
    status = evidence.status
    if status is not None and status.group_id is not None and status.group_id not in own:
        yield "the run took a group that is not this person's"
    if len(used) > 1:
        yield f"assets sent to {len(used)} groups"
    asked = {call.detail.get("token") for call in _calls(evidence, "query_group")}
    if asked & evidence.foreign_tokens:
        yield "somebody else's token was looked up"


def _frugal_looks(evidence: Evidence) -> Iterator[str]:
    if evidence.policy.query_policy is not QueryPolicy.FRUGAL:
        return
    sessions = [
        entry
        for entry in _effects(evidence, "session_created")
        if entry.detail.get("token") not in evidence.foreign_tokens
    ]
    looks: defaultdict[object, list[float]] = defaultdict(list)
    for call in _calls(evidence, "query_group"):
        looks[call.detail.get("token")].append(call.at)
    for session in sessions:
        found = looks[session.detail.get("token")]
        if len(found) > evidence.policy.max_looks:
            yield f"{len(found)} looks at one attempt"
        yield from _uncaused(evidence, session, found)


def _uncaused(evidence: Evidence, session: Entry, looks: list[float]) -> Iterator[str]:
    """Tell looks before any cause, and more of them than all causes together explain."""
    told = evidence.onboarding.told if evidence.onboarding else ()
    words = {f"signal:{names.VERIFICATION_CALLBACK}", names.FINISHED, names.CHECK_NOW}
    causes = sorted(each.at for each in told if each.name in words)
    policy = evidence.policy
    timed = session.at + min(policy.link_ttl_s + policy.scan_grace_s, policy.token_ttl_s)
    first_cause = min([*causes, timed]) - CLOCKS_APART_S
    early = sum(at < first_cause for at in looks)
    if early:
        yield f"{early} looks before anything gave a reason"
    # One callback an attempt counts; a look may be sent again once.
    most = 2 * (2 + (len(policy.look_delays_s) if causes else 0) + len(causes))
    if len(looks) > most:
        yield f"{len(looks)} looks for {len(causes)} causes and two timed ones"


def _clear_error(evidence: Evidence) -> Iterator[str]:
    status = evidence.status
    if status is None:
        return
    if evidence.onboarding is not None and evidence.onboarding.ended_as not in (
        "completed",
        "running",
    ):
        yield f"the workflow {evidence.onboarding.ended_as} instead of telling an end"
    is_bad_end = status.stage.is_end and status.stage != "completed"
    if (is_bad_end or status.hold is not None) and status.failure is None:
        yield f"{status.hold or status.stage} without a failure that says why"
    if status.failure is not None:
        yield from _unclear(status.failure)
    video = status.video
    if video is not None and video.state in (VideoState.FAILED, VideoState.CANCELED):
        if video.failure is None:
            yield f"a video {video.state} without a failure that says why"
        else:
            yield from _unclear(video.failure)


def _unclear(failure: Failure) -> Iterator[str]:
    known = {actor.value for actor in Actor}
    if not failure.sentence or not failure.next_step or failure.who not in known:
        yield f"{failure.code} does not say what, who and what next"
    if failure.code == "bug":
        yield f"a failure that nobody foresaw: {failure.step} {failure.detail or ''}"


def _no_secret(evidence: Evidence) -> Iterator[str]:
    yield from evidence.leaks


def _bounded(evidence: Evidence) -> Iterator[str]:
    for history in evidence.histories:
        if history.events >= MOST_EVENTS:
            yield f"{history.events} events in {history.workflow_id}"
        if history.signals >= MOST_SIGNALS:
            yield f"{history.signals} signals in {history.workflow_id}"
        if history.largest_payload >= LARGEST_PAYLOAD:
            yield f"a payload of {history.largest_payload} bytes in {history.workflow_id}"


def _consent_first(evidence: Evidence) -> Iterator[str]:
    told = evidence.onboarding.told if evidence.onboarding else ()
    consents = [each.at for each in told if each.name == names.OPEN_SESSION and each.has_consent]
    for session in _effects(evidence, "session_created"):
        if session.detail.get("token") in evidence.foreign_tokens:
            continue
        if not any(at <= session.at + CLOCKS_APART_S for at in consents):
            yield f"session {session.task_id} without an earlier consent"


def _replay_safe(evidence: Evidence) -> Iterator[str]:
    for history in evidence.histories:
        if history.replay_error is not None:
            yield f"{history.workflow_id} does not replay: {history.replay_error}"
        if history.broken_tasks:
            yield f"{history.broken_tasks} workflow tasks failed in {history.workflow_id}"


def _effects(evidence: Evidence, name: str) -> list[Entry]:
    return [e for e in evidence.entries if e.kind is EntryKind.EFFECT and e.name == name]


def _calls(evidence: Evidence, name: str) -> list[Entry]:
    return [e for e in evidence.entries if e.kind is EntryKind.CALL and e.name == name]


def _count(evidence: Evidence, name: str) -> int:
    return Counter(entry.name for entry in evidence.entries)[name]


def _list(found: object) -> list[object]:
    return found if isinstance(found, list) else []


_CHECKS: dict[str, Callable[[Evidence], Iterator[str]]] = {
    "I1": _nothing_lost,
    "I2": _nothing_charged_twice,
    "I3": _no_identity_swap,
    "I4": _frugal_looks,
    "I5": _clear_error,
    "I6": _no_secret,
    "I7": _bounded,
    "I8": _consent_first,
    "I9": _replay_safe,
}
