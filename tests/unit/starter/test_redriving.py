"""Which webhooks are to be sent again, and what `status` tells of each."""

import json
from datetime import UTC, datetime

import pytest

from commands.answers import DeliveryAnswer, StatusAnswer
from commands.order_answers import RedrivenAnswer
from commands.outcomes import CommandError, ExitCode, Output
from commands.printing import Printer
from commands.redriving import Selection, selection_of
from likeness.messages.conversation import DeliveryState, DeliveryStatus, OnboardingStatus
from likeness.stages import Stage

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CANARY = "canary of what was typed"


def lines_of(
    capsys: pytest.CaptureFixture[str], answer: StatusAnswer | RedrivenAnswer
) -> list[str]:
    Printer(Output.TEXT).answer(answer)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def event(number: int, state: DeliveryState, **known: object) -> DeliveryStatus:
    given = {"event_id": f"msg_{number}", "type": "onboarding.in_review", "sequence": number}
    return DeliveryStatus.model_validate(given | {"at": AT.timestamp(), "state": state} | known)


def with_log(status: StatusAnswer, *log: DeliveryStatus) -> StatusAnswer:
    return status.model_copy(update={"deliveries": tuple(map(DeliveryAnswer.of, log))})


def redriven(**known: object) -> RedrivenAnswer:
    given = {
        "onboarding_id": "one",
        "tenant": "default",
        "workflow_id": "likeness/default/one",
        "stage": Stage.COMPLETED,
        "events": 3,
        "sender": "likeness/default/one/notify/1",
        "is_new": True,
    }
    return RedrivenAnswer.model_validate(given | known)


class TestTheSelection:
    @pytest.mark.parametrize(
        ("event", "since", "selection"),
        [
            (None, None, Selection()),
            ("msg_1f", None, Selection(event_id="msg_1f")),
            ("3", None, Selection(event_id="3")),
            (None, 2, Selection(since_sequence=2)),
        ],
    )
    def test_is_one_event_or_those_since_one_or_all_that_is_owed(
        self, event: str | None, since: int | None, selection: Selection
    ) -> None:
        assert selection == selection_of(event, since)

    @pytest.mark.parametrize(
        ("event", "since", "sentence"),
        [
            ("3", 2, "--event and --since both say which events; give one of them."),
            (CANARY, None, "--event must be an event's number, or its id"),
            ("", None, "--event must be an event's number, or its id"),
        ],
    )
    def test_of_anything_else_is_refused(
        self, event: str, since: int | None, sentence: str
    ) -> None:
        with pytest.raises(CommandError) as refused:
            selection_of(event, since)

        assert ExitCode.BAD_INPUT is refused.value.exit_code
        assert str(refused.value).startswith(sentence)
        assert CANARY not in str(refused.value)


class TestTheLogInStatus:
    def test_has_a_line_for_each_event(
        self, at_a_glance: StatusAnswer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        log = (
            event(1, DeliveryState.DELIVERED, attempts=1, last_status=204),
            event(
                2,
                DeliveryState.PENDING,
                attempts=4,
                why="no connection",
                next_try_at=AT.timestamp(),
            ),
            event(3, DeliveryState.PENDING),
            event(4, DeliveryState.GONE, attempts=1, last_status=410),
        )

        lines = lines_of(capsys, with_log(at_a_glance, *log))

        begun = lines.index("webhook event state tries answer next try")
        assert [
            "1 onboarding.in_review delivered 1 HTTP 204",
            "2 onboarding.in_review pending 4 no connection 2026-03-01 12:00 UTC",
            "3 onboarding.in_review pending now",
            "4 onboarding.in_review gone 1 HTTP 410",
        ] == lines[begun + 1 : begun + 5]

    def test_is_left_out_where_nothing_was_told(
        self, at_a_glance: StatusAnswer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert [] == [line for line in lines_of(capsys, at_a_glance) if "webhook" in line]

    @pytest.mark.parametrize("state", [DeliveryState.UNDELIVERED, DeliveryState.GONE])
    def test_says_what_to_type_about_what_is_not_tried_any_more(
        self, at_a_glance: StatusAnswer, capsys: pytest.CaptureFixture[str], state: DeliveryState
    ) -> None:
        ended = at_a_glance.model_copy(update={"stage": Stage.COMPLETED})

        lines = lines_of(capsys, with_log(ended, event(1, state)))

        assert "Webhooks that did not arrive are sent again by redrive; mend the receiver." in lines
        assert "python starter.py redrive one" == lines[-1]

    @pytest.mark.parametrize("state", [DeliveryState.DELIVERED, DeliveryState.PENDING])
    def test_asks_for_nothing_while_all_goes_well(
        self, at_a_glance: StatusAnswer, state: DeliveryState
    ) -> None:
        ended = at_a_glance.model_copy(update={"stage": Stage.COMPLETED})

        assert () == with_log(ended, event(1, state)).next_commands

    def test_shows_the_latest_and_says_where_the_rest_is(
        self, at_a_glance: StatusAnswer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        log = (event(number, DeliveryState.DELIVERED) for number in range(1, 23))

        lines = lines_of(capsys, with_log(at_a_glance, *log))

        told = [line.split()[0] for line in lines if "onboarding.in_review" in line]
        assert [str(number) for number in range(3, 23)] == told
        assert "These are the latest 20 webhooks; -o json tells all." in lines

    def test_is_told_to_programs_with_ids_and_times(
        self, at_a_glance: StatusAnswer, told: OnboardingStatus
    ) -> None:
        log = (event(1, DeliveryState.PENDING, last_status=503, next_try_at=AT.timestamp() + 60),)
        known = at_a_glance.knowing(told.model_copy(update={"deliveries": log}))

        printed = json.loads(known.model_dump_json())

        assert [
            {
                "sequence": 1,
                "type": "onboarding.in_review",
                "event_id": "msg_1",
                "at": "2026-03-01T12:00:00Z",
                "state": "pending",
                "attempts": None,
                "last_status": 503,
                "why": None,
                "next_try_at": "2026-03-01T12:01:00Z",
            }
        ] == printed["deliveries"]


class TestTheAnswerOfRedrive:
    def test_says_how_many_events_are_sent_and_where_to_look(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert [
            "3 events of onboarding one are sent again.",
            "Next: python starter.py status one shows what becomes of each.",
        ] == lines_of(capsys, redriven())

    def test_says_that_it_is_at_it_already(self, capsys: pytest.CaptureFixture[str]) -> None:
        first, _ = lines_of(capsys, redriven(events=1, is_new=False))

        assert "1 event of onboarding one is being sent already." == first

    def test_says_what_is_left_for_another_time(self, capsys: pytest.CaptureFixture[str]) -> None:
        _, second, _ = lines_of(capsys, redriven(left=2))

        assert "2 more are left; redrive again when these are delivered." == second
