"""What tasks of the three kinds mean, in every shape the provider's editions give them."""

import json
from pathlib import Path

import pytest
from pydantic import JsonValue, SecretStr

from apimart import BadRequest, NotFound, OutcomeUnknown, TaskStatus, Unavailable
from apimart.protocol import Answer, Effect, read_session, read_states, read_submitted, read_video

RECORDED = Path(__file__).parent / "answers"


def answer(body: JsonValue, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, json.dumps(body).encode(), received_at=1_800_000_000)


def recorded(name: str) -> Answer:
    return Answer(200, {}, (RECORDED / name).read_bytes(), received_at=1_800_000_000)


class TestSubmittedTask:
    @pytest.mark.parametrize(
        "body",
        [
            {"code": 200, "data": {"id": "task_1", "status": "completed"}},
            {"code": 200, "data": {"task_id": "task_1"}},
            {"code": 200, "data": [{"status": "submitted", "task_id": "task_1"}]},
            {"code": 200, "data": [{"id": "task_1", "object": "generation.task"}]},
            {"id": "task_1", "status": "processing"},
            {"code": "success", "data": {"taskId": "task_1"}},
        ],
    )
    def test_its_id_is_found_in_list_and_object_under_either_name(self, body: JsonValue) -> None:
        assert read_submitted(answer(body), Effect.ONCE).task_id == "task_1"

    def test_a_numeric_id_is_its_digits(self) -> None:
        assert read_submitted(answer({"data": {"id": 4711}}), Effect.ONCE).task_id == "4711"

    def test_true_is_no_id(self) -> None:
        with pytest.raises(OutcomeUnknown) as caught:
            read_submitted(answer({"data": {"id": True}}), Effect.ONCE)

        assert caught.value.code == "unreadable_answer"

    def test_the_estimate_and_the_request_id_are_kept(self) -> None:
        body: JsonValue = {"request_id": "req-1", "data": {"id": "t", "estimated_time": 90}}

        task = read_submitted(answer(body), Effect.ONCE)

        assert (task.estimated_time_s, task.request_id) == (90.0, "req-1")

    def test_an_absurd_estimate_is_none(self) -> None:
        body: JsonValue = {"data": {"id": "t", "estimated_time": -3}}

        assert read_submitted(answer(body), Effect.ONCE).estimated_time_s is None

    def test_a_replay_is_told_by_its_header(self) -> None:
        task = read_submitted(
            answer({"data": {"id": "t"}}, idempotency_replayed="true"), Effect.ONCE_PER_KEY
        )

        assert task.replayed is True

    def test_an_error_envelope_with_an_id_of_its_own_is_no_task(self) -> None:
        body: JsonValue = {"id": "req_1", "error": {"message": "no", "type": "server_error"}}

        with pytest.raises(OutcomeUnknown):
            read_submitted(answer(body), Effect.ONCE)


class TestSession:
    def test_the_documented_answer_gives_both_credentials(self) -> None:
        found = read_session(recorded("session_completed.json"))

        assert found.session is not None
        assert found.session.byted_token.get_secret_value() == "token_xxx"
        assert (
            found.session.h5_link.get_secret_value()
            == "https://h5-v2.kych5.com/?accessKeyId=AK&sessionToken=ST&lng=zh"
        )

    def test_neither_credential_shows_in_its_repr(self) -> None:
        shown = repr(read_session(recorded("session_completed.json")))

        assert "token_xxx" not in shown
        assert "kych5" not in shown

    def test_completed_without_link_is_no_session_yet(self) -> None:
        body: JsonValue = {"data": {"status": "completed", "result": {"byted_token": "t"}}}

        found = read_session(answer(body))

        assert found.task.status is TaskStatus.COMPLETED
        assert found.session is None

    @pytest.mark.parametrize(
        "result",
        [
            {"raw_response": {"Result": {"BytedToken": "tok", "H5Link": "https://h/x"}}},
            {"raw_response": '{"Result": {"BytedToken": "tok", "H5Link": "https://h/x"}}'},
            {"byted_token": "tok", "raw_response": {"H5Link": "https://h/x"}},
        ],
    )
    def test_it_is_found_beneath_the_relayed_answer(self, result: JsonValue) -> None:
        found = read_session(answer({"data": {"status": "completed", "result": result}})).session

        assert found is not None
        assert found.h5_link == SecretStr("https://h/x")

    @pytest.mark.parametrize("link", ["javascript:alert(1)", "https://h/\r\nX: y", 7, "", []])
    def test_a_link_no_browser_should_follow_is_none(self, link: JsonValue) -> None:
        result: JsonValue = {"byted_token": "tok", "h5_link": link}

        assert read_session(answer({"data": {"id": "t", "result": result}})).session is None


