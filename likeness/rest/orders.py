"""What may be ordered of a running onboarding: the bodies of its verbs."""

from typing import Self

from pydantic import Field, model_validator

from likeness.messages.base import CountFromOne, Order
from likeness.messages.conversation import Resolution
from likeness.messages.onboarding import MAX_ASSETS, MAX_DEADLINE_S, AssetRequest


class WithReason(Order):
    """Body of the verbs that need no more than a reason, which the log of orders keeps."""

    reason: str = Field(default="", max_length=500)


class ReplaceAssetsOrder(WithReason):
    """Body of ``replace_assets``: one that bears a refused asset's name takes its place."""

    assets: tuple[AssetRequest, ...] = Field(min_length=1, max_length=MAX_ASSETS)


class ExtendDeadlineOrder(WithReason):
    """Body of ``extend_deadline``: by so many seconds."""

    by_s: float = Field(strict=True, gt=0, le=MAX_DEADLINE_S)


class ResolveOrder(WithReason):
    """Body of ``resolve``; ``task_id`` goes with ``adopt`` and with nothing else."""

    resolution: Resolution
    task_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.:-]{1,200}$")
    asset: str | None = Field(default=None, max_length=64)

    @model_validator(mode="after")
    def _adopts_a_task(self) -> Self:
        if (self.resolution is Resolution.ADOPT) != (self.task_id is not None):
            raise ValueError("adopt names the upstream's task id, and nothing else does")
        return self


class RedriveOrder(WithReason):
    """Body of ``redrive``: one event by its id, or those since a sequence; all undelivered else."""

    event_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    since_sequence: CountFromOne | None = None

    @model_validator(mode="after")
    def _says_which_once(self) -> Self:
        if self.event_id is not None and self.since_sequence is not None:
            raise ValueError("event_id and since_sequence both say which events; give one of them")
        return self
