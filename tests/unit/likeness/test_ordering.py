from likeness.messages.conversation import Resolution, Resolve
from likeness.temporal.ordering import order_id_of

ORDER = Resolve(resolution=Resolution.RESUBMIT, actor="anna", reason="nothing in the console")


class TestTheIdOfAnOrder:
    def test_is_the_same_for_an_impatient_repeat_by_whomever(self) -> None:
        again = Resolve(resolution=Resolution.RESUBMIT, actor="ben")

        assert order_id_of("resolve", ORDER, events=40) == order_id_of("resolve", again, events=40)

    def test_is_another_one_for_another_verb_or_decision_or_a_run_that_has_moved_on(self) -> None:
        ids = {
            order_id_of("resolve", ORDER, events=40),
            order_id_of("check_now", ORDER, events=40),
            order_id_of("resolve", ORDER, events=45),
            order_id_of("resolve", Resolve(resolution=Resolution.GIVE_UP), events=40),
            order_id_of("resolve", ORDER.model_copy(update={"asset": "asset-1"}), events=40),
            order_id_of("resolve", ORDER, events=40, salt="fingerprint of another request"),
        }

        assert 6 == len(ids)

    def test_shows_nothing_of_what_was_ordered(self) -> None:
        order = Resolve(resolution=Resolution.ADOPT, task_id="canary", asset="anna", reason="why")

        told = order_id_of("resolve", order, events=40)

        assert [] == [word for word in ("canary", "anna", "why") if word in told]
