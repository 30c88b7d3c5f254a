import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from likeness.temporal.keyring import Key, KeyRing
from runtime import logs, redaction
from runtime.links import InviteToken, LinkSealer
from runtime.redaction import REDACTED, redacted, redacted_text

SEALED = LinkSealer.of(KeyRing.of(Key.of(b"n" * 32))).seal_invite(
    InviteToken(tenant="default", onboarding="o1", person="ref-1", link=1)
)


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.configure(process="worker", level="DEBUG", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


class TestALogLine:
    def test_is_an_event_with_fields(self, out: io.StringIO) -> None:
        structlog.get_logger("likeness.web").info("verification_opened", attempt=2)

        [line] = lines(out)
        assert line.pop("timestamp").endswith("Z")
        assert line == {
            "event": "verification_opened",
            "attempt": 2,
            "level": "info",
            "logger": "likeness.web",
            "process": "worker",
        }

    def test_is_the_same_for_a_library(self, out: io.StringIO) -> None:
        logging.getLogger("temporalio.worker").warning("failed %s", "activation", extra={"n": 1})

        [line] = lines(out)
        assert (line["event"], line["level"], line["n"]) == ("failed activation", "warning", 1)

    def test_stays_one_line_with_a_trace_in_it(self, out: io.StringIO) -> None:
        def fail() -> None:
            raise RuntimeError(f"twice\nat https://h5.example/x?bytedToken={SEALED}")

        try:
            fail()
        except RuntimeError:
            structlog.get_logger("likeness").exception("step_failed")

        [line] = lines(out)
        assert "RuntimeError" in line["exception"]
        assert SEALED not in out.getvalue()

    def test_is_not_written_for_httpx_and_uvicorns_access_log(self, out: io.StringIO) -> None:
        logging.getLogger("httpx").info('HTTP Request: GET "https://h5.example/?token=canary"')
        logging.getLogger("uvicorn.access").info("GET /i/canary")

        assert out.getvalue() == ""

    def test_shows_no_secret_by_name_or_form(self, out: io.StringIO) -> None:
        structlog.get_logger("likeness").info(
            "tried",
            byted_token="canary-1",
            request={"Authorization": "canary-2", "deep": [{"prompt": "canary-3"}]},
            url="https://h5.example/path?accessKeyId=canary-4#canary-5",
            path=f"/i/{SEALED}",
        )

        [line] = lines(out)
        assert "canary" not in out.getvalue()
        assert line["url"] == f"https://h5.example/path?{REDACTED}"
        assert line["path"] == f"/i/{REDACTED}"


class TestRedaction:
    @pytest.mark.parametrize(
        "text",
        [
            "likeness/default/onboarding-with-a-name-of-forty-letters1/video/1",
            "01a20c46-1e16-7479-b655-ed99d9800570",
            "https://api.apimart.ai/v1/tasks/task_01",
            "2026-11-24T06:29:00.123456Z",
            "asset-20260731123456-abcde",
        ],
    )
    def test_leaves_what_an_operator_needs(self, text: str) -> None:
        assert text == redacted_text(text)

    @pytest.mark.parametrize(
        "text",
        [
            SEALED,
            "Bearer canary",
            "sk-canary",
            "https://canary:canary@host.example/",
            "canary@example.org",
            "https://h5.example/?canary",
        ],
    )
    def test_takes_out_what_opens_a_door(self, text: str) -> None:
        said = redacted_text(f"before {text} behind")

        assert "canary" not in said
        assert SEALED not in said
        assert said.startswith("before ")
        assert said.endswith(" behind")

    @pytest.mark.parametrize(
        "text", [SEALED, "sk-canary", "canary@example.org", "http://canary@host", "Bearer canary"]
    )
    def test_takes_the_same_out_of_a_text_that_holds_nothing_else(self, text: str) -> None:
        assert "canary" not in redacted_text(text)
        assert SEALED not in redacted_text(text)

    @example("a-sk-canary")
    @given(st.text("sk-abBEARerhtp://.@?#=_+1 \u017f\u212aé\n", max_size=60))
    def test_of_a_text_taken_for_harmless_would_leave_it_as_it_is(self, text: str) -> None:
        through_all = text
        for form, instead in redaction._FORMS:
            through_all = form.sub(instead, through_all)

        assert through_all == redacted_text(text)

    def test_keeps_numbers_whatever_their_name(self) -> None:
        assert redacted({"token_ttl_s": 1800}) == {"token_ttl_s": 1800}

    def test_reads_objects_as_their_repr(self) -> None:
        class Odd:
            def __repr__(self) -> str:
                return "<odd canary@example.org>"

        assert redacted(Odd()) == f"<odd {REDACTED}>"
