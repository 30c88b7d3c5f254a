"""The upstream as a sample would call it: plain httpx, errors raised, nothing else."""

from types import TracebackType
from typing import Any, Self

import httpx

AVATAR = "/v1/seedance2/real-avatar"


class Upstream:
    """The four requests of an onboarding; each raises httpx.HTTPError where there is no answer."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": "Bearer sk-simulator-only"},
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
            timeout=30,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def create_session(self, person: str) -> str:
        """Have a session made; give its task."""
        callback_url = f"https://callback.example/{person}"
        return str((await self._post(callback_url=callback_url))["id"])

    async def session(self, task_id: str) -> dict[str, str] | None:
        """Give ``h5_link`` and ``byted_token``; None while they are not there."""
        result = (await self._get(task_id)).get("result")
        if result is None:
            return None
        h5_link = result["h5_link"].replace("\\u0026", "&")
        return {"h5_link": h5_link, "byted_token": result["byted_token"]}

    async def group(self, byted_token: str) -> str | None:
        """Give the group of whoever passed the check; None before."""
        return (await self._post(byted_token=byted_token)).get("GroupId")

    async def submit(self, group_id: str, url: str) -> str:
        """Hand in one asset; give the task of its review."""
        assets = [{"url": url, "name": "portrait"}]
        return str((await self._post(group_id=group_id, asset_type="Image", assets=assets))["id"])

    async def review(self, task_id: str) -> bool | None:
        """Tell whether the asset is usable; None while it is under review."""
        result = (await self._get(task_id)).get("result")
        return None if result is None else bool(result["usable_assets"])

    async def _post(self, **body: object) -> dict[str, Any]:
        answer = await self._http.post(AVATAR, json={"project_name": "default", **body})
        data: dict[str, Any] = answer.raise_for_status().json()["data"]
        return data

    async def _get(self, task_id: str) -> dict[str, Any]:
        answer = await self._http.get(f"/v1/tasks/{task_id}")
        data: dict[str, Any] = answer.raise_for_status().json()["data"]
        return data
