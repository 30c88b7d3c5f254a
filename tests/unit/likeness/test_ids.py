"""Ids: readable by every operator, so no part of one may hold a person's address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.ids import (
    KEY_CHECK_WORKFLOW_ID,
    MAX_PART_LENGTH,
    checked_part,
    onboarding_of,
    onboarding_workflow_id,
    person_queue,
    person_workflow_id,
    spending_workflow_id,
    upstream_queue,
    video_of,
    video_workflow_id,
)

PARTS = st.from_regex(r"[a-z0-9_-]{1,40}", fullmatch=True)


class TestPart:
    @given(part=PARTS)
    def test_what_fits_is_given_back_as_it_is(self, part: str) -> None:
        assert part == checked_part(part)

    @pytest.mark.parametrize(
        "part",
        [
            "",
            "a" * (MAX_PART_LENGTH + 1),
            "Ann",
            "ann smith",
            "a/b",
            "a.b",
            "a\n",
            "\n",
            "ä",
            "\N{ARABIC-INDIC DIGIT ONE}",
            "a\x00",
            "a:b",
            "..",
        ],
    )
    def test_what_does_not_fit_is_refused_with_the_rule(self, part: str) -> None:
        with pytest.raises(ValueError, match=r"1 to 40 characters out of a-z, 0-9, '_' and '-'"):
            checked_part(part)

    @pytest.mark.parametrize("part", ["ann@example.com", "@", "a@b", "ANN@EXAMPLE.COM"])
    def test_an_address_is_refused_with_the_reason(self, part: str) -> None:
        with pytest.raises(ValueError, match="e-mail address") as refusal:
            checked_part(part)

        assert "readable by every operator" in str(refusal.value)

    @given(part=st.text(max_size=60))
    def test_no_refusal_repeats_what_it_refuses(self, part: str) -> None:
        canary = f"canary{part}@"
        with pytest.raises(ValueError) as refusal:
            checked_part(canary)

        assert "canary" not in str(refusal.value)


class TestWorkflowIds:
    def test_they_are_as_the_design_spells_them(self) -> None:
        onboarding = onboarding_workflow_id("default", "o-1")

        assert "likeness/default/o-1" == onboarding
        assert "likeness/default/o-1/video/1" == video_workflow_id(onboarding)
        assert "likeness/default/o-1/video/2" == video_workflow_id(onboarding, 2)
        assert "likeness/keycheck" == KEY_CHECK_WORKFLOW_ID

    @pytest.mark.parametrize(
        ("tenant", "onboarding"), [("de fault", "o-1"), ("default", "o/1"), ("", "o"), ("d", "")]
    )
    def test_a_part_that_does_not_fit_makes_no_id(self, tenant: str, onboarding: str) -> None:
        with pytest.raises(ValueError, match="an id part must be"):
            onboarding_workflow_id(tenant, onboarding)

    @given(tenant=PARTS, onboarding=PARTS)
    def test_tenant_and_onboarding_are_read_back_from_one(
        self, tenant: str, onboarding: str
    ) -> None:
        assert (tenant, onboarding) == onboarding_of(onboarding_workflow_id(tenant, onboarding))

    @given(one=st.tuples(PARTS, PARTS), other=st.tuples(PARTS, PARTS))
    def test_two_onboardings_never_share_one(
        self, one: tuple[str, str], other: tuple[str, str]
    ) -> None:
        ids = {onboarding_workflow_id(*one), onboarding_workflow_id(*other)}

        assert len({one, other}) == len(ids)

    @pytest.mark.parametrize(
        "workflow_id",
        [
            "likeness/default/o-1/video/1",
            "likeness/default/person/p-1",
            "likeness/keycheck",
            "likeness/default/",
            "likeness//o-1",
            "another/default/o-1",
            "likeness",
            "",
        ],
    )
    def test_another_kind_of_run_is_no_onboarding(self, workflow_id: str) -> None:
        with pytest.raises(ValueError):
            onboarding_of(workflow_id)


class TestVideos:
    @given(tenant=PARTS, owner=PARTS.filter(lambda part: part != "person"))
    def test_one_is_told_from_its_owner_and_back(self, tenant: str, owner: str) -> None:
        for owners_id in (
            onboarding_workflow_id(tenant, owner),
            person_workflow_id(tenant, owner),
        ):
            assert (owners_id, 12) == video_of(video_workflow_id(owners_id, 12))

    @pytest.mark.parametrize(
        "workflow_id",
        [
            "likeness/default/one",
            "likeness/default/one/video/",
            "likeness/default/one/video/0",
            "likeness/default/one/video/1/video/1",
            "likeness/default/person/video/1",
            "likeness/default/somebody/one/video/1",
            "other/default/one/video/1",
        ],
    )
    def test_nothing_else_is_one(self, workflow_id: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            video_of(workflow_id)


class TestSpending:
    def test_its_id_is_no_onboardings(self) -> None:
        assert "likeness/spending/default" == spending_workflow_id("default")
        with pytest.raises(ValueError, match="tenant cannot be called"):
            onboarding_workflow_id("spending", "default")
        with pytest.raises(ValueError, match="tenant cannot be called"):
            person_workflow_id("spending", "p-1")


class TestQueues:
    def test_a_person_never_queues_behind_polls(self) -> None:
        assert "likeness-default-person" == person_queue("likeness", "default")
        assert "likeness-default-upstream" == upstream_queue("likeness", "default")

    def test_an_account_that_does_not_fit_makes_no_queue(self) -> None:
        for queue in (person_queue, upstream_queue):
            with pytest.raises(ValueError, match="an id part"):
                queue("likeness", "A b")
