"""The same story as DBOS's tutorials would tell it: `python -m benchmarks.peers.dbos_peer`."""

import asyncio
import os
import signal
import sys
from typing import Any

import httpx
from dbos import DBOS

QUEUE = "people"
READY = "dbos peer listens"
POLL_S = float(os.environ.get("POLL_INTERVAL_S", "5"))
A_MONTH_S = 30 * 86_400.0

upstream = httpx.AsyncClient(
    base_url=os.environ.get("UPSTREAM_URL", ""),
    headers={"Authorization": "Bearer sk-simulator-only"},
    limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
    timeout=30,
    trust_env=False,
)


async def told(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give the ``data`` of an answer; raises httpx.HTTPError where there is none."""
    answer = await upstream.request(method, path, json=body)
    data: dict[str, Any] = answer.raise_for_status().json()["data"]
    return data


@DBOS.step()
async def create_session(person: str) -> str:
    """Have a session made; give its task."""
    body = {"callback_url": f"https://callback.example/{person}", "project_name": "default"}
    return str((await told("POST", "/v1/seedance2/real-avatar", body))["id"])


@DBOS.step(retries_allowed=True)
async def read_session(task_id: str) -> dict[str, str]:
    """Wait until link and token of a session are there."""
    path = f"/v1/tasks/{task_id}"
    while (result := (await told("GET", path)).get("result")) is None:  # noqa: ASYNC110 - tasks tell nobody
        await asyncio.sleep(POLL_S)
    h5_link = result["h5_link"].replace("\\u0026", "&")
    return {"h5_link": h5_link, "byted_token": result["byted_token"]}


@DBOS.step(retries_allowed=True)
async def query_group(byted_token: str) -> str | None:
    """Ask once for the group of whoever passed the check."""
    body = {"byted_token": byted_token, "project_name": "default"}
    return (await told("POST", "/v1/seedance2/real-avatar", body)).get("GroupId")


@DBOS.step()
async def submit_assets(group_id: str, url: str) -> str:
    """Hand in one asset; give the task of its review."""
    body = {"group_id": group_id, "asset_type": "Image", "assets": [{"url": url, "name": "front"}]}
    return str((await told("POST", "/v1/seedance2/real-avatar", body))["id"])


@DBOS.step(retries_allowed=True)
async def read_review(task_id: str) -> bool | None:
    """Tell whether an asset is usable; None while it is under review."""
    result = (await told("GET", f"/v1/tasks/{task_id}")).get("result")
    return None if result is None else bool(result["usable_assets"])


@DBOS.workflow()
async def onboard(person: str, url: str) -> bool:
    """Lead one person from the tap to a reviewed asset."""
    await DBOS.recv_async("tap", timeout_seconds=A_MONTH_S)
    session = await read_session(await create_session(person))
    await DBOS.set_event_async("h5_link", session["h5_link"])
    await DBOS.recv_async("callback", timeout_seconds=A_MONTH_S)
    while (group_id := await query_group(session["byted_token"])) is None:
        await DBOS.sleep_async(POLL_S)
    review = await submit_assets(group_id, url)
    await DBOS.sleep_async(POLL_S)
    while (usable := await read_review(review)) is None:
        await DBOS.sleep_async(POLL_S)
    await DBOS.set_event_async("usable", usable)
    return usable


def main() -> None:
    """Run workflows until SIGTERM."""
    signal.pthread_sigmask(signal.SIG_BLOCK, stops := {signal.SIGTERM, signal.SIGINT})
    DBOS(config={"name": "peer", "system_database_url": os.environ["DATABASE_URL"]})
    DBOS.launch()
    DBOS.register_queue(QUEUE)
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    signal.sigwait(stops)
    DBOS.destroy()


if __name__ == "__main__":
    main()
