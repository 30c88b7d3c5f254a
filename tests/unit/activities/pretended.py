"""An upstream in memory that answers in turn, and the words it uses."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from pydantic import JsonValue, SecretStr

from apimart import ApimartClient

KEY = "sk-canary-key-0001"
PROVIDERS_OWN_WORDS = "canary sentence of the provider"

Answer = JsonValue | httpx.Response | Exception | Callable[[], Awaitable[httpx.Response]]


class Upstream:
    """Gives its answers in turn, the last one again and again, and remembers every request."""

    def __init__(self, *answers: Answer, now: Callable[[], float] = lambda: 0.0) -> None:
        self.requests: list[httpx.Request] = []
        self.asked_at: list[float] = []
        self.on_request: Callable[[httpx.Request], None] = lambda _: None
        self._answers = list(answers)
        self._now = now

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.asked_at.append(round(self._now(), 3))
        self.on_request(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )
        if callable(answer):
            made = answer()
            assert inspect.isawaitable(made)
            return await made
        return httpx.Response(200, json=answer)

    def client(self) -> ApimartClient:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self))
        return ApimartClient(
            api_key=SecretStr(KEY),
            base_url="https://api.example",
            requests_per_second=1_000_000,
            http=http,
        )

    def posts(self) -> int:
        return sum(request.method == "POST" for request in self.requests)

    def posted_at(self) -> list[float]:
        return [
            at
            for at, request in zip(self.asked_at, self.requests, strict=True)
            if request.method == "POST"
        ]


def task(status: str = "completed", **more: Any) -> JsonValue:
    return {"code": 200, "data": {"id": "task_1", "status": status, **more}}


def refusal(status: int, word: str, **headers: str) -> httpx.Response:
    """An error as documented; its sentence is the provider's and must not be repeated."""
    error = {"code": word, "message": PROVIDERS_OWN_WORDS, "type": word}
    return httpx.Response(status, json={"error": error}, headers=headers)


def wait(seconds: int) -> httpx.Response:
    """A 429 that names a wait."""
    return refusal(429, "rate_limit_error", **{"Retry-After": str(seconds)})


NOT_CONNECTED = httpx.ConnectError("refused")
ANSWER_LOST = httpx.ReadTimeout("silence")
