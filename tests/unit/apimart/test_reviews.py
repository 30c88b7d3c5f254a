"""What a review says about each portrait, whichever of its lists says it."""

import json
from pathlib import Path

import pytest
from pydantic import JsonValue

from apimart import ReviewedAsset, ReviewTask
from apimart.protocol import Answer, read_review

RECORDED = Path(__file__).parent / "answers"


def review(status: str, result: JsonValue) -> ReviewTask:
    body = json.dumps({"code": 200, "data": {"id": "t", "status": status, "result": result}})
    return read_review(Answer(200, {}, body.encode(), received_at=0))


class TestReview:
    def test_a_failed_review_keeps_what_passed_and_names_nothing_twice(self) -> None:
        body = (RECORDED / "review_partly_failed.json").read_bytes()

        found = read_review(Answer(200, {}, body, received_at=0))

        assert found.finished
        assert (
            ReviewedAsset(asset_id="asset_a", asset_url="asset://asset_a", active=True),
            ReviewedAsset(asset_id="asset_b", asset_url="asset://asset_b", active=False),
        ) == found.items

    def test_a_running_review_is_not_finished(self) -> None:
        found = review("processing", {"assets": [{"asset_id": "a", "status": "Processing"}]})

        assert not found.finished
        assert [item.active for item in found.items] == [None]

    def test_the_separate_lists_suffice_without_status_words(self) -> None:
        found = review("failed", {"usable_assets": [{"id": "a"}], "failed_assets": [{"id": "b"}]})

        assert [(item.asset_id, item.active) for item in found.items] == [("a", True), ("b", False)]

    def test_a_completed_review_without_status_words_has_passed_everything(self) -> None:
        found = review("completed", {"assets": [{"asset_url": "asset://a"}]})

        assert (ReviewedAsset(asset_id="a", asset_url="asset://a", active=True),) == found.items

    def test_one_asset_may_come_without_any_list(self) -> None:
        found = review("completed", {"asset_url": "asset://a"})

        assert [(item.asset_id, item.active) for item in found.items] == [("a", True)]

    def test_where_the_lists_disagree_a_refusal_wins(self) -> None:
        found = review(
            "failed",
            {
                "assets": [{"asset_id": "a", "status": "Active"}],
                "failed_assets": [{"asset_id": "a", "error": {"code": "FaceMismatch"}}],
            },
        )

        assert [(item.active, item.reason) for item in found.items] == [(False, "FaceMismatch")]

    def test_names_come_from_the_item_or_from_beneath_it(self) -> None:
        found = review(
            "completed",
            {
                "assets": [
                    {"asset_id": "b", "raw_response": {"Result": {"Name": "side"}}},
                    {"asset_id": "a", "name": "front"},
                ]
            },
        )

        assert [item.name for item in found.items] == ["side", "front"]

    def test_an_item_without_id_is_known_by_its_name(self) -> None:
        found = review(
            "failed",
            {
                "assets": [{"asset_id": "a", "name": "front", "status": "Failed"}],
                "failed_assets": [{"name": "front", "error": "DownloadFailed"}],
            },
        )

        assert [(item.asset_id, item.reason) for item in found.items] == [("a", "DownloadFailed")]

    def test_items_without_id_and_name_are_counted_once(self) -> None:
        nobody: JsonValue = {"status": "Failed"}

        found = review("failed", {"assets": [nobody, nobody], "failed_assets": [nobody, nobody]})

        assert [item.active for item in found.items] == [False, False]

    def test_an_active_item_nobody_can_refer_to_is_of_no_use(self) -> None:
        found = review("completed", {"assets": [{"name": "front", "status": "Active"}]})

        assert [(item.active, item.reason) for item in found.items] == [(False, "asset_id_missing")]

    @pytest.mark.parametrize(
        ("item", "reason"),
        [
            ({"error": {"code": "FaceMismatch"}}, "FaceMismatch"),
            ({"error": "DownloadFailed"}, "DownloadFailed"),
            ({"error": {"code": 400, "type": "TypeMismatch"}}, "TypeMismatch"),
            ({"raw_response": {"Result": {"Error": {"Code": "FpsTooLow"}}}}, "FpsTooLow"),
            ({"raw_response": {"Error": {"Code": "FpsTooHigh"}}}, "FpsTooHigh"),
            ({"raw_response": '{"Result": {"Error": {"Code": "FpsTooLow"}}}'}, "FpsTooLow"),
            (
                {"error": {"code": "InputImageSensitiveContentDetected.PrivacyInformation"}},
                "InputImageSensitiveContentDetected.PrivacyInformation",
            ),
            ({"fail_reason": "AspectRatioTooSmall"}, "AspectRatioTooSmall"),
            ({"error": {"message": "cannot fetch https://portraits.example/ada.png"}}, None),
            ({"error": "cannot fetch https://portraits.example/ada.png"}, None),
            ({}, None),
        ],
    )
    def test_the_reason_is_a_code_word_wherever_one_is(
        self, item: dict[str, JsonValue], reason: str | None
    ) -> None:
        found = review("failed", {"assets": [{"asset_id": "a", "status": "Failed", **item}]})

        assert [reason] == [item.reason for item in found.items]

    def test_rubbish_in_the_lists_is_passed_over(self) -> None:
        found = review("failed", {"assets": [None, 3, "x", [], {"id": "a"}], "failed_assets": 5})

        assert [item.asset_id for item in found.items] == ["a"]


class TestAReviewWithoutEnd:
    def test_is_cut_where_no_request_of_ours_could_reach(self) -> None:
        found = review("completed", {"assets": [{"asset_id": f"a{n}"} for n in range(500)]})

        assert [f"a{n}" for n in range(64)] == [item.asset_id for item in found.items]

    def test_has_no_names_longer_than_ours(self) -> None:
        names = ["x" * 64, "x" * 65]
        found = review("completed", {"assets": [{"id": n, "name": n} for n in names]})

        assert [names[0], None] == [item.name for item in found.items]
