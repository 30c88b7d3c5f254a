"""The provider over HTTP: sends what `protocol` builds, hands back what `protocol` reads."""

from collections.abc import Callable, Sequence
from math import isfinite
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from pydantic import SecretStr

from apimart import protocol
from apimart.errors import ApimartError, RateLimited
from apimart.limiter import Lane, RateLimiter
from apimart.models import (
    AssetToSubmit,
    AssetType,
    Balance,
    GroupAnswer,
    GroupVerdict,
    ReviewTask,
    SessionTask,
    SubmittedTask,
    TaskState,
    VideoOrder,
    VideoTask,
)
from apimart.protocol import Answer, Effect, Outgoing
from apimart.transport import Transport

if TYPE_CHECKING:
    import httpx

DEFAULT_BASE_URL = "https://api.apimart.ai"
READ_TIMEOUT_S = 15.0

_T = TypeVar("_T")


class ApimartClient:
    """All calls of the real-person flow, with one API key bound to one origin.

    Each call waits at most `timeout_s` for its turn, then up to 10 s for a connection, then
    `timeout_s` for the whole answer, and raises nothing but `ApimartError` (see `apimart.errors`),
    or `ValueError` for arguments no provider could take. Nothing is retried and nothing is logged.

    Args:
        api_key: sent as a bearer token to `base_url` only; redirects are never followed.
        base_url: https, or http to this machine; with or without `/v1` at its end.
        requests_per_second: pace of this client, see `apimart.limiter`.
        http: an httpx client to use instead of the own wire (aiohttp, which costs far less
            CPU); closing it stays the caller's affair.
    """

    def __init__(
        self,
        *,
        api_key: SecretStr,
        base_url: str = DEFAULT_BASE_URL,
        requests_per_second: float = 1.0,
        http: "httpx.AsyncClient | None" = None,
    ) -> None:
        self._transport = Transport(api_key=api_key, base_url=base_url, http=http)
        self._limiter = RateLimiter(requests_per_second)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections, unless they belong to the caller's own client."""
        await self._transport.aclose()

    @property
    def requests_per_second(self) -> float:
        """The pace of this moment; below the given one after a 429."""
        return self._limiter.requests_per_second

    async def create_session(
        self, *, callback_url: str, project_name: str, timeout_s: float
    ) -> SubmittedTask:
        """Step 1: start a verification session; its credentials come with `get_session`."""
        return await self._ask(
            protocol.create_session(callback_url=callback_url, project_name=project_name),
            lambda answer: protocol.read_submitted(answer, Effect.ONCE),
            lane=Lane.PERSON,
            timeout_s=timeout_s,
        )

    async def get_session(self, task_id: str, *, timeout_s: float = READ_TIMEOUT_S) -> SessionTask:
        """Read step 1's task; ask again while `session` is None and the task has not failed."""
        return await self._ask(
            protocol.get_task(task_id),
            protocol.read_session,
            lane=Lane.PERSON,
            timeout_s=timeout_s,
        )

    async def query_group(
        self, *, byted_token: SecretStr, project_name: str, timeout_s: float
    ) -> GroupAnswer:
        """Step 2: ask who passed. May burn the token, so ask only on a cause.

        Where the provider only starts a task, that task is read once; if that does not work, the
        answer is `pending` with its `task_id`, which `get_group` can read later at no cost.
        """
        answer = await self._ask(
            protocol.query_group(byted_token=byted_token, project_name=project_name),
            protocol.read_group,
            lane=Lane.PERSON,
            timeout_s=timeout_s,
        )
        if answer.verdict is not GroupVerdict.PENDING or answer.task_id is None:
            return answer
        try:
            return await self.get_group(answer.task_id, timeout_s=timeout_s)
        except ApimartError:
            # The question itself was answered; losing that here could cost a second one.
            return answer

    async def get_group(self, task_id: str, *, timeout_s: float = READ_TIMEOUT_S) -> GroupAnswer:
        """Read the task that step 2 started, in editions where it starts one."""
        return await self._ask(
            protocol.get_task(task_id),
            lambda answer: protocol.read_group_task(answer, task_id),
            lane=Lane.PERSON,
            timeout_s=timeout_s,
        )

    async def submit_assets(
        self,
        *,
        group_id: str,
        project_name: str,
        asset_type: AssetType,
        assets: Sequence[AssetToSubmit],
        timeout_s: float,
    ) -> SubmittedTask:
        """Step 3: submit portraits of one type for review; nothing upstream forgets a duplicate."""
        return await self._ask(
            protocol.submit_assets(
                group_id=group_id,
                project_name=project_name,
                asset_type=asset_type,
                assets=assets,
            ),
            lambda answer: protocol.read_submitted(answer, Effect.ONCE),
            lane=Lane.UPSTREAM,
            timeout_s=timeout_s,
        )

    async def get_review(self, task_id: str, *, timeout_s: float = READ_TIMEOUT_S) -> ReviewTask:
        """Read step 3's task."""
        return await self._ask(
            protocol.get_task(task_id),
            protocol.read_review,
            lane=Lane.UPSTREAM,
            timeout_s=timeout_s,
        )

    async def generate_video(
        self, *, order: VideoOrder, idempotency_key: str, timeout_s: float
    ) -> SubmittedTask:
        """Order a video, which costs money: the same job must always use the same key."""
        return await self._ask(
            protocol.generate_video(order=order, idempotency_key=idempotency_key),
            lambda answer: protocol.read_submitted(answer, Effect.ONCE_PER_KEY),
            lane=Lane.UPSTREAM,
            timeout_s=timeout_s,
        )

    async def get_video(self, task_id: str, *, timeout_s: float = READ_TIMEOUT_S) -> VideoTask:
        """Read a generation task."""
        return await self._ask(
            protocol.get_task(task_id),
            protocol.read_video,
            lane=Lane.UPSTREAM,
            timeout_s=timeout_s,
        )

    async def get_states(
        self, task_ids: Sequence[str], *, timeout_s: float = READ_TIMEOUT_S
    ) -> dict[str, TaskState]:
        """Ask in one call how 1 to 50 tasks stand, where the provider has a route for it.

        Results are not told, and a task that the provider does not know is simply absent.
        """
        return await self._ask(
            protocol.get_tasks(task_ids),
            lambda answer: protocol.read_states(answer, task_ids),
            lane=Lane.UPSTREAM,
            timeout_s=timeout_s,
        )

    async def get_balance(self, *, timeout_s: float = READ_TIMEOUT_S) -> Balance:
        """Read what is left on the key; also the cheapest check that the key works."""
        return await self._ask(
            protocol.get_balance(),
            protocol.read_balance,
            lane=Lane.UPSTREAM,
            timeout_s=timeout_s,
        )

    async def _ask(
        self,
        outgoing: Outgoing,
        read: Callable[[Answer], _T],
        *,
        lane: Lane,
        timeout_s: float,
    ) -> _T:
        if not isfinite(timeout_s) or timeout_s <= 0:
            raise ValueError("timeout_s must be a number of seconds above 0")
        await self._limiter.acquire(lane, max_wait_s=timeout_s)
        answer = await self._transport.exchange(outgoing, timeout_s)
        try:
            return read(answer)
        except RateLimited as error:
            if error.code == RateLimited.default_code:
                self._limiter.slow_down()
            raise
