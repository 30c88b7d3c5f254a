"""What can be typed about a failure: the commands for each code, ready to be copied."""

from collections.abc import Iterable, Mapping

from commands.subjects import Clip, Subject
from likeness.failures import FailureCode
from likeness.messages.conversation import AssetStatus
from likeness.messages.onboarding import AssetKind
from likeness.stages import AssetState, Stage, WaitingFor

_GIVE_UP = "resolve {id} give_up"
_DECIDE = ("resolve {id} adopt TASK_ID{asset}", "resolve {id} resubmit", _GIVE_UP)
_REPEAT = ("resolve {id} resubmit", _GIVE_UP)
_WATCH, _CHECK = "watch {id}", "check-now {id}"
_BY_ITSELF = (_WATCH, _CHECK)
_REPLACE = "replace-assets {id} {replaced}"
_ACCEPT = "accept-partial {id}"

REMEDIES: Mapping[FailureCode, tuple[str, ...]] = {
    FailureCode.ATTEMPTS_EXHAUSTED: ("reset-attempts {id}", "cancel {id}"),
    FailureCode.H5_HOST_UNLISTED: ("resolve {id} resubmit", "link {id}"),
    FailureCode.UPSTREAM_UNAVAILABLE: _BY_ITSELF,
    FailureCode.UPSTREAM_KEY_REFUSED: _BY_ITSELF,
    FailureCode.UPSTREAM_BALANCE: _BY_ITSELF,
    FailureCode.UPSTREAM_FORBIDDEN: _BY_ITSELF,
    FailureCode.UPSTREAM_REFUSED: (*_REPEAT, "cancel {id}"),
    FailureCode.UPSTREAM_LOST_TASK: _DECIDE,
    FailureCode.SUBMISSION_UNCONFIRMED: _DECIDE,
    FailureCode.TOO_FEW_USABLE_ASSETS: (_REPLACE, _ACCEPT, "cancel {id}"),
    FailureCode.GENERATION_UNCONFIRMED: ("resolve {id} adopt TASK_ID", *_REPEAT),
    FailureCode.GENERATION_STALLED: (_CHECK, "resolve {id} adopt TASK_ID", _GIVE_UP),
    FailureCode.SPEND_LIMIT: (_CHECK, _GIVE_UP),
    FailureCode.ARCHIVE_FAILED: (_CHECK, _GIVE_UP),
    FailureCode.BUG: (*_REPEAT, "cancel {id}"),
}
"""For each code that a run holds with; ``{id}`` is the run, capitals are for the reader to fill."""

_WITHOUT_A_HOLD: Mapping[WaitingFor, tuple[str, ...]] = {
    WaitingFor.PERSON: ("link {id}",),
    WaitingFor.UPSTREAM: ("watch {id}",),
    WaitingFor.CALLER: ("cancel {id}",),
    WaitingFor.OPERATOR: ("cancel {id}",),
    WaitingFor.NOBODY: (),
}


def commands_for(
    code: FailureCode | None,
    waiting_for: WaitingFor,
    subject: Subject | Clip,
    *,
    stage: Stage = Stage.GENERATING,
    assets: Iterable[AssetStatus] = (),
) -> tuple[str, ...]:
    """Give the command lines that go on from where a run stands at ``stage``, best first."""
    templates = REMEDIES.get(code) if code is not None else None
    if templates is None:
        templates = _WITHOUT_A_HOLD[waiting_for]
    known = tuple(assets)
    vain = _vain(subject, stage, known)
    possible = (each for each in templates if each not in vain)
    return tuple(line for each in possible for line in _filled(each, subject, known))


def _vain(subject: Subject | Clip, stage: Stage, assets: tuple[AssetStatus, ...]) -> frozenset[str]:
    """Give what would be refused there."""
    found = set()
    if not any(asset.state is AssetState.USABLE for asset in assets):
        found.add(_ACCEPT)
    if stage in (Stage.INVITED, Stage.VERIFYING):
        # Of the person's check nothing can be given up but the whole, and only taps repeat it.
        found |= {_GIVE_UP, _CHECK}
    if isinstance(subject, Clip):
        found.add(_WATCH)
    return frozenset(found)


def shown(code: FailureCode) -> tuple[str, ...]:
    """Give the same for a table: no run is meant, and capitals stand for what is to be filled."""
    words = {"id": "ID", "asset": " [--asset NAME]", "replaced": "--asset NAME=URL"}
    return tuple(template.format(**words) for template in REMEDIES.get(code, ()))


def _filled(
    template: str, subject: Subject | Clip, assets: tuple[AssetStatus, ...]
) -> tuple[str, ...]:
    unknown = _names(assets, AssetState.UNKNOWN)
    refused = [_replaced(asset) for asset in assets if asset.state is AssetState.REFUSED]
    replaced = " ".join(refused or ["--asset NAME=URL"])
    # Where one alone is unknown it need not be named.
    meant = [f" --asset {name}" for name in unknown] if len(unknown) > 1 else [""]
    lines = [
        template.format(id=subject.shown, asset=one, replaced=replaced)
        for one in (meant if "{asset}" in template else [""])
    ]
    return tuple(f"python starter.py {line}" for line in lines)


def _replaced(asset: AssetStatus) -> str:
    # A picture is what starter takes for granted.
    kind = "video=" if asset.kind is AssetKind.VIDEO else ""
    return f"--asset {asset.name or 'NAME'}={kind}URL"


def _names(assets: tuple[AssetStatus, ...], state: AssetState) -> tuple[str, ...]:
    return tuple(asset.name or "NAME" for asset in assets if asset.state is state)
