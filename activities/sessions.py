"""The steps a person waits for: minting a verification session and looking for the group."""

import asyncio
import time
from collections.abc import Callable

from pydantic import SecretStr
from temporalio import activity

from activities.outcomes import UNKNOWN, WORTH_WAITING, failed, step_failure
from activities.waiting import (
    MINT_BEAT_AFTER_S,
    asked_to_wait_s,
    beating,
    rest,
    until_sent,
)
from apimart import (
    ApimartClient,
    ApimartError,
    GroupAnswer,
    GroupVerdict,
    NotFound,
    RateLimited,
    Unavailable,
    VerificationSession,
)
from likeness.failures import FailureCode
from likeness.messages.steps import (
    CreateSession,
    GroupLooked,
    LooksSent,
    LookVerdict,
    QueryGroup,
    SessionCreated,
)
from likeness.steps import CREATE_SESSION, QUERY_GROUP

UNSENT_BUDGET_S = 5.0
"""A person is looking at the page: rather offer the tap again than wait longer."""

LOOK_BEAT_AFTER_S = 3.0
"""Later than the usual first look, which therefore costs no heartbeat."""

SESSION_POLLS_S = (0.0, 0.3, 0.7, 1.0, 2.0, 3.0)
"""Pauses between reads of the session's task; the last one repeats."""


