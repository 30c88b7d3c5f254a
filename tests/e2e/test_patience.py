"""Somebody who takes their time, fails, closes the tab, and comes back much later."""

import pytest

from devstack.commands import Starter
from tests.e2e.conftest import House, wait_for

pytestmark = [pytest.mark.server, pytest.mark.processes]


class TestPatience:
    def test_a_late_person_with_bad_luck_ends_verified(self, house: House) -> None:
        """Days are seconds here: every duration travels in the run's input."""
        hasty = house.stack.environment(
            LINK_TTL_S="6", SCAN_GRACE_S="2", TOKEN_TTL_S="60", POLL_INTERVAL_S="1"
        )
        house.starter = Starter(hasty)
        house.invite()
        house.until(lambda s: s["stage"] == "invited")

        first = house.person("fail")
        assert first.wait(60)
        assert first.exit_code == 0
        second = self.second_try(house)
        assert second == 0
        # The tab is closed, no callback comes: the look after the link's end tells.
        status = house.until(lambda s: s["stage"] == "completed")

        assert 2 == status["attempts"]
        assert 2 == house.count("session_created")
        assert 1 == house.count("h5_failed")
        assert 1 == house.count("h5_passed")
        assert max(self.looks_by_token(house)) <= 6

    @staticmethod
    def second_try(house: House) -> int | None:
        """Try until the cooldown after the first session is over."""

        def tried() -> int | None:
            person = house.person("close_after_pass")
            assert person.wait(90)
            return 0 if person.exit_code == 0 else None

        return wait_for(tried)

    @staticmethod
    def looks_by_token(house: House) -> list[int]:
        entries = house.http.get("/_sim/ledger").json()["entries"]
        tokens = [e["detail"]["token"] for e in entries if e["name"] == "query_group"]
        return [tokens.count(token) for token in set(tokens)]
