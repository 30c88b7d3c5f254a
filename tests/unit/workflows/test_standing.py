"""Which failures an operator must mend before a tap can work."""

import pytest

from likeness.failures import FailureCode
from workflows.standing import is_operators


class TestIsOperators:
    @pytest.mark.parametrize(
        "code",
        [
            FailureCode.UPSTREAM_KEY_REFUSED,
            FailureCode.UPSTREAM_BALANCE,
            FailureCode.UPSTREAM_FORBIDDEN,
            FailureCode.UPSTREAM_REFUSED,
            FailureCode.H5_HOST_UNLISTED,
            FailureCode.BUG,
        ],
    )
    def test_key_money_permission_host_and_bugs_are_an_operators(self, code: FailureCode) -> None:
        assert is_operators(code)

    @pytest.mark.parametrize(
        "code",
        [FailureCode.SESSION_LOST, FailureCode.SESSION_INCOMPLETE, FailureCode.TAP_TOO_OLD],
    )
    def test_what_another_tap_mends_is_the_persons(self, code: FailureCode) -> None:
        assert not is_operators(code)
