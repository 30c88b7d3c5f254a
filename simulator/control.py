"""Steer a running simulator from tests and the demo."""

import ssl
from types import TracebackType
from typing import Any, Self

import httpx

TIMEOUT_S = 35
# Control routes are plain http on this machine; loading certificates would cost 30 ms a client.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class SimulatorControl:
    """A client of the control routes of the simulator at `base_url`.

    Every method raises httpx.HTTPStatusError where the simulator refuses, with its sentence in the
    response.
    """

    def __init__(self, base_url: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url, timeout=TIMEOUT_S, trust_env=False, verify=NO_CERTIFICATES
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ledger(self, name: str | None = None) -> list[dict[str, Any]]:
        """Return the entries, oldest first; with `name` those of that name."""
        entries = (await self._ask("GET", "ledger"))["entries"]
        return [entry for entry in entries if name in (None, entry["name"])]

    async def counts(self) -> dict[str, int]:
        """Return how often each name occurs in the ledger."""
        counts: dict[str, int] = (await self._ask("GET", "ledger"))["counts"]
        return counts

    async def secrets(self) -> dict[str, list[str]]:
        """Return every secret issued or received, by kind."""
        return await self._ask("GET", "secrets")

    async def scenario(self, name: str | None = None, **fields: object) -> dict[str, Any]:
        """Go to a named scenario, change single fields, or both; return what holds now."""
        wanted = fields if name is None else {"name": name, **fields}
        return await self._ask("PUT", "scenario", wanted)

    async def fault(self, route: str, kind: str, **fields: object) -> None:
        """Queue a fault; `fields` are those of simulator.faults.Fault."""
        await self._ask("POST", "faults", {"route": route, "kind": kind, **fields})

    async def clear_faults(self) -> None:
        """Forget all queued faults."""
        await self._ask("DELETE", "faults")

    async def hold(self, route: str, when: str = "before_effect", **fields: object) -> str:
        """Stop the next call of a route; return the hold's id."""
        asked = {"route": route, "when": when, **fields}
        hold_id: str = (await self._ask("POST", "holds", asked))["id"]
        return hold_id

    async def arrived(self, hold_id: str, *, wait_s: float = 30) -> bool:
        """Say whether a call stands at the hold, waiting at most `wait_s` (<= 30) for it."""
        told = await self._ask("GET", f"holds/{hold_id}?wait_s={wait_s}")
        return bool(told["arrived"])

    async def standing(self, hold_id: str) -> bool:
        """Say whether a call stands at the hold at this moment, neither released nor given up."""
        told = await self._ask("GET", f"holds/{hold_id}")
        return bool(told["arrived"]) and not told["released"]

    async def release(self, hold_id: str) -> None:
        """Let the held call go on."""
        await self._ask("DELETE", f"holds/{hold_id}")

    async def advance(self, seconds: float) -> None:
        """Let the simulator's clock jump."""
        await self._ask("POST", "clock", {"advance_s": seconds})

    async def reset(self) -> None:
        """Forget everything and return to the first scenario."""
        await self._ask("POST", "reset")

    async def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        response = await self._http.request(method, f"/_sim/{path}", json=body)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer
