"""A service that talks to likeness by nothing but a client made from the OpenAPI document.

It runs in the generator's environment, where neither likeness nor anything else of ours is.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from generated import AuthenticatedClient
from generated.api.default import (
    create_onboarding,
    follow_onboarding,
    get_invite_link,
    get_onboarding,
    get_video,
    list_people,
    order_video,
    replace_assets,
)
from generated.models import (
    AssetRequest,
    CreateOnboarding,
    OrderVideo,
    ReplaceAssetsOrder,
    VideoRequest,
)

PICTURES = os.environ["PICTURES"]
LIKENESS = AuthenticatedClient(
    base_url=f"{os.environ['LIKENESS_URL']}/v1",
    token=os.environ["LIKENESS_KEY"],
    raise_on_unexpected_status=True,
)
AGAIN_S = 0.5


def asset(name: str, file: str) -> AssetRequest:
    return AssetRequest(name=name, url=f"{PICTURES}/{file}.jpg")


def invite(person: str = "maria") -> dict[str, Any]:
    wish = CreateOnboarding(
        person=person, assets=[asset("front", "front"), asset("side", "refused")]
    )
    answer = create_onboarding.sync_detailed(
        client=LIKENESS, body=wish, idempotency_key="spring/maria"
    )
    told: dict[str, Any] = answer.parsed.to_dict()
    return {"http": int(answer.status_code), **told}


def until(fits: Callable[[Any], bool], ask: Callable[[], Any]) -> Any:
    while not fits(seen := ask()):
        time.sleep(AGAIN_S)
    return seen


def finish(onboarding: str) -> dict[str, Any]:
    """Give another file for the refused one, then wait for the end."""

    def shown() -> Any:
        return get_onboarding.sync(onboarding, client=LIKENESS)

    held = until(lambda it: it.hold == "needs_assets", shown)
    refused = [each.name for each in held.assets if each.state == "refused"]
    order = ReplaceAssetsOrder(assets=[asset(name, "better") for name in refused])
    replace_assets.sync(onboarding, client=LIKENESS, body=order)
    ended = until(lambda it: it.ended_at is not None, shown)
    events = follow_onboarding.sync(onboarding, client=LIKENESS)
    return {
        "refused": refused,
        "stage": str(ended.stage),
        "assets": [str(each.state) for each in ended.assets],
        "events": events.count("event: ended\n"),
    }


def link(onboarding: str) -> dict[str, Any]:
    told: dict[str, Any] = get_invite_link.sync(onboarding, client=LIKENESS).to_dict()
    return told


def film(person: str) -> dict[str, Any]:
    """Have another video made of somebody who is known by now."""
    known = list_people.sync(client=LIKENESS)
    order = OrderVideo(video=VideoRequest(prompt="She waves."))
    accepted = order_video.sync(
        person, client=LIKENESS, body=order, idempotency_key="spring/maria/sea"
    )
    video = until(
        lambda it: it.ended_at is not None,
        lambda: get_video.sync(person, accepted.number, client=LIKENESS),
    )
    return {"known": [each.person for each in known.people], "video": str(video.status.state)}


STEPS: dict[str, Callable[..., dict[str, Any]]] = {
    "invite": invite,
    "link": link,
    "finish": finish,
    "film": film,
}

if __name__ == "__main__":
    print(json.dumps(STEPS[sys.argv[1]](*sys.argv[2:])))  # noqa: T201 - the test reads it
