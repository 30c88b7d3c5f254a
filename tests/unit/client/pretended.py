"""A pretended likeness: answers in turn, remembers what it was asked, and waits no second."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import BaseModel, SecretStr

from likeness.client import Likeness, Patience
from likeness.failures import FailureCode
from likeness.rest.onboardings import Onboarding, OnboardingCreated
from likeness.rest.problems import MEDIA_TYPE, Problem
from likeness.stages import Stage, WaitingFor

KEY = "lk_0a1b2c3d_canary-secret-of-the-key"
ASSETS = ({"name": "front", "url": "https://files.example/canary-asset.jpg"},)
CREATED = OnboardingCreated(
    onboarding_id="o-1", person="maria", invite_url="https://pages.example/i/canary-invite"
)

Answering = BaseModel | httpx.Response | Exception


def shown(stage: Stage = Stage.VERIFYING, **fields: Any) -> Onboarding:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    told = {"onboarding_id": "o-1", "waiting_for": WaitingFor.PERSON, "started_at": at} | fields
    return Onboarding(stage=stage, **told)


def problem(code: FailureCode, status: int, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = Problem.of(code, status).model_dump_json()
    return httpx.Response(status, content=body, headers={"content-type": MEDIA_TYPE, **named})


class Stream(httpx.AsyncByteStream):
    """Some bytes of a stream of events, and how it ends."""

    def __init__(self, *chunks: str, broken: Exception | None = None) -> None:
        self._chunks = chunks
        self._broken = broken

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk.encode()
        if self._broken is not None:
            raise self._broken


def told(number: int, snapshot: Onboarding) -> str:
    name = "ended" if snapshot.stage.is_end else "onboarding"
    return f"event: {name}\nid: {number}-abc\ndata: {snapshot.model_dump_json()}\n\n"


def streaming(*chunks: str, broken: Exception | None = None) -> httpx.Response:
    headers = {"content-type": "text/event-stream; charset=utf-8"}
    return httpx.Response(200, headers=headers, stream=Stream(*chunks, broken=broken))


class Pretended:
    """Answers in turn; ``waits`` are the seconds the client would have waited."""

    def __init__(self, *answers: Answering) -> None:
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, content=answer.model_dump_json())

    def client(self, base_url: str = "https://api.example", **patience: Any) -> Likeness:
        return Likeness(
            base_url,
            api_key=SecretStr(KEY),
            patience=Patience(sleep=self._sleep, **patience),
            http=httpx.AsyncClient(transport=httpx.MockTransport(self), follow_redirects=True),
        )

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    @property
    def left(self) -> int:
        return len(self._answers)

    def bodies(self) -> Sequence[Any]:
        return [json.loads(request.content) for request in self.requests]

    def asked(self) -> Sequence[str]:
        """Give method and target of each request."""
        return [f"{each.method} {each.url.raw_path.decode()}" for each in self.requests]