class TestState:
    @pytest.mark.parametrize(
        ("word", "status"),
        [
            ("completed", TaskStatus.COMPLETED),
            ("SUCCESS", TaskStatus.COMPLETED),
            ("succeeded", TaskStatus.COMPLETED),
            ("failed", TaskStatus.FAILED),
            ("failure", TaskStatus.FAILED),
            ("cancelled", TaskStatus.CANCELLED),
            ("submitted", TaskStatus.WORKING),
            ("in_progress", TaskStatus.WORKING),
            ("dancing", TaskStatus.WORKING),
            (None, TaskStatus.WORKING),
            (True, TaskStatus.WORKING),
        ],
    )
    def test_only_the_known_final_words_end_a_task(
        self, word: JsonValue, status: TaskStatus
    ) -> None:
        task = read_video(answer({"data": {"id": "t", "status": word}})).task

        assert status is task.status
        assert (status is not TaskStatus.WORKING) is task.finished

    @pytest.mark.parametrize(
        ("said", "meant"), [(55, 55.0), ("40%", 40.0), (900, 100.0), (-1, 0.0), (True, None)]
    )
    def test_progress_is_a_number_up_to_a_hundred(
        self, said: JsonValue, meant: float | None
    ) -> None:
        assert meant == read_video(answer({"data": {"id": "t", "progress": said}})).task.progress

    def test_a_task_without_envelope_is_read_too(self) -> None:
        body: JsonValue = {"id": "t", "status": "failed", "error": {"code": "task_failed"}}

        assert read_video(answer(body)).failure == "task_failed"

    @pytest.mark.parametrize(
        "body", [{}, [], None, {"code": 200, "data": None}, {"data": "soon"}, {"data": []}, 3]
    )
    def test_an_answer_without_a_task_is_asked_for_again(self, body: JsonValue) -> None:
        with pytest.raises(Unavailable) as caught:
            read_video(answer(body))

        assert caught.value.code == "unreadable_answer"


class TestVideo:
    def test_the_documented_answer_is_understood(self) -> None:
        video = read_video(recorded("video_completed.json"))

        assert video.url == SecretStr("https://cdn.example/v.mp4?sig=1&x=2")
        assert (video.expires_at, video.cost_usd, video.failure) == (1763174708.0, 1.068, None)

    @pytest.mark.parametrize(
        "result",
        [
            {"videos": [{"url": "https://c/v"}]},
            {"videos": [{"url": ["https://c/v", "https://c/w"]}]},
            {"videos": {"url": "https://c/v"}},
            {"videos": ["https://c/v"]},
            {"video_url": "https://c/v"},
            {"url": ["https://c/v"]},
        ],
    )
    def test_the_url_may_be_text_or_a_list(self, result: JsonValue) -> None:
        body: JsonValue = {"data": {"status": "completed", "result": result}}

        assert read_video(answer(body)).url == SecretStr("https://c/v")

    def test_an_old_error_on_a_completed_task_is_ignored(self) -> None:
        body: JsonValue = {
            "data": {
                "status": "completed",
                "error": {"code": 500, "message": "old"},
                "result": {"videos": [{"url": "https://c/v"}]},
            }
        }

        assert read_video(answer(body)).failure is None

    @pytest.mark.parametrize(
        ("error", "failure"),
        [
            ({"code": "task_failed", "message": "Some prompt text"}, "task_failed"),
            ({"code": 400, "type": "invalid_request_error"}, "invalid_request_error"),
            ({"code": 500}, "500"),
            ("upstream says: your prompt 'secret dance'", "failed"),
            (None, "failed"),
        ],
    )
    def test_a_failure_is_a_code_word_and_never_the_sentence(
        self, error: JsonValue, failure: str
    ) -> None:
        body: JsonValue = {"data": {"status": "failed", "error": error, "cost": 0}}

        video = read_video(answer(body))

        assert (failure, 0.0) == (video.failure, video.cost_usd)

    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            (1763174708, 1763174708.0),
            ("1763174708", 1763174708.0),
            (1763174708000, 1763174708.0),
            ("2025-11-15T02:45:08Z", 1763174708.0),
            ("tomorrow", None),
            (0, None),
            (True, None),
        ],
    )
    def test_the_expiry_is_unix_seconds(self, said: JsonValue, meant: float | None) -> None:
        result: JsonValue = {"videos": [{"url": "https://c/v", "expires_at": said}]}

        assert meant == read_video(answer({"data": {"id": "t", "result": result}})).expires_at


class TestStates:
    @pytest.mark.parametrize(
        "data",
        [
            [{"id": "a", "status": "completed"}, {"id": "b", "status": "processing"}],
            [{"task_id": "a", "status": "SUCCESS"}, {"task_id": "b", "status": "queued"}],
            {"tasks": [{"id": "a", "status": "completed"}, {"id": "b", "status": "pending"}]},
            {"a": "completed", "b": "in_progress"},
            {"a": {"status": "completed"}, "b": {"status": "submitted"}},
        ],
    )
    def test_each_task_is_told_in_whatever_shape(self, data: JsonValue) -> None:
        states = read_states(answer({"code": 200, "data": data}), ["a", "b"])

        assert {"a": TaskStatus.COMPLETED, "b": TaskStatus.WORKING} == {
            task_id: state.status for task_id, state in states.items()
        }

    def test_what_was_not_asked_for_or_has_no_status_is_left_out(self) -> None:
        data: JsonValue = [{"id": "x", "status": "failed"}, {"id": "a"}, {"id": "b", "status": 3}]

        assert {} == read_states(answer({"data": data}), ["a", "b"])

    def test_one_that_stands_alone_needs_no_list(self) -> None:
        states = read_states(answer({"data": {"id": "a", "status": "failed"}}), ["a"])

        assert [TaskStatus.FAILED] == [state.status for state in states.values()]

    def test_no_task_known_is_an_answer(self) -> None:
        assert {} == read_states(answer({"code": 200, "data": []}), ["a"])

    @pytest.mark.parametrize(
        ("status", "failure"), [(404, NotFound), (405, BadRequest), (400, BadRequest)]
    )
    def test_an_upstream_without_the_route_says_so(
        self, status: int, failure: type[Exception]
    ) -> None:
        with pytest.raises(failure):
            read_states(answer({"error": {"message": "no"}}, status), ["a"])

    @pytest.mark.parametrize("body", [{}, {"data": None}, {"data": "a"}, [], "ok"])
    def test_a_success_without_tasks_is_no_answer(self, body: JsonValue) -> None:
        with pytest.raises(Unavailable):
            read_states(answer(body), ["a"])
