"""What became of each asset: requests to submit, answers to attribute. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from likeness.asset_reasons import AssetReason, advice_on
from likeness.failures import FailureCode
from likeness.messages.conversation import AssetStatus, Failure
from likeness.messages.onboarding import MAX_ASSETS, AssetKind, AssetRequest
from likeness.messages.steps import ReviewedItem, ReviewedTask, UnfitAsset
from likeness.stages import AssetState
from likeness.steps import POLL_REVIEW


@dataclass(kw_only=True, eq=False)
class Submission:
    """The assets of one request and what is known of them.

    Review items may carry no name and come in any order, so a request of several assets can be
    attributed only by name; a request of one needs none. ``trouble`` says why the outcome is
    unknown; ``replaced`` names the refused ones whose place another file has taken.
    """

    assets: tuple[AssetRequest, ...]
    state: AssetState = AssetState.WAITING
    reason: str | None = None
    task_id: str | None = None
    items: tuple[ReviewedItem, ...] = ()
    answered: bool = False
    trouble: Failure | None = None
    replaced: frozenset[str] = frozenset()

    @property
    def kind(self) -> AssetKind:
        """Images and videos never share a request."""
        return self.assets[0].kind

    @property
    def names(self) -> frozenset[str]:
        """Give the names of its assets."""
        return frozenset(asset.name for asset in self.assets)

    def submitted(self, task_id: str) -> None:
        """Note the review task."""
        self.task_id = task_id
        self.state = AssetState.SUBMITTED
        self.trouble = None

    def refused(self, reason: str) -> None:
        """Note that the upstream took none of them."""
        self.state = AssetState.REFUSED
        self.reason = reason
        self.answered = True
        self.trouble = None

    def unknown(self, trouble: Failure) -> None:
        """Note that nobody knows whether the upstream took them."""
        self.state = AssetState.UNKNOWN
        self.trouble = trouble

    def waits_again(self) -> None:
        """Forget what was sent: it is to be sent once more."""
        self.state = AssetState.WAITING
        self.task_id = None
        self.trouble = None

    def reviewed(self, task: ReviewedTask) -> None:
        """Take the answer of the review; one without a single item refuses them all."""
        if task.lost:
            self.unknown(
                Failure.of(
                    FailureCode.UPSTREAM_LOST_TASK, step=POLL_REVIEW.name, detail=task.task_id
                )
            )
            return
        if not task.items:
            self.refused(AssetReason.UNSPECIFIED)
            return
        self.items = task.items
        self.answered = True

    def statuses(self) -> list[AssetStatus]:
        """Give one line an asset, without a name where it cannot be told which one it is."""
        return [status for status in self._all() if status.name not in self.replaced]

    def _all(self) -> list[AssetStatus]:
        if not self.items:
            return [self._line(asset.name, self.state, reason=self.reason) for asset in self.assets]
        if len(self.assets) == 1:
            return [self._reviewed_line(self.assets[0].name, self.items[0])]
        by_name = {item.name: item for item in self.items}
        if not any(asset.name in by_name for asset in self.assets):
            return [self._reviewed_line(None, item) for item in self.items]
        return [
            self._reviewed_line(asset.name, by_name[asset.name])
            if asset.name in by_name
            else self._line(asset.name, AssetState.REFUSED, reason=AssetReason.UNSPECIFIED)
            for asset in self.assets
        ]

    def _reviewed_line(self, name: str | None, item: ReviewedItem) -> AssetStatus:
        if item.usable:
            return self._line(name, AssetState.USABLE, asset_id=item.asset_id)
        reason = item.reason or AssetReason.UNSPECIFIED
        return self._line(name, AssetState.REFUSED, asset_id=item.asset_id, reason=reason)

    def _line(
        self,
        name: str | None,
        state: AssetState,
        *,
        asset_id: str | None = None,
        reason: str | None = None,
    ) -> AssetStatus:
        return AssetStatus(
            name=name,
            kind=self.kind,
            asset_id=asset_id,
            state=state,
            reason=reason,
            advice=None if reason is None else advice_on(reason),
        )


@dataclass
class AssetBook:
    """Every request of the run, and the assets' names in the caller's order.

    A file that takes the place of a refused one also takes its place in that order: a prompt
    speaks of "Image 2".
    """

    submissions: list[Submission] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, assets: Sequence[AssetRequest], per_request: int) -> "AssetBook":
        """Split the assets into requests of one kind and at most ``per_request`` each."""
        book = cls()
        book.take(assets, per_request)
        return book

    # What is still to be sent.

    def take(self, assets: Sequence[AssetRequest], per_request: int) -> None:
        """Add assets; one with the name of a refused one takes its place."""
        names = frozenset(asset.name for asset in assets)
        for submission in self.submissions:
            submission.replaced |= names & submission.names
        self.order += [asset.name for asset in assets if asset.name not in self.order]
        for kind in AssetKind:
            same = [asset for asset in assets if asset.kind is kind]
            self.submissions += [
                Submission(assets=tuple(same[start : start + per_request]))
                for start in range(0, len(same), per_request)
            ]

    def misfit(self, assets: Sequence[AssetRequest]) -> str | None:
        """Say why these assets cannot be taken in, None when they can.

        Names are the caller's own words, so the sentence tells a place in the order instead.
        """
        names = [asset.name for asset in assets]
        if len(set(names)) != len(names):
            return "Every new asset needs a name of its own."
        if len({*self.order, *names}) > MAX_ASSETS:
            return f"There may be at most {MAX_ASSETS} assets in all."
        refused = {s.name for s in self.statuses() if s.state is AssetState.REFUSED}
        for place, name in enumerate(names, start=1):
            if name in self.order and name not in refused:
                return (
                    f"New asset {place} has the name of an asset that is not known to be refused; "
                    "give it another name."
                )
        return None

    def split(self, submission: Submission) -> list[Submission]:
        """Make requests of one asset each out of a request of several."""
        singles = [Submission(assets=(asset,)) for asset in submission.assets]
        self._put(singles, instead_of=submission)
        return singles

    def set_aside(self, submission: Submission, unfit: Sequence[UnfitAsset]) -> None:
        """Refuse what was never sent, so that the request holds only what was."""
        reasons = {asset.name: asset.reason for asset in unfit}
        aside = [Submission(assets=(a,)) for a in submission.assets if a.name in reasons]
        for each in aside:
            each.refused(reasons[each.assets[0].name])
        submission.assets = tuple(a for a in submission.assets if a.name not in reasons)
        sent = [submission] if submission.assets else []
        self._put([*sent, *aside], instead_of=submission)

    def _put(self, submissions: list[Submission], *, instead_of: Submission) -> None:
        at = self.submissions.index(instead_of)
        self.submissions[at : at + 1] = submissions

    # Where each request stands.

    def waiting(self) -> list[Submission]:
        """Give the requests that are still to be sent."""
        return [s for s in self.submissions if s.state is AssetState.WAITING]

    def watched(self) -> list[Submission]:
        """Give the requests whose review is still without an answer."""
        return [s for s in self.unanswered() if s.state is AssetState.SUBMITTED]

    def unknown(self) -> list[Submission]:
        """Give the requests of which somebody must decide what they came to."""
        return [s for s in self.submissions if s.state is AssetState.UNKNOWN]

    def unanswered(self) -> list[Submission]:
        """Give the requests of which nobody knows the outcome."""
        return [s for s in self.submissions if not s.answered]

    def in_review(self) -> tuple[str, ...]:
        """Give the review tasks still without an answer."""
        return tuple(s.task_id for s in self.watched() if s.task_id is not None)

    def is_anothers(self, task_id: str | None, submission: Submission) -> bool:
        """Tell whether a request beside ``submission`` is or was watched by this task."""
        return any(s.task_id == task_id for s in self.submissions if s is not submission)

    def reviewed(self, tasks: Sequence[ReviewedTask]) -> None:
        """Take the answers of finished review tasks."""
        by_id = {task.task_id: task for task in tasks}
        for submission in self.watched():
            if submission.task_id in by_id:
                submission.reviewed(by_id[submission.task_id])

    # What came of them.

    def statuses(self) -> tuple[AssetStatus, ...]:
        """Give one line an asset, images first."""
        return tuple(status for _, status in self._lines())

    def usable(self, kind: AssetKind) -> tuple[str, ...]:
        """Give the usable assets of ``kind`` as ``asset://`` references."""
        return tuple(
            f"asset://{status.asset_id}"
            for submission, status in self._lines()
            if submission.kind is kind and status.state is AssetState.USABLE
        )

    def usable_count(self) -> int:
        """Count what passed the review."""
        return sum(len(self.usable(kind)) for kind in AssetKind)

    def _lines(self) -> list[tuple[Submission, AssetStatus]]:
        kinds = list(AssetKind)
        lines = [(s, status) for s in self.submissions for status in s.statuses()]
        return sorted(lines, key=lambda line: (kinds.index(line[0].kind), self._place(*line)))

    def _place(self, submission: Submission, status: AssetStatus) -> int:
        return self.order.index(status.name or submission.assets[0].name)
