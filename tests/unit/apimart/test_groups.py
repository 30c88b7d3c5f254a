"""Who passed: the group wherever it hides, and the provider's words where there is none."""

import json

import pytest
from pydantic import JsonValue

from apimart import (
    ApimartError,
    BadRequest,
    Forbidden,
    GroupVerdict,
    OutcomeUnknown,
    PaymentRequired,
    RateLimited,
    Unauthorized,
)
from apimart.protocol import Answer, read_group, read_group_task

GROUP = "group-20260331145705-abcde"


def answer(body: JsonValue, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(body).encode(), received_at=0)


class TestVerified:
    @pytest.mark.parametrize(
        "body",
        [
            {"code": 200, "data": {"GroupId": GROUP}},
            {"code": 200, "data": {"group_id": GROUP, "status": "completed"}},
            {"code": 200, "data": [{"groupId": GROUP}]},
            {"code": 200, "data": {"result": {"group_id": GROUP}}},
            {"code": 200, "data": {"Result": {"GroupId": GROUP}}},
            {"code": 200, "data": {"raw_response": {"GroupId": GROUP}}},
            {"code": 200, "data": {"raw_response": {"Result": {"GroupId": GROUP}}}},
            {"code": 200, "data": {"raw_response": json.dumps({"Result": {"GroupId": GROUP}})}},
            {"code": 200, "data": {"result": {"raw_response": {"Result": {"GroupId": GROUP}}}}},
            {"Result": {"GroupId": GROUP}},
            {"ResponseMetadata": {"RequestId": "r"}, "Result": {"GroupId": GROUP}},
            {"GroupId": GROUP},
            {"code": 200, "data": {"group_id": GROUP, "error": {"code": 500}}},
        ],
    )
    def test_the_group_is_found_wherever_it_hides(self, body: JsonValue) -> None:
        found = read_group(answer(body))

        assert (found.verdict, found.group_id) == (GroupVerdict.VERIFIED, GROUP)

    def test_a_task_can_hold_it_too(self) -> None:
        body: JsonValue = {"data": {"status": "completed", "result": {"GroupId": GROUP}}}

        assert read_group_task(answer(body), "task_1").group_id == GROUP

    def test_a_failed_task_proves_nothing(self) -> None:
        body: JsonValue = {"data": {"status": "failed", "result": {"GroupId": GROUP}}}

        found = read_group_task(answer(body), "task_1")

        assert (found.verdict, found.group_id) == (GroupVerdict.PENDING, None)

    @pytest.mark.parametrize("group_id", ["", None, True, {"x": 1}, "a b", "x" * 300])
    def test_what_is_no_id_proves_nothing(self, group_id: JsonValue) -> None:
        found = read_group(answer({"code": 200, "data": {"GroupId": group_id}}))

        assert (found.verdict, found.group_id) == (GroupVerdict.PENDING, None)


class TestPending:
    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, {}),
            (200, {"code": 200, "data": {}}),
            (200, {"code": 200, "data": None}),
            (200, {"Result": {}}),
            (200, None),
            (200, {"ResponseMetadata": {"Error": {"Code": "ValidateNotReady"}}}),
            (200, {"ResponseMetadata": {"Error": {"Code": "InvalidParameter", "Message": "?"}}}),
            (200, {"code": 404, "message": "record not found"}),
            (400, {"error": {"code": 400, "message": "verification is not completed"}}),
            (400, {"error": {"code": 400, "type": "invalid_request_error", "message": "hm"}}),
            (404, {"error": {"code": 404, "message": "not found"}}),
            (404, {"error": {"code": "ValidateNotReady"}}),
            (422, {"detail": "too early"}),
            (500, {"error": {"message": "ValidateNotReady"}}),
            (500, {"error": {"message": "认证未完成"}}),
            (400, {"error": {"message": "token expired or verification not finished"}}),
        ],
    )
    def test_not_yet_and_every_doubt_is_pending(self, status: int, body: JsonValue) -> None:
        assert read_group(answer(body, status)).verdict is GroupVerdict.PENDING

    def test_an_empty_body_is_pending(self) -> None:
        assert read_group(Answer(200, {}, b"", received_at=0)).verdict is GroupVerdict.PENDING

    def test_a_task_id_is_handed_on(self) -> None:
        found = read_group(answer({"code": 200, "data": {"id": "task_1", "status": "processing"}}))

        assert (found.verdict, found.task_id) == (GroupVerdict.PENDING, "task_1")


class TestDead:
    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (400, {"error": {"code": 400, "message": "byted_token has expired"}}),
            (400, {"error": {"code": "TokenExpired", "message": "please try again"}}),
            (404, {"error": {"message": "session already used"}}),
            (400, {"error": {"message": "The byted token was consumed"}}),
            (400, {"error": {"message": "invalid byted_token"}}),
            (400, {"error": {"message": "BytedToken is invalid"}}),
            (500, {"error": {"message": "token 已失效"}}),
            (410, {"error": {"message": "gone"}}),
            (200, {"ResponseMetadata": {"Error": {"Code": "InvalidToken"}}}),
            (200, {"code": 400, "message": "token expired"}),
            (200, {"data": {"id": "t", "status": "expired"}}),
        ],
    )
    def test_expired_used_and_invalid_are_dead(self, status: int, body: JsonValue) -> None:
        assert read_group(answer(body, status)).verdict is GroupVerdict.DEAD

    def test_a_failed_task_may_say_so_too(self) -> None:
        body: JsonValue = {"data": {"status": "failed", "error": {"message": "token expired"}}}

        assert read_group_task(answer(body), "t").verdict is GroupVerdict.DEAD


class TestNotAboutThePerson:
    @pytest.mark.parametrize(
        ("status", "body", "error"),
        [
            (401, {"error": {"message": "invalid token"}}, Unauthorized),
            (402, {"error": {"message": "balance"}}, PaymentRequired),
            (403, {"error": {"message": "no"}}, Forbidden),
            (429, {"error": {"message": "retry after 4 seconds"}}, RateLimited),
            (500, {"error": {"message": "AccessDenied: not activated"}}, Forbidden),
            (500, {"error": {"message": "build_request_failed: project"}}, BadRequest),
            (500, {"error": {"message": "internal"}}, OutcomeUnknown),
            (502, "<html>", OutcomeUnknown),
            (503, {"error": {"message": "pending overload"}}, OutcomeUnknown),
            (302, {}, OutcomeUnknown),
            (200, {"code": 401, "message": "invalid token"}, Unauthorized),
            (200, {"ResponseMetadata": {"Error": {"Code": "AccessDenied"}}}, Forbidden),
            (200, {"ResponseMetadata": {"Error": {"Code": "FlowLimitExceeded"}}}, RateLimited),
        ],
    )
    def test_key_balance_rate_and_breakdowns_are_errors(
        self, status: int, body: JsonValue, error: type[ApimartError]
    ) -> None:
        with pytest.raises(error):
            read_group(answer(body, status))

    def test_a_broken_off_body_leaves_the_outcome_unknown(self) -> None:
        with pytest.raises(OutcomeUnknown):
            read_group(Answer(200, {}, b'{"code": 200, "data": {"Gro', received_at=0))
