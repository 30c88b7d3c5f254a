"""The key under which a video is paid for: one per run, whatever happens to the run."""

import hashlib
import re

from hypothesis import given
from hypothesis import strategies as st

from likeness.ids import onboarding_workflow_id, video_workflow_id
from workflows.video_paying import idempotency_key

PARTS = st.from_regex(r"[a-z0-9_-]{1,40}", fullmatch=True)


class TestIdempotencyKey:
    @given(workflow_id=st.text())
    def test_it_is_what_the_provider_takes_as_a_key(self, workflow_id: str) -> None:
        assert re.fullmatch(r"[!-~]{1,191}", idempotency_key(workflow_id))

    @given(workflow_id=st.text())
    def test_the_same_run_always_has_the_same(self, workflow_id: str) -> None:
        assert idempotency_key(workflow_id) == idempotency_key(workflow_id)

    @given(one=PARTS, other=PARTS)
    def test_two_onboardings_never_share_one(self, one: str, other: str) -> None:
        keys = {
            idempotency_key(video_workflow_id(onboarding_workflow_id("default", onboarding)))
            for onboarding in (one, other)
        }

        assert len({one, other}) == len(keys)

    @given(numbers=st.sets(st.integers(1, 1000), min_size=2, max_size=5))
    def test_two_videos_of_one_onboarding_never_share_one(self, numbers: set[int]) -> None:
        run = onboarding_workflow_id("default", "o-1")

        assert len(numbers) == len(
            {idempotency_key(video_workflow_id(run, number)) for number in numbers}
        )

    def test_it_is_the_sha_256_of_the_workflow_id_for_ever(self) -> None:
        """A run that a newer release takes over must not pay under a new key."""
        workflow_id = "likeness/default/o-1/video/1"

        assert hashlib.sha256(workflow_id.encode()).hexdigest() == idempotency_key(workflow_id)
