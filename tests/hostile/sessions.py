"""The upstream of ``Stage``: sessions, scans and groups in memory, with a memory of every question.

It stands in the place of ``ApimartClient`` below the real steps.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from activities.sessions import SessionSteps
from apimart import (
    GroupAnswer,
    GroupVerdict,
    OutcomeUnknown,
    SessionTask,
    SubmittedTask,
    TaskState,
    TaskStatus,
    VerificationSession,
)
from likeness.messages.person import RegistryTold, TellRegistry
from likeness.messages.steps import (
    AssetsSubmitted,
    CreateSession,
    PollReview,
    ReviewedItem,
    ReviewedTask,
    ReviewFinished,
    SubmitAssets,
)
from runtime.links import CallbackToken, LinkSealer
from tests.hostile.stage import Step, run_id

LINK_TTL_S = 120
TOKEN_TTL_S = 1800
ANSWER_AFTER_S = 0.2


@dataclass(eq=False)
class Session:
    """One session: whose, and everything that was done about it; times in unix seconds.

    ``told_at`` is when link and token were handed out last: a run counts their life from then.
    """

    run: str
    callback: str
    token: str
    minted_at: float
    group: str
    told_at: float = 0.0
    scanned: bool = False
    passed: bool = False
    burnt: bool = False
    asked: list[float] = field(default_factory=list)
    causes: list[float] = field(default_factory=list)


@dataclass
class Upstream:
    """``single_use``: a question before the scan has passed burns the token."""

    now: Callable[[], float]
    sealer: LinkSealer
    single_use: bool = False
    minting_s: float = 0.0
    reading_s: float = 0.0
    answers_to_lose: int = 0
    sessions: list[Session] = field(default_factory=list)
    submitted: list[tuple[str, str]] = field(default_factory=list)

    def steps(self) -> dict[str, Step]:
        """Give the steps of an onboarding; those of the check are the real ones."""
        real = SessionSteps(
            self,  # type: ignore[arg-type]  # the four calls that they make
            project_name="default",
            callback_url=self._callback,
            unlisted_host=lambda _: None,
        )
        return {
            "create_session": real.create_session,
            "query_group": real.query_group,
            "submit_assets": self._submit,
            "poll_review": self._review,
            "tell_registry": self._tell,
        }

    def scan(self, session: Session, *, passes: bool) -> None:
        """Let somebody go through the check, once and while the link lives."""
        if not session.scanned and self.now() - session.minted_at <= LINK_TTL_S:
            session.scanned, session.passed = True, passes

    def _callback(self, order: CreateSession) -> str:
        return self.sealer.seal_callback(
            CallbackToken(
                tenant=order.tenant,
                onboarding=order.onboarding,
                person=order.person,
                link=order.link,
                attempt=order.attempt,
                minted_at=int(self.now()),
            )
        )

    # What the client is asked.

    async def create_session(self, *, callback_url: str, **_: Any) -> SubmittedTask:
        """Make a session; it exists before its task tells of it."""
        number = len(self.sessions)
        self.sessions.append(
            Session(run_id(), callback_url, f"token-{number}", self.now(), f"group-{number}")
        )
        await asyncio.sleep(self.minting_s)
        return SubmittedTask(task_id=str(number))

    async def get_session(self, task_id: str) -> SessionTask:
        """Tell link and token."""
        await asyncio.sleep(self.reading_s)
        self.sessions[int(task_id)].told_at = self.now()
        session = VerificationSession(
            byted_token=SecretStr(f"token-{task_id}"), h5_link=SecretStr("https://h5.example/")
        )
        return SessionTask(task=TaskState(status=TaskStatus.COMPLETED), session=session)

    async def query_group(self, *, byted_token: SecretStr, **_: Any) -> GroupAnswer:
        """Tell who passed, and remember that it was asked."""
        token = byted_token.get_secret_value()
        session = next(each for each in self.sessions if each.token == token)
        session.asked.append(self.now())
        passed = session.passed and not session.burnt
        session.burnt = session.burnt or (self.single_use and not passed)
        await asyncio.sleep(ANSWER_AFTER_S)
        if self.answers_to_lose:
            self.answers_to_lose -= 1
            raise OutcomeUnknown
        if passed:
            return GroupAnswer(verdict=GroupVerdict.VERIFIED, group_id=session.group)
        dead = self.single_use and session.burnt
        return GroupAnswer(verdict=GroupVerdict.DEAD if dead else GroupVerdict.PENDING)

    async def _submit(self, order: SubmitAssets) -> AssetsSubmitted:
        self.submitted.append((run_id(), order.group_id))
        return AssetsSubmitted(task_id=f"review-{len(self.submitted)}")

    async def _review(self, order: PollReview) -> ReviewFinished:
        items = (ReviewedItem(asset_id="asset-1", usable=True),)
        return ReviewFinished(
            tasks=tuple(ReviewedTask(task_id=task_id, items=items) for task_id in order.task_ids)
        )

    async def _tell(self, _: TellRegistry) -> RegistryTold:
        return RegistryTold()
