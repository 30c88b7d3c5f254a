"""Remember every call, effect and act of the person, and apart from them every secret."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, JsonValue


class EntryKind(StrEnum):
    """Who caused an entry: our client, the upstream itself, or the person."""

    CALL = "call"
    EFFECT = "effect"
    PERSON = "person"


class Entry(BaseModel):
    """One thing that happened. `at` is unix seconds on the simulator's clock.

    `detail["answer"]` of a call is its HTTP status, or `cut` / `client_gone`; it is absent while
    the call is under way.
    """

    model_config = ConfigDict(frozen=True)

    n: int
    at: float
    kind: EntryKind
    name: str
    task_id: str | None = None
    detail: dict[str, JsonValue] = {}


class Ledger:
    """An append-only list of entries; only a call's answer is added to it afterwards.

    `happenings` counts those that are no calls.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = list(entries)
        self.happenings = sum(entry.kind is not EntryKind.CALL for entry in self.entries)

    def note(
        self,
        kind: EntryKind,
        name: str,
        *,
        at: float,
        task_id: str | None = None,
        detail: dict[str, JsonValue] | None = None,
    ) -> int:
        """Append an entry and return its number, counted from 1."""
        number = len(self.entries) + 1
        self.happenings += kind is not EntryKind.CALL
        self.entries.append(
            Entry(n=number, at=at, kind=kind, name=name, task_id=task_id, detail=detail or {})
        )
        return number

    def answer(self, number: int, answer: int | str) -> None:
        """Add to call `number` how it was answered."""
        entry = self.entries[number - 1]
        detail = {**entry.detail, "answer": answer}
        self.entries[number - 1] = entry.model_copy(update={"detail": detail})

    def counts(self) -> dict[str, int]:
        """Return how often each name occurs."""
        return dict(Counter(entry.name for entry in self.entries))


class Vault:
    """Every secret issued or received, by kind, for canary tests to grep after."""

    KINDS = (
        "byted_tokens",
        "h5_links",
        "credentials",
        "download_urls",
        "asset_urls",
        "asset_names",
        "prompts",
        "callback_urls",
        "webhook_urls",
    )

    def __init__(self) -> None:
        self.secrets: dict[str, list[str]] = {kind: [] for kind in self.KINDS}

    def keep(self, kind: str, *secrets: str) -> None:
        """Remember secrets of one kind, each once."""
        known = self.secrets[kind]
        known.extend(secret for secret in secrets if secret and secret not in known)


def fingerprint(secret: str) -> str:
    """Return the first 12 hex digits of the secret's SHA-256: enough to count by."""
    return hashlib.sha256(secret.encode()).hexdigest()[:12]
