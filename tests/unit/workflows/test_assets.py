"""The asset book: which request holds which asset, and whose the upstream's answers are."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from likeness.asset_reasons import GENERAL, AssetReason, advice_on
from likeness.failures import FailureCode
from likeness.messages.conversation import AssetStatus, Failure
from likeness.messages.onboarding import MAX_ASSETS, AssetKind, AssetRequest
from likeness.messages.steps import ReviewedItem, ReviewedTask, UnfitAsset
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
        assert [
            AssetStatus(name="a", kind=AssetKind.IMAGE, asset_id="asset-1", state=AssetState.USABLE)
        ] == reviewed(submitted("a"), item("asset-1"))

    def test_a_clip_is_told_as_one(self) -> None:
        book = AssetBook.of([asset("front"), asset("turn", VIDEO)], 1)

        assert [IMAGE, VIDEO] == [each.kind for each in book.statuses()]

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


def refused(*names: str, per_request: int = 1) -> AssetBook:
    """Give a book whose assets the upstream has all refused."""
    book = AssetBook.of([asset(name) for name in names], per_request)
    for submission in book.submissions:
        submission.refused("FaceMismatch")
    return book


class TestAdvice:
    def test_a_refusal_says_what_to_do_about_it(self) -> None:
        (status,) = reviewed(submitted("a"), item("x", usable=False, reason="FaceMismatch"))

        assert advice_on("FaceMismatch") == status.advice
        assert GENERAL != status.advice

    def test_what_is_not_refused_needs_none(self) -> None:
        statuses = [*submitted("a").statuses(), *reviewed(submitted("b"), item("x"))]

        assert [None, None] == [status.advice for status in statuses]


class TestReplacement:
    def test_it_takes_the_refused_ones_name_and_place(self) -> None:
        book = refused("a", "b", "c")
        book.take([asset("b")], 1)

        assert [
            ("a", AssetState.REFUSED),
            ("b", AssetState.WAITING),
            ("c", AssetState.REFUSED),
        ] == [(status.name, status.state) for status in book.statuses()]

    def test_only_the_new_one_is_still_to_be_sent(self) -> None:
        book = refused("a", "b")
        book.take([asset("b"), asset("c")], 1)

        assert [["b"], ["c"]] == [[each.name for each in s.assets] for s in book.waiting()]

    def test_one_out_of_a_request_of_several_leaves_the_others_of_it(self) -> None:
        book = AssetBook.of([asset("a"), asset("b")], 2)
        book.submissions[0].submitted("task_1")
        book.reviewed(
            [
                ReviewedTask(
                    task_id="task_1",
                    items=(item("x", name="a"), item("y", name="b", usable=False)),
                )
            ]
        )
        book.take([asset("b")], 2)

        assert [("a", AssetState.USABLE), ("b", AssetState.WAITING)] == [
            (status.name, status.state) for status in book.statuses()
        ]

    def test_a_clip_may_take_a_pictures_place(self) -> None:
        book = refused("a")
        book.take([asset("a", VIDEO)], 1)

        assert [VIDEO] == [submission.kind for submission in book.waiting()]
        assert 1 == len(book.statuses())

    @given(data=st.data(), count=st.integers(1, 20), per_request=st.integers(1, 20))
    def test_however_often_files_are_replaced_each_name_stands_once_and_in_its_place(
        self, data: st.DataObject, count: int, per_request: int
    ) -> None:
        names = [f"a{number}" for number in range(count)]
        book = AssetBook.of([asset(name) for name in names], per_request)
        for round_ in range(4):
            for submission in book.waiting():
                answer_by_name(data, book, submission, round_)
            assert names == [status.name for status in book.statuses()]
            bad = [s.name for s in book.statuses() if s.state is AssetState.REFUSED and s.name]
            if not bad:
                break
            chosen = data.draw(st.lists(st.sampled_from(bad), min_size=1, unique=True))
            new = [asset(name) for name in chosen]
            assert book.misfit(new) is None
            book.take(new, per_request)
        usable = [s for s in book.statuses() if s.state is AssetState.USABLE]

        assert tuple(f"asset://{status.asset_id}" for status in usable) == book.usable(IMAGE)


def answer_by_name(
    data: st.DataObject, book: AssetBook, submission: Submission, round_: int
) -> None:
    """Let the upstream answer a request, naming its items in any order."""
    names = [each.name for each in submission.assets]
    task_id = f"task-{round_}-{names[0]}"
    submission.submitted(task_id)
    items = tuple(
        item(f"{round_}-{name}", name=name, usable=data.draw(st.booleans()))
        for name in data.draw(st.permutations(names))
    )
    book.reviewed([ReviewedTask(task_id=task_id, items=items)])


class TestMisfit:
    def test_a_refused_ones_name_and_a_new_one_fit(self) -> None:
        assert refused("a").misfit([asset("a"), asset("b")]) is None

    def test_a_name_stands_for_one_file_only(self) -> None:
        assert "Every new asset needs a name of its own." == refused("a").misfit(
            [asset("b"), asset("b")]
        )

    @pytest.mark.parametrize("state", ["waiting", "submitted", "unknown", "usable"])
    def test_the_place_of_one_that_is_not_refused_is_taken(self, state: str) -> None:
        book = AssetBook.of([asset("a")], 1)
        submission = book.submissions[0]
        match state:
            case "submitted":
                submission.submitted("task_1")
            case "unknown":
                submission.unknown(LOST)
            case "usable":
                submission.submitted("task_1")
                book.reviewed([ReviewedTask(task_id="task_1", items=(item("x"),))])

        assert "New asset 2 has the name" in (book.misfit([asset("b"), asset("a")]) or "")

    def test_where_nobody_can_tell_which_was_refused_no_place_is_free(self) -> None:
        book = AssetBook.of([asset("a"), asset("b")], 2)
        book.submissions[0].submitted("task_1")
        items = (item("x", usable=False), item("y"))
        book.reviewed([ReviewedTask(task_id="task_1", items=items)])

        assert book.misfit([asset("a")]) is not None
        assert book.misfit([asset("c")]) is None

    def test_there_are_no_more_in_all_than_a_start_may_have(self) -> None:
        book = refused(*(f"a{number}" for number in range(MAX_ASSETS)))

        assert book.misfit([asset("a0")]) is None
        assert f"There may be at most {MAX_ASSETS} assets in all." == book.misfit([asset("b")])

    def test_no_name_is_told_to_whoever_reads_the_refusal(self) -> None:
        book = AssetBook.of([asset("canary")], 1)

        assert "canary" not in (book.misfit([asset("canary")]) or "canary")


class TestRefusedRequest:
    def test_one_of_several_is_split_into_singles_that_wait(self) -> None:
        book = AssetBook.of([asset("a"), asset("b"), asset("c")], 3)
        singles = book.split(book.submissions[0])

        assert singles == book.submissions == book.waiting()
        assert ["a", "b", "c"] == [status.name for status in book.statuses()]

    def test_what_was_never_sent_is_refused_and_the_others_go_on(self) -> None:
        book = AssetBook.of([asset("a"), asset("b")], 2)
        book.set_aside(book.submissions[0], [UnfitAsset(name="a", reason="gone")])
        (left,) = book.waiting()
        left.submitted("task_1")
        book.reviewed([ReviewedTask(task_id="task_1", items=(item("x"),))])

        assert [("a", AssetState.REFUSED, "gone"), ("b", AssetState.USABLE, None)] == [
            (status.name, status.state, status.reason) for status in book.statuses()
        ]

    def test_where_all_are_unfit_there_is_nothing_left_to_send(self) -> None:
        book = AssetBook.of([asset("a"), asset("b")], 2)
        unfit = [UnfitAsset(name=name, reason=AssetReason.TOO_LONG) for name in ("a", "b")]
        book.set_aside(book.submissions[0], unfit)

        assert [] == book.waiting() == book.unanswered()
        assert {AssetReason.TOO_LONG} == {status.reason for status in book.statuses()}


class TestDecision:
    def test_one_sent_again_waits_without_its_old_task(self) -> None:
        book = AssetBook.of([asset("a")], 1)
        submission = book.submissions[0]
        submission.submitted("task_1")
        submission.reviewed(ReviewedTask(task_id="task_1", lost=True))
        submission.waits_again()

        assert [submission] == book.waiting()
        assert [] == book.unknown()
        assert () == book.in_review()

    def test_a_lost_task_is_no_longer_watched_until_it_is_adopted(self) -> None:
        book = AssetBook.of([asset("a")], 1)
        submission = book.submissions[0]
        submission.submitted("task_1")
        book.reviewed([ReviewedTask(task_id="task_1", lost=True)])

        assert () == book.in_review()

        submission.submitted("task_1")

        assert ("task_1",) == book.in_review()
        assert submission.trouble is None

    def test_a_task_is_anothers_also_after_it_was_lost(self) -> None:
        book = AssetBook.of([asset("a"), asset("b")], 1)
        first, second = book.submissions
        first.submitted("task_1")
        book.reviewed([ReviewedTask(task_id="task_1", lost=True)])

        assert not book.is_anothers("task_1", first)
        assert book.is_anothers("task_1", second)
