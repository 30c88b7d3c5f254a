"""The task of step 3: three overlapping lists of reviewed assets, told as one."""

from pydantic import JsonValue

from apimart.fields import (
    JsonObject,
    as_object,
    as_objects,
    as_raw_response,
    code_word,
    error_word,
    first,
    identifier,
    text,
)
from apimart.models import ReviewedAsset, ReviewTask, TaskState, TaskStatus
from apimart.protocol.answers import Answer
from apimart.protocol.tasks import read_task, result_of, state_of

_SCHEME = "asset://"
_VERDICTS = {
    "active": True,
    "approved": True,
    "usable": True,
    "failed": False,
    "failure": False,
    "rejected": False,
}
_MAX_ITEMS = 64
_MAX_NAME = 64
_REASON_FIELDS = ("error_code", "reason", "fail_reason", "failure_reason")


def read_review(answer: Answer) -> ReviewTask:
    """Read a review and its items; a failed review keeps the items that passed.

    https://docs.apimart.ai/en/api-reference/videos/doubao-seedance-2-0/real-avatar shows
    `assets`, `usable_assets` and `failed_assets`, each complete in itself and each optional.

    Raises:
        ApimartError: the answer is no task.
    """
    task = read_task(answer)
    state = state_of(task)
    result = result_of(task)
    # An item without a status of its own has passed when the whole review has.
    silent = True if state.status is TaskStatus.COMPLETED else None
    listed = _items(result, "assets", silent=silent)
    sorted_out = [
        *_items(result, "usable_assets", silent=True),
        *_items(result, "failed_assets", silent=False),
    ]
    if not listed and not sorted_out:
        listed = _single_item(result, state)
    return ReviewTask(task=state, items=_merged(listed, sorted_out))


def _items(result: JsonObject, name: str, *, silent: bool | None) -> list[ReviewedAsset]:
    # A request holds 20 assets at most; what comes beyond is none of ours, and history is money.
    return [_item(item, silent) for item in as_objects(result.get(name))[:_MAX_ITEMS]]


def _single_item(result: JsonObject, state: TaskState) -> list[ReviewedAsset]:
    if first(result, "asset_id", "asset_url") is None:
        return []
    verdicts = {TaskStatus.COMPLETED: True, TaskStatus.FAILED: False}
    return [_item(result, verdicts.get(state.status))]


def _item(item: JsonObject, silent: bool | None) -> ReviewedAsset:
    raw = as_raw_response(first(item, "raw_response", "RawResponse"))
    beneath = as_object(raw.get("Result")) or raw
    asset_id, asset_url = _address(item)
    status = text(first(item, "status", "Status"))
    active = silent if status is None else _VERDICTS.get(status.lower())
    reason = _reason(item, beneath, raw) if active is not True else None
    if active and not asset_id:
        # Nothing to refer to it by: of no use to a generation, whatever its status says.
        active, reason = False, "asset_id_missing"
    return ReviewedAsset(
        asset_id=asset_id,
        asset_url=asset_url,
        name=_name(first(item, "name", "Name")) or _name(beneath.get("Name")),
        active=active,
        reason=reason,
    )


def _name(value: JsonValue) -> str | None:
    name = text(value)
    return None if name is None or len(name) > _MAX_NAME else name


def _address(item: JsonObject) -> tuple[str, str]:
    asset_id = identifier(first(item, "asset_id", "assetId", "AssetId", "id", "Id"))
    url = first(item, "asset_url", "assetUrl", "AssetUrl")
    if isinstance(url, str) and url.startswith(_SCHEME):
        in_url = identifier(url[len(_SCHEME) :])
        asset_id, in_url = asset_id or in_url, in_url or asset_id
    else:
        in_url = asset_id
    return (asset_id or "", f"{_SCHEME}{in_url}" if in_url else "")


def _reason(item: JsonObject, *beneath: JsonObject) -> str | None:
    # The page documents no reason per item; these are the places where deployments put one.
    for source in (item, *beneath):
        word = error_word(first(source, "error", "Error"))
        if word is not None:
            return word
    return next((word for name in _REASON_FIELDS if (word := code_word(item.get(name)))), None)


def _merged(
    listed: list[ReviewedAsset], sorted_out: list[ReviewedAsset]
) -> tuple[ReviewedAsset, ...]:
    """One entry per asset: known by id, else by name, else by being there at all.

    Nameless items without id cannot be matched, so of two lists the longer one is believed.
    """
    known: dict[tuple[str, str], ReviewedAsset] = {}
    for item in (*listed, *sorted_out):
        key = _key(item, known)
        if key is not None:
            known[key] = _combined(known[key], item) if key in known else item
    anonymous = max(
        (
            [item for item in items if not item.asset_id and not item.name]
            for items in (listed, sorted_out)
        ),
        key=len,
    )
    return (*known.values(), *anonymous)


def _key(
    item: ReviewedAsset, known: dict[tuple[str, str], ReviewedAsset]
) -> tuple[str, str] | None:
    if item.asset_id:
        return "id", item.asset_id
    if not item.name:
        return None
    same_name = (key for key, other in known.items() if other.name == item.name)
    return next(same_name, ("name", item.name))


def _combined(one: ReviewedAsset, other: ReviewedAsset) -> ReviewedAsset:
    # Where the lists contradict each other a refusal wins: a wrong yes would reach a video.
    verdicts = {one.active, other.active}
    active = False if False in verdicts else True if True in verdicts else None
    return ReviewedAsset(
        asset_id=one.asset_id or other.asset_id,
        asset_url=one.asset_url or other.asset_url,
        name=one.name or other.name,
        active=active,
        reason=(one.reason or other.reason) if active is not True else None,
    )
