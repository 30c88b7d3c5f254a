"""What became of each asset: requests to submit, answers to attribute. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from likeness.messages.conversation import AssetStatus
from likeness.messages.onboarding import AssetKind, AssetRequest
from likeness.messages.steps import ReviewedItem, ReviewedTask
from likeness.stages import AssetState

UNSPECIFIED = "unspecified"
"""Reason of a refusal for which the upstream gave none."""


@dataclass(kw_only=True)
class Submission:
    """The assets of one request and what is known of them.

    Review items may carry no name and come in any order, so a request of several assets can be
    attributed only by name; a request of one needs none.
    """

    assets: tuple[AssetRequest, ...]
    state: AssetState = AssetState.WAITING
    reason: str | None = None
    task_id: str | None = None
    items: tuple[ReviewedItem, ...] = ()
    answered: bool = False

    @property
    def kind(self) -> AssetKind:
        """Images and videos never share a request."""
        return self.assets[0].kind

    def submitted(self, task_id: str) -> None:
        """Note the review task."""
        self.task_id = task_id
        self.state = AssetState.SUBMITTED

    def refused(self, reason: str) -> None:
        """Note that the upstream took none of them."""
        self.state = AssetState.REFUSED
        self.reason = reason
        self.answered = True

    def unknown(self) -> None:
        """Note that nobody knows whether the upstream took them."""
        self.state = AssetState.UNKNOWN

    def reviewed(self, task: ReviewedTask) -> None:
        """Take the answer of the review; one without a single item refuses them all."""
        if task.lost:
            self.unknown()
            return
        if not task.items:
            self.refused(UNSPECIFIED)
            return
        self.items = task.items
        self.answered = True

    def statuses(self) -> list[AssetStatus]:
        """Give one line an asset, without a name where it cannot be told which one it is."""
        if not self.items:
            return [
                AssetStatus(name=asset.name, state=self.state, reason=self.reason)
                for asset in self.assets
            ]
        if len(self.assets) == 1:
            return [_status(self.assets[0].name, self.items[0])]
        by_name = {item.name: item for item in self.items}
        if not any(asset.name in by_name for asset in self.assets):
            return [_status(None, item) for item in self.items]
        return [
            _status(asset.name, by_name[asset.name])
            if asset.name in by_name
            else AssetStatus(name=asset.name, state=AssetState.REFUSED, reason=UNSPECIFIED)
            for asset in self.assets
        ]


def _status(name: str | None, item: ReviewedItem) -> AssetStatus:
    return AssetStatus(
        name=name,
        asset_id=item.asset_id,
        state=AssetState.USABLE if item.usable else AssetState.REFUSED,
        reason=None if item.usable else item.reason or UNSPECIFIED,
    )


@dataclass
class AssetBook:
    """Every request of the run; assets of a kind keep the caller's order, images come first."""

    submissions: list[Submission] = field(default_factory=list)

    @classmethod
    def of(cls, assets: Sequence[AssetRequest], per_request: int) -> "AssetBook":
        """Split the assets into requests of one kind and at most ``per_request`` each."""
        book = cls()
        for kind in AssetKind:
            same = [asset for asset in assets if asset.kind is kind]
            book.submissions += [
                Submission(assets=tuple(same[start : start + per_request]))
                for start in range(0, len(same), per_request)
            ]
        return book

    def in_review(self) -> tuple[str, ...]:
        """Give the review tasks still without an answer."""
        return tuple(
            s.task_id for s in self.submissions if s.task_id is not None and not s.answered
        )

    def reviewed(self, tasks: Sequence[ReviewedTask]) -> None:
        """Take the answers of finished review tasks."""
        by_id = {task.task_id: task for task in tasks}
        for submission in self.submissions:
            if submission.task_id in by_id:
                submission.reviewed(by_id[submission.task_id])

    def unanswered(self) -> list[Submission]:
        """Give the requests of which nobody knows the outcome."""
        return [s for s in self.submissions if not s.answered]

    def statuses(self) -> tuple[AssetStatus, ...]:
        """Give one line an asset, images first."""
        return tuple(status for s in self.submissions for status in s.statuses())

    def usable(self, kind: AssetKind) -> tuple[str, ...]:
        """Give the usable assets of ``kind`` as ``asset://`` references."""
        return tuple(
            f"asset://{status.asset_id}"
            for s in self.submissions
            if s.kind is kind
            for status in s.statuses()
            if status.state is AssetState.USABLE
        )

    def usable_count(self) -> int:
        """Count what passed the review."""
        return sum(len(self.usable(kind)) for kind in AssetKind)
