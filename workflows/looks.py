"""The few looks at the upstream that prove whether a person has passed a check."""

from collections.abc import Callable
from typing import Any

from temporalio import workflow

from likeness.messages.onboarding import OnboardingPolicy
from likeness.messages.steps import (
    GroupLooked,
    LooksSent,
    LookVerdict,
    QueryGroup,
    SessionCreated,
)
from likeness.stages import AttemptState
from likeness.steps import QUERY_GROUP
from likeness.summaries import Summary
from workflows.account_hold import AccountHold
from workflows.attempts import Attempt, Cause
from workflows.performing import (
    PERSON_POST_TIMEOUT_S,
    StepFailedError,
    asking,
    looking,
    perform,
)
from workflows.persisting import OF_THE_ACCOUNT


class Looks:
    """Looks at every session that was handed out; the first one that has passed tells the group.

    ``hold`` shows who must act on a look that was refused, and tells whether it still matters.
    """

    def __init__(
        self,
        policy: OnboardingPolicy,
        account: AccountHold,
        *,
        queue: str,
        hold: Callable[[StepFailedError], bool],
    ) -> None:
        self.group_id: str | None = None
        self.project_name = ""
        self._policy = policy
        self._account = account
        self._queue = queue
        self._hold = hold

    async def to_the_end(self, attempt: Attempt, session: SessionCreated) -> None:
        """Look whenever there is a cause, until the attempt has passed or cannot pass any more."""
        while attempt.is_open and self.group_id is None:
            cause = await self._cause_to_look(attempt)
            if cause is None:
                attempt.state = AttemptState.NOT_PASSED
            elif self.group_id is None:
                await self._look(attempt, session, cause)

    async def _cause_to_look(self, attempt: Attempt) -> Cause | None:
        """Wait for a callback, a word of the person or a timed look; None when all are over."""
        while (cause := attempt.take_cause(workflow.time())) is None:
            due = attempt.next_timed()
            if due is None or self.group_id is not None:
                return None
            await self._caused_or_due(attempt, due)
        return cause

    async def _caused_or_due(self, attempt: Attempt, due: float) -> None:
        def is_caused() -> bool:
            return attempt.has_cause() or self.group_id is not None

        left = due - workflow.time()
        if left <= 0 or is_caused():
            return
        try:
            await workflow.wait_condition(
                is_caused, timeout=left, timeout_summary=Summary.NEXT_LOOK
            )
        except TimeoutError:
            return

    async def _look(self, attempt: Attempt, session: SessionCreated, cause: Cause) -> None:
        delays = attempt.delays_for(cause)
        while delays and attempt.is_open and self.group_id is None:
            if not await self._account_lets_look(attempt):
                attempt.unasked = True
                break
            attempt.checking = cause in (Cause.CALLBACK, Cause.FINISHED)
            try:
                looked = await self._looked(attempt, session, cause, delays)
            except StepFailedError as failed:
                delays = self._delays_left(attempt, failed, cause, delays)
                continue
            attempt.looks += looked.looks
            attempt.query_task_id = looked.task_id
            self._learn(attempt, session, looked)
            break
        attempt.checking = False

    async def _account_lets_look(self, attempt: Attempt) -> bool:
        """Wait while the account is refused, for as long as the attempt's token lives."""
        if self._account.failure is not None:
            attempt.checking = False
        token_end = attempt.opened_at + self._policy.token_ttl_s
        return await self._account.is_over(within_s=token_end - workflow.time())

    async def _looked(
        self,
        attempt: Attempt,
        session: SessionCreated,
        cause: Cause,
        delays: tuple[float, ...],
    ) -> GroupLooked:
        post_timeout_s = min(self._policy.post_timeout_s, PERSON_POST_TIMEOUT_S)
        question = QueryGroup(
            byted_token=session.byted_token,
            project_name=session.project_name,
            post_timeout_s=post_timeout_s,
            delays_s=delays,
            max_looks=attempt.room,
            task_id=attempt.query_task_id,
        )
        patience = looking(post_timeout_s, delays)
        if cause is Cause.POLL:
            until = attempt.opened_at + self._policy.token_ttl_s
            question = question.model_copy(
                update={"every_s": self._policy.poll_interval_s, "until": until}
            )
            patience = asking()
        return await perform(
            QUERY_GROUP, question, on=self._queue, patience=patience, summary=cause.summary
        )

    def _delays_left(
        self,
        attempt: Attempt,
        failed: StepFailedError,
        cause: Cause,
        delays: tuple[float, ...],
    ) -> tuple[float, ...]:
        """Count what a failed step has asked, and give the looks that are still to be taken.

        One that was lost may have sent one more look since its last word, and that one's resend.
        """
        sent = _last_word(failed.heartbeat)
        if not failed.lost:
            attempt.looks += sent.looks
            again = self._hold(failed) and failed.code in OF_THE_ACCOUNT
            return attempt.delays_for(cause) if again else ()
        attempt.looks = min(attempt.looks + sent.looks + 2, self._policy.max_looks)
        left = delays[sent.delays_done + 1 :][: attempt.room]
        return tuple(delay - delays[0] for delay in left)

    def _learn(self, attempt: Attempt, session: SessionCreated, looked: GroupLooked) -> None:
        if looked.verdict is LookVerdict.VERIFIED and looked.group_id and self.group_id is None:
            attempt.state = AttemptState.VERIFIED
            self.group_id = looked.group_id
            self.project_name = session.project_name
        elif looked.verdict is LookVerdict.DEAD:
            attempt.state = AttemptState.NOT_PASSED


def _last_word(heartbeat: Any) -> LooksSent:  # noqa: ANN401  # plain JSON from a lost worker
    return LooksSent.model_validate(heartbeat) if isinstance(heartbeat, dict) else LooksSent()
