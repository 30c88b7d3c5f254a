"""A video order in full and a plain one, and the steps to place it with."""

from typing import Any

from obstore.store import MemoryStore
from pydantic import SecretStr
from temporalio.client import Client

from activities.archive import Archive
from activities.downloading import Downloads
from activities.spending import SpendGuard, SpendLimits
from activities.videos import VideoSteps
from apimart import ApimartClient
from likeness.messages.steps import TriggerGeneration

ORDER = TriggerGeneration(
    prompt=SecretStr("canary prompt, Image 1 waves"),
    duration_s=5,
    resolution="720p",
    size="9:16",
    generate_audio=False,
    model="doubao-seedance-2.0-face",
    images=("asset://a", "asset://b"),
    videos=("asset://c",),
    seed=7,
    idempotency_key="k" * 64,
    post_timeout_s=45,
)
PLAIN = ORDER.model_copy(update={"images": (), "videos": (), "seed": None})
"""Needs no asset that the simulator knows."""


class NoTemporal:
    """Stands where a step has no business with Temporal."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} of the Temporal client was used")


def steps(
    client: ApimartClient,
    *,
    archive: Archive | None = None,
    temporal: Any = None,
    limits: SpendLimits | None = None,
) -> VideoSteps:
    kept: Client = temporal or NoTemporal()  # type: ignore[assignment]  # a stand-in
    return VideoSteps(
        client,
        archive=archive or Archive(MemoryStore(), Downloads()),
        temporal=kept,
        guard=SpendGuard(kept, task_queue="q", limits=limits or SpendLimits()),
    )