class SessionSteps:
    """``create_session`` and ``query_group``.

    ``callback_url`` seals the address the person's browser is sent back to; ``unlisted_host``
    names the host of a link that must not be followed, or gives None.
    """

    def __init__(
        self,
        client: ApimartClient,
        *,
        project_name: str,
        callback_url: Callable[[CreateSession], str],
        unlisted_host: Callable[[SecretStr], str | None],
    ) -> None:
        self._client = client
        self._project_name = project_name
        self._callback_url = callback_url
        self._unlisted_host = unlisted_host

    @activity.defn(name=CREATE_SESSION.name)
    async def create_session(self, order: CreateSession) -> SessionCreated:
        """Post once, tell the server the task id at once, read on until link and token are there.

        Raises:
            ApplicationError: not retryable; ``session_lost``, ``session_incomplete``,
                ``h5_host_unlisted`` or what the upstream refused it for.

        """
        task_id = order.resume_task_id
        async with beating(lambda: task_id, after_s=MINT_BEAT_AFTER_S):
            task_id = task_id or await self._minted(order)
            activity.heartbeat(task_id)
            session = await self._ready(task_id, within_s=order.ready_within_s)
        if (host := self._unlisted_host(session.h5_link)) is not None:
            raise failed(FailureCode.H5_HOST_UNLISTED, detail=host)
        return SessionCreated(
            task_id=task_id,
            byted_token=session.byted_token,
            h5_link=session.h5_link,
            project_name=self._project_name,
        )

    async def _minted(self, order: CreateSession) -> str:
        callback_url = self._callback_url(order)
        try:
            task = await until_sent(
                lambda: self._client.create_session(
                    callback_url=callback_url,
                    project_name=self._project_name,
                    timeout_s=order.post_timeout_s,
                ),
                within_s=UNSENT_BUDGET_S,
            )
        except ApimartError as error:
            raise step_failure(error, unknown=FailureCode.SESSION_LOST) from error
        return task.task_id

    async def _ready(self, task_id: str, *, within_s: float) -> VerificationSession:
        give_up_at = time.monotonic() + within_s
        pauses = iter(SESSION_POLLS_S)
        asked_to_wait = 0.0
        while True:
            pause_s = max(next(pauses, SESSION_POLLS_S[-1]), asked_to_wait)
            if time.monotonic() + pause_s > give_up_at:
                raise failed(FailureCode.SESSION_INCOMPLETE)
            await asyncio.sleep(pause_s)
            try:
                answer = await self._client.get_session(task_id)
            except (Unavailable, RateLimited, NotFound) as error:
                asked_to_wait = asked_to_wait_s(error)
                continue
            except ApimartError as error:
                raise step_failure(error, unknown=FailureCode.SESSION_LOST) from error
            if answer.session is not None:
                return answer.session
            if answer.task.finished and answer.task.error_code is not None:
                raise failed(FailureCode.SESSION_INCOMPLETE, detail=answer.task.error_code)

    @activity.defn(name=QUERY_GROUP.name)
    async def query_group(self, question: QueryGroup) -> GroupLooked:
        """Look at the given delays, or every few seconds, until there is an answer or no time.

        Raises:
            ApplicationError: not retryable; only where an operator must act.

        """
        if question.every_s is not None:
            return await self._polled(question, question.every_s, question.until or 0)
        started = time.monotonic()
        sent, task_id = LooksSent(), question.task_id
        async with beating(lambda: sent, after_s=LOOK_BEAT_AFTER_S):
            for done, delay_s in enumerate(question.delays_s, start=1):
                await asyncio.sleep(max(started + delay_s - time.monotonic(), 0))
                left = question.max_looks - sent.looks
                answer, looks = await self._looked(question, task_id, left=left, sent=sent)
                sent = LooksSent(looks=sent.looks + looks, delays_done=done)
                if answer is not None:
                    task_id = answer.task_id or task_id
                    if answer.verdict is not GroupVerdict.PENDING:
                        return _looked(answer, sent.looks)
                if sent.looks >= question.max_looks and task_id is None:
                    break
        return GroupLooked(verdict=LookVerdict.PENDING, looks=sent.looks, task_id=task_id)

    async def _polled(self, question: QueryGroup, every_s: float, until: float) -> GroupLooked:
        looks, task_id = 0, question.task_id
        async with beating(lambda: None, after_s=LOOK_BEAT_AFTER_S):
            while time.time() <= until:
                sent = LooksSent(looks=looks)
                answer, further = await self._looked(question, task_id, left=1, sent=sent)
                looks += further
                if answer is not None:
                    task_id = answer.task_id or task_id
                    if answer.verdict is not GroupVerdict.PENDING:
                        return _looked(answer, looks)
                await rest(every_s)
        return GroupLooked(verdict=LookVerdict.PENDING, looks=looks, task_id=task_id)

    async def _looked(
        self, question: QueryGroup, task_id: str | None, *, left: int, sent: LooksSent
    ) -> tuple[GroupAnswer | None, int]:
        """Ask, with at most one resend of a question whose answer got lost; count what was sent.

        No answer at all is no failure: the next look comes. A refused question counts as none.
        """
        if task_id is not None:
            return await self._read(task_id, sent), 0
        looks = 0
        while looks < min(left, 2):
            looks += 1
            try:
                return await self._asked(question), looks
            except WORTH_WAITING:
                return None, looks - 1
            except UNKNOWN:
                continue
            except ApimartError as error:
                sent = sent.model_copy(update={"looks": sent.looks + looks - 1})
                raise step_failure(error, unknown=FailureCode.BUG, word=sent) from error
        return None, looks

    async def _read(self, task_id: str, sent: LooksSent) -> GroupAnswer | None:
        try:
            return await self._client.get_group(task_id)
        except (Unavailable, RateLimited, NotFound):
            return None
        except ApimartError as error:
            raise step_failure(error, unknown=FailureCode.BUG, word=sent) from error

    async def _asked(self, question: QueryGroup) -> GroupAnswer:
        return await until_sent(
            lambda: self._client.query_group(
                byted_token=question.byted_token,
                project_name=question.project_name,
                timeout_s=question.post_timeout_s,
            ),
            within_s=UNSENT_BUDGET_S,
        )


def _looked(answer: GroupAnswer, looks: int) -> GroupLooked:
    return GroupLooked(
        verdict=LookVerdict(answer.verdict.value), looks=looks, group_id=answer.group_id
    )
