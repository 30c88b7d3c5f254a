"""Bytes of a stream of events, however they are cut."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from likeness.client.event_stream import EventStream, StreamEvent

WHOLE = (
    "\ufeff: hello\n\nid: 1\ndata: a\n\n"
    "event: change\r\ndata: b\u2028\u0085c\r\ndata: ä\r\nid: 2\r\n\r\n"
    "data:d\rid\r\r"
    "id: 3\n\nretry: 5\nnonsense\ndata\n\ndata: half"
)
EVENTS = [
    StreamEvent("message", "a"),
    StreamEvent("change", "b\u2028\u0085c\nä"),
    StreamEvent("message", "d"),
    StreamEvent("message", ""),
]


class TestEventStream:
    def test_it_gives_every_whole_event(self) -> None:
        stream = EventStream()

        assert EVENTS == stream.feed(WHOLE.encode())
        assert "3" == stream.last_id

    @given(st.lists(st.integers(min_value=0, max_value=len(WHOLE.encode()))))
    def test_it_makes_no_difference_how_they_are_cut(self, cuts: list[int]) -> None:
        stream, body = EventStream(), WHOLE.encode()
        edges = [0, *sorted(cuts), len(body)]

        found = [event for start, end in pairwise(edges) for event in stream.feed(body[start:end])]

        assert EVENTS == found

    def test_an_id_counts_once_its_event_is_whole(self) -> None:
        stream = EventStream("7")

        stream.feed(b"id: 8\ndata: x\n")
        before = stream.last_id
        stream.feed(b"\n")

        assert ("7", "8") == (before, stream.last_id)

    def test_an_id_with_a_nul_is_none(self) -> None:
        stream = EventStream("7")

        stream.feed(b"id: \x00\ndata: x\n\n")

        assert "7" == stream.last_id
