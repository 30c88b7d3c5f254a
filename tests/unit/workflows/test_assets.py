"""The asset book: which request holds which asset, and whose the upstream's answers are."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from likeness.asset_reasons import AssetReason
from likeness.failures import FailureCode
from likeness.messages.conversation import AssetStatus, Failure
from likeness.messages.onboarding import AssetKind, AssetRequest
from likeness.messages.steps import ReviewedItem, ReviewedTask
from likeness.stages import AssetState
from workflows.assets import AssetBook, Submission

LOST = Failure.of(FailureCode.SUBMISSION_UNCONFIRMED)
IMAGE, VIDEO = AssetKind.IMAGE, AssetKind.VIDEO
KINDS = st.lists(st.sampled_from([IMAGE, VIDEO]), min_size=1, max_size=20)


def asset(name: str, kind: AssetKind = IMAGE) -> AssetRequest:
    return AssetRequest(name=name, url=SecretStr(f"https://portraits.example/{name}"), kind=kind)


def assets(kinds: list[AssetKind]) -> list[AssetRequest]:
    return [asset(f"a{number}", kind) for number, kind in enumerate(kinds)]


def item(
    asset_id: str, *, name: str | None = None, usable: bool = True, reason: str | None = None
) -> ReviewedItem:
    return ReviewedItem(asset_id=asset_id, name=name, usable=usable, reason=reason)


def submitted(*names: str) -> Submission:
    submission = Submission(assets=tuple(asset(name) for name in names))
    submission.submitted("task_1")
    return submission


def reviewed(submission: Submission, *items: ReviewedItem) -> list[AssetStatus]:
    submission.reviewed(ReviewedTask(task_id="task_1", items=items))
    return submission.statuses()


class TestRequests:
    def test_by_default_every_asset_is_a_request_of_its_own(self) -> None:
        book = AssetBook.of([asset("a"), asset("b"), asset("c")], 1)

        assert [["a"], ["b"], ["c"]] == [
            [each.name for each in submission.assets] for submission in book.submissions
        ]

    @given(kinds=KINDS, per_request=st.integers(1, 20))
    def test_each_holds_one_kind_and_no_more_than_allowed(
        self, kinds: list[AssetKind], per_request: int
    ) -> None:
        for submission in AssetBook.of(assets(kinds), per_request).submissions:
            assert {submission.kind} == {each.kind for each in submission.assets}
            assert 1 <= len(submission.assets) <= per_request

    @given(kinds=KINDS, per_request=st.integers(1, 20))
    def test_every_asset_is_in_exactly_one_and_in_the_callers_order(
        self, kinds: list[AssetKind], per_request: int
    ) -> None:
        asked = assets(kinds)
        book = AssetBook.of(asked, per_request)

        for kind in AssetKind:
            assert [each for each in asked if each.kind is kind] == [
                each
                for submission in book.submissions
                if submission.kind is kind
                for each in submission.assets
            ]

    @given(kinds=KINDS, per_request=st.integers(1, 20))
    def test_there_are_no_more_than_needed(self, kinds: list[AssetKind], per_request: int) -> None:
        needed = sum(-(-kinds.count(kind) // per_request) for kind in AssetKind)

        assert needed == len(AssetBook.of(assets(kinds), per_request).submissions)


class TestOneInARequest:
    def test_the_answer_is_its_own_without_any_name(self) -> None:
        assert [AssetStatus(name="a", asset_id="asset-1", state=AssetState.USABLE)] == reviewed(
            submitted("a"), item("asset-1")
        )

    def test_the_callers_name_goes_before_the_upstreams(self) -> None:
        (status,) = reviewed(submitted("a"), item("asset-1", name="another"))

        assert "a" == status.name

    def test_a_refusal_keeps_its_reason(self) -> None:
        (status,) = reviewed(submitted("a"), item("x", usable=False, reason="FaceMismatch"))

        assert (AssetState.REFUSED, "FaceMismatch") == (status.state, status.reason)

    def test_a_refusal_without_a_reason_says_so(self) -> None:
        (status,) = reviewed(submitted("a"), item("x", usable=False))

        assert AssetReason.UNSPECIFIED == status.reason

    def test_a_usable_one_has_no_reason_whatever_the_upstream_said(self) -> None:
        (status,) = reviewed(submitted("a"), item("x", reason="stale"))

        assert status.reason is None

    def test_a_review_without_a_single_item_refuses_it(self) -> None:
        (status,) = reviewed(submitted("a"))

        assert (AssetState.REFUSED, AssetReason.UNSPECIFIED) == (status.state, status.reason)


class TestSeveralInARequest:
    def test_names_tell_which_is_which(self) -> None:
        statuses = reviewed(
            submitted("a", "b"), item("x", name="b", usable=False), item("y", name="a")
        )

        assert {"a": AssetState.USABLE, "b": AssetState.REFUSED} == {
            status.name: status.state for status in statuses
        }

    def test_without_names_nobody_pretends_to_know(self) -> None:
        statuses = reviewed(submitted("a", "b"), item("x", usable=False), item("y"))

        assert {None} == {status.name for status in statuses}
        assert {"x": AssetState.REFUSED, "y": AssetState.USABLE} == {
            status.asset_id: status.state for status in statuses
        }

    def test_a_review_without_a_single_item_refuses_them_all(self) -> None:
        statuses = reviewed(submitted("a", "b"))

        assert [("a", AssetState.REFUSED), ("b", AssetState.REFUSED)] == [
            (status.name, status.state) for status in statuses
        ]


class TestWithoutAnAnswer:
    def test_before_it_is_submitted_it_waits(self) -> None:
        (status,) = Submission(assets=(asset("a"),)).statuses()

        assert (AssetState.WAITING, None) == (status.state, status.asset_id)

    def test_after_that_it_is_submitted(self) -> None:
        (status,) = submitted("a").statuses()

        assert AssetState.SUBMITTED == status.state

    def test_a_refused_request_refuses_all_in_it_and_needs_no_review(self) -> None:
        book = AssetBook.of([asset("a"), asset("b")], 2)
        book.submissions[0].refused("bad_request")

        assert {(AssetState.REFUSED, "bad_request")} == {
            (status.state, status.reason) for status in book.statuses()
        }
        assert () == book.in_review()
        assert [] == book.unanswered()

    def test_one_of_unknown_outcome_is_neither_refused_nor_usable(self) -> None:
        book = AssetBook.of([asset("a")], 1)
        book.submissions[0].unknown(LOST)

        assert [AssetState.UNKNOWN] == [status.state for status in book.statuses()]
        assert () == book.in_review()
        assert book.submissions == book.unanswered() == book.unknown()

    def test_a_review_the_upstream_lost_leaves_its_outcome_unknown(self) -> None:
        submission = submitted("a")
        submission.reviewed(ReviewedTask(task_id="task_1", lost=True))

        assert AssetState.UNKNOWN == submission.statuses()[0].state
        assert not submission.answered


class TestBook:
    def under_review(self, *names: str) -> AssetBook:
        book = AssetBook.of([asset(name) for name in names], 1)
        for submission in book.submissions:
            submission.submitted(f"task-{submission.assets[0].name}")
        return book

    def test_only_what_has_no_answer_yet_is_watched(self) -> None:
        book = self.under_review("a", "b", "c")
        book.reviewed([ReviewedTask(task_id="task-b", items=(item("x"),))])

        assert ("task-a", "task-c") == book.in_review()

    def test_answers_find_their_requests_in_any_order(self) -> None:
        book = self.under_review("a", "b")
        book.reviewed(
            [
                ReviewedTask(task_id="task-b", items=(item("asset-b", usable=False),)),
                ReviewedTask(task_id="task-a", items=(item("asset-a"),)),
                ReviewedTask(task_id="task-of-another", items=(item("asset-z"),)),
            ]
        )

        assert [
            ("a", "asset-a", AssetState.USABLE),
            ("b", "asset-b", AssetState.REFUSED),
        ] == [(status.name, status.asset_id, status.state) for status in book.statuses()]

    @given(usable=st.lists(st.booleans(), min_size=1, max_size=20), order=st.randoms())
    def test_usable_references_keep_the_callers_order_whatever_the_answers_is(
        self, usable: list[bool], order: random.Random
    ) -> None:
        names = [f"a{number}" for number in range(len(usable))]
        book = self.under_review(*names)
        answers = [
            ReviewedTask(task_id=f"task-{name}", items=(item(f"id-{name}", usable=passed),))
            for name, passed in zip(names, usable, strict=True)
        ]
        order.shuffle(answers)
        book.reviewed(answers)
        passed = tuple(f"asset://id-{name}" for name, ok in zip(names, usable, strict=True) if ok)

        assert passed == book.usable(IMAGE)
        assert len(passed) == book.usable_count()

    def test_images_and_videos_are_referred_to_apart_and_counted_together(self) -> None:
        book = AssetBook.of([asset("clip", VIDEO), asset("face")], 1)
        for submission in book.submissions:
            submission.submitted(submission.assets[0].name)
        book.reviewed(
            [ReviewedTask(task_id=name, items=(item(name),)) for name in ("clip", "face")]
        )

        assert ("asset://face",) == book.usable(IMAGE)
        assert ("asset://clip",) == book.usable(VIDEO)
        assert 2 == book.usable_count()

    @pytest.mark.parametrize("state", ["waiting", "submitted", "unknown", "refused"])
    def test_nothing_is_usable_before_the_upstream_says_so(self, state: str) -> None:
        book = AssetBook.of([asset("a")], 1)
        submission = book.submissions[0]
        match state:
            case "submitted":
                submission.submitted("task_1")
            case "unknown":
                submission.unknown(LOST)
            case "refused":
                submission.refused("x")

        assert () == book.usable(IMAGE)
        assert 0 == book.usable_count()

    def test_no_address_shows_in_what_is_told(self) -> None:
        book = self.under_review("a")

        assert "portraits.example" not in f"{book!r} {book.statuses()!r}"
