"""Minting a session: posted once, known to the server at once, read until link and token come."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.sessions import SessionSteps
from apimart import ApimartClient
from likeness.failures import FailureCode
from likeness.messages.steps import CreateSession, SessionCreated
from tests.unit.activities.conftest import Simulated, everything_said
from tests.unit.activities.pretended import (
    ANSWER_LOST,
    NOT_CONNECTED,
    Answer,
    Upstream,
    refusal,
    task,
    wait,
)
from tests.unit.activities.virtual_time import VirtualClock

CALLBACK = "https://likeness.example/callback/canary-callback-token"
ORDER = CreateSession(
    tenant="default",
    onboarding="o-1",
    person="p-1",
    link=1,
    attempt=1,
    post_timeout_s=15,
)
SESSION = {"byted_token": "canary-token", "h5_link": "https://h5.example/scan?key=canary-link"}
MINTED = task()
READY = task(result=SESSION)
NOT_YET = task()


def steps(client: ApimartClient, *, unlisted_host: str | None = None) -> SessionSteps:
    return SessionSteps(
        client,
        project_name="studio",
        callback_url=lambda _: CALLBACK,
        unlisted_host=lambda _: unlisted_host,
    )


class Minting:
    """Runs the step in virtual time against an upstream in memory."""

    def __init__(self, clock: VirtualClock, environment: ActivityEnvironment) -> None:
        self.clock = clock
        self.environment = environment

    def upstream(self, *answers: Answer) -> Upstream:
        return Upstream(*answers, now=lambda: self.clock.elapsed_s)

    def against(
        self, upstream: Upstream, order: CreateSession = ORDER, **given: Any
    ) -> SessionCreated:
        minting = steps(upstream.client(), **given).create_session
        return self.clock.run(self.environment.run(minting, order))

    def fails(self, upstream: Upstream, **given: Any) -> ApplicationError:
        with pytest.raises(ApplicationError) as failure:
            self.against(upstream, **given)
        assert "canary" not in everything_said(failure.value)
        assert failure.value.non_retryable
        return failure.value


@pytest.fixture
def mint(clock: VirtualClock, environment: ActivityEnvironment) -> Minting:
    return Minting(clock, environment)


class TestSession:
    async def test_it_brings_link_token_and_project(
        self, simulated: Simulated, environment: ActivityEnvironment
    ) -> None:
        created = await environment.run(steps(simulated.client).create_session, ORDER)

        assert "studio" == created.project_name
        assert [created.byted_token.get_secret_value()] == simulated.world.vault.secrets[
            "byted_tokens"
        ]
        assert created.h5_link.get_secret_value() in simulated.world.vault.secrets["h5_links"]
        assert 1 == simulated.count("session_created")

    def test_the_person_is_to_come_back_to_the_sealed_address(self, mint: Minting) -> None:
        upstream = mint.upstream(MINTED, READY)

        mint.against(upstream)

        assert {"callback_url": CALLBACK, "project_name": "studio"} == json.loads(
            upstream.requests[0].content
        )

    def test_neither_credential_shows_in_the_result(self, mint: Minting) -> None:
        created = mint.against(mint.upstream(MINTED, READY))

        assert "canary" not in f"{created!r} {created}"
        assert "canary-token" == created.byted_token.get_secret_value()


class TestTaskId:
    def test_the_first_heartbeat_is_the_task_id_and_comes_before_the_task_is_read(
        self, mint: Minting, beats: list[Any]
    ) -> None:
        upstream = mint.upstream(MINTED, READY)
        beats_at: dict[str, list[Any]] = {}

        def note(request: httpx.Request) -> None:
            beats_at.setdefault(request.method, [*beats])

        upstream.on_request = note

        mint.against(upstream)

        assert [] == beats_at["POST"]
        assert "task_1" == beats_at["GET"][0]

    def test_no_heartbeat_ever_says_anything_else(self, mint: Minting, beats: list[Any]) -> None:
        mint.against(mint.upstream(MINTED, *([NOT_YET] * 5), READY))

        assert {"task_1"} == set(beats)

    def test_a_quick_post_beats_nothing_that_could_crowd_the_task_id_out(
        self, mint: Minting, beats: list[Any]
    ) -> None:
        async def quickly() -> httpx.Response:
            await asyncio.sleep(4.9)
            assert [] == beats
            return httpx.Response(200, json=MINTED)

        mint.against(mint.upstream(quickly, READY))

        assert "task_1" == beats[0]

    def test_a_slow_post_beats_without_a_word_so_that_it_does_not_look_lost(
        self, mint: Minting, beats: list[Any]
    ) -> None:
        async def slowly() -> httpx.Response:
            await asyncio.sleep(14)
            assert [None] * 5 == beats
            return httpx.Response(200, json=MINTED)

        mint.against(mint.upstream(slowly, READY))

        assert "task_1" == beats[5]

    def test_an_interrupted_one_is_taken_up_without_a_post(
        self, mint: Minting, beats: list[Any]
    ) -> None:
        upstream = mint.upstream(READY)

        created = mint.against(upstream, ORDER.model_copy(update={"resume_task_id": "task_9"}))

        assert 0 == upstream.posts()
        assert "/v1/tasks/task_9" == upstream.requests[0].url.path
        assert "task_9" == created.task_id
        assert "task_9" == beats[0]


class TestReading:
    def test_it_is_read_until_link_and_token_are_both_there(self, mint: Minting) -> None:
        half = task(result={"byted_token": "canary-token"})
        upstream = mint.upstream(MINTED, NOT_YET, half, half, READY)

        created = mint.against(upstream)

        assert SESSION["h5_link"] == created.h5_link.get_secret_value()
        assert 5 == len(upstream.requests)

    def test_the_first_read_follows_at_once(self, mint: Minting) -> None:
        upstream = mint.upstream(MINTED, READY)

        mint.against(upstream)

        assert [0, 0] == upstream.asked_at

    @pytest.mark.parametrize(
        "hiccup",
        [
            refusal(502, "bad_gateway"),
            refusal(404, "not_found_error"),
            refusal(429, "rate_limit_error"),
            NOT_CONNECTED,
            ANSWER_LOST,
            httpx.Response(200, text="<html>"),
        ],
    )
    def test_a_read_that_goes_wrong_is_read_again(self, mint: Minting, hiccup: Answer) -> None:
        upstream = mint.upstream(MINTED, hiccup, hiccup, READY)

        assert "task_1" == mint.against(upstream).task_id
        assert 1 == upstream.posts()

    def test_a_session_without_link_is_given_up_in_time(
        self, mint: Minting, clock: VirtualClock
    ) -> None:
        failure = mint.fails(mint.upstream(MINTED, NOT_YET))

        assert FailureCode.SESSION_INCOMPLETE == failure.type
        assert 15 <= clock.elapsed_s <= ORDER.ready_within_s

    def test_a_failed_task_is_given_up_at_once_and_its_word_is_told(
        self, mint: Minting, clock: VirtualClock
    ) -> None:
        failed = task("failed", error={"code": "task_failed", "message": "canary"})

        failure = mint.fails(mint.upstream(MINTED, failed))

        assert FailureCode.SESSION_INCOMPLETE == failure.type
        assert ("task_failed",) == tuple(failure.details)
        assert 0 == clock.elapsed_s

    def test_a_key_refused_meanwhile_needs_an_operator(self, mint: Minting) -> None:
        failure = mint.fails(mint.upstream(MINTED, refusal(401, "authentication_error")))

        assert FailureCode.UPSTREAM_KEY_REFUSED == failure.type


class TestHost:
    def test_a_link_to_an_unlisted_host_is_named_and_not_handed_out(self, mint: Minting) -> None:
        failure = mint.fails(mint.upstream(MINTED, READY), unlisted_host="h5.example")

        assert FailureCode.H5_HOST_UNLISTED == failure.type
        assert ("h5.example",) == tuple(failure.details)

    def test_the_whole_link_is_judged(self, mint: Minting) -> None:
        judged: list[SecretStr] = []
        minting = SessionSteps(
            mint.upstream(MINTED, READY).client(),
            project_name="studio",
            callback_url=lambda _: CALLBACK,
            unlisted_host=judged.append,
        )

        mint.clock.run(mint.environment.run(minting.create_session, ORDER))

        assert [SESSION["h5_link"]] == [link.get_secret_value() for link in judged]


class TestPost:
    @pytest.mark.parametrize(
        "unsent",
        [
            NOT_CONNECTED,
            httpx.ConnectTimeout("slow"),
            refusal(429, "rate_limit_error"),
            refusal(503, "idempotency_unavailable"),
        ],
    )
    def test_what_surely_never_was_is_posted_again_within_a_persons_patience(
        self, mint: Minting, clock: VirtualClock, unsent: Answer
    ) -> None:
        upstream = mint.upstream(unsent, unsent, MINTED, READY)

        mint.against(upstream)

        assert 3 == upstream.posts()
        assert clock.elapsed_s <= 5

    def test_an_upstream_out_of_reach_is_said_within_five_seconds(
        self, mint: Minting, clock: VirtualClock
    ) -> None:
        failure = mint.fails(mint.upstream(NOT_CONNECTED))

        assert FailureCode.UPSTREAM_UNAVAILABLE == failure.type
        assert clock.elapsed_s <= 5

    def test_a_short_wait_asked_for_is_kept(self, mint: Minting) -> None:
        upstream = mint.upstream(wait(3), MINTED, READY)

        mint.against(upstream)

        assert [0, 3] == upstream.posted_at()

    def test_a_long_wait_asked_for_is_told_at_once(
        self, mint: Minting, clock: VirtualClock
    ) -> None:
        failure = mint.fails(mint.upstream(wait(30)))

        assert FailureCode.UPSTREAM_UNAVAILABLE == failure.type
        assert 0 == clock.elapsed_s

    @pytest.mark.parametrize(
        "lost",
        [
            ANSWER_LOST,
            httpx.ReadError("reset"),
            refusal(500, "server_error"),
            refusal(502, "bad_gateway"),
            refusal(503, "overloaded"),
            httpx.Response(200, text="<html>"),
            httpx.Response(200, json={"code": 200, "data": {}}),
        ],
    )
    def test_a_lost_answer_is_never_posted_again(self, mint: Minting, lost: Answer) -> None:
        upstream = mint.upstream(lost)

        failure = mint.fails(upstream)

        assert FailureCode.SESSION_LOST == failure.type
        assert 1 == upstream.posts()

    async def test_a_connection_cut_after_the_effect_leaves_one_session_and_no_second(
        self, simulated: Simulated, environment: ActivityEnvironment
    ) -> None:
        simulated.fault("create_session", "drop_after_effect")

        with pytest.raises(ApplicationError) as failure:
            await environment.run(steps(simulated.client).create_session, ORDER)

        assert FailureCode.SESSION_LOST == failure.value.type
        assert 1 == simulated.count("session_created")
        assert 1 == simulated.count("create_session")

    @pytest.mark.parametrize(
        ("kind", "code"),
        [
            ("401_documented", FailureCode.UPSTREAM_KEY_REFUSED),
            ("401_live", FailureCode.UPSTREAM_KEY_REFUSED),
            ("402", FailureCode.UPSTREAM_BALANCE),
            ("403", FailureCode.UPSTREAM_FORBIDDEN),
            ("400", FailureCode.UPSTREAM_REFUSED),
            ("404", FailureCode.UPSTREAM_REFUSED),
            ("500_build_request_failed", FailureCode.UPSTREAM_REFUSED),
        ],
    )
    async def test_a_refusal_is_told_by_its_code_and_not_repeated(
        self,
        simulated: Simulated,
        environment: ActivityEnvironment,
        *,
        kind: str,
        code: FailureCode,
    ) -> None:
        simulated.fault("create_session", kind)

        with pytest.raises(ApplicationError) as failure:
            await environment.run(steps(simulated.client).create_session, ORDER)

        assert code == failure.value.type
        assert failure.value.non_retryable
        assert 1 == simulated.count("create_session")
        assert 0 == simulated.count("session_created")
