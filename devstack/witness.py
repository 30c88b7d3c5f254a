"""Sees what really happened: the simulator's ledger and the event histories, no process's word."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from devstack.histories import events_of

TIMEOUT_S = 10.0


class Witness:
    """Reads the ledger of a simulator and the histories of a namespace; needs no key."""

    def __init__(self, *, simulator_url: str, temporal_address: str, namespace: str) -> None:
        # Without the environment: a proxy of the user's must not see what happens on loopback.
        self._http = httpx.Client(base_url=simulator_url, timeout=TIMEOUT_S, trust_env=False)
        self._temporal_address = temporal_address
        self._namespace = namespace

    def ledger(self) -> list[dict[str, Any]]:
        """Return every call, effect and act of the person, oldest first."""
        answer = self._http.get("/_sim/ledger").raise_for_status()
        entries: list[dict[str, Any]] = answer.json()["entries"]
        return entries

    def counts(self, kind: str | None = None) -> dict[str, int]:
        """Return how often each name occurs, of all entries or of one kind (``call``, ...)."""
        return dict(Counter(e["name"] for e in self.ledger() if kind in (None, e["kind"])))

    def change_scenario(self, fields: Mapping[str, object]) -> None:
        """Change single fields of the simulator's scenario."""
        self._http.put("/_sim/scenario", json=dict(fields)).raise_for_status()

    def events(self, workflow_id: str) -> list[HistoryEvent]:
        """Return the events of a workflow's latest run."""

        async def ask() -> list[HistoryEvent]:
            client = await Client.connect(self._temporal_address, namespace=self._namespace)
            return await events_of(client, workflow_id)

        return asyncio.run(ask())
