"""Reads a stream of server-sent events, byte by byte as the standard says.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

import codecs
from dataclasses import dataclass

_BOM = "\ufeff"


@dataclass(frozen=True)
class StreamEvent:
    """One event."""

    name: str
    data: str


class EventStream:
    """Takes bytes as they come and gives the events that are whole by then.

    ``last_id`` is that of the last whole event, after which a repeat begins; ``spoke`` tells that
    the server has shown itself alive by a comment.

    Lines end with CR, LF or both and with nothing else: a JSON string may hold any other separator,
    such as U+2028.
    """

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self.spoke = False
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""
        self._begun = False
        self._id = last_id
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """Take the next bytes."""
        text = self._rest + self._decoder.decode(chunk)
        if not self._begun and text:
            self._begun = True
            text = text.removeprefix(_BOM)
        # A CR at the end may be half of a line's end.
        held = "\r" if text.endswith("\r") else ""
        text = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")
        *lines, rest = text.split("\n")
        self._rest = rest + held
        return [event for line in lines if (event := self._line(line)) is not None]

    def _line(self, line: str) -> StreamEvent | None:
        if not line:
            return self._dispatched()
        self.spoke = self.spoke or line.startswith(":")
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        elif field == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatched(self) -> StreamEvent | None:
        name, data = self._name or "message", "\n".join(self._data)
        whole = bool(self._data)
        self._name, self._data = "", []
        self.last_id = self._id
        return StreamEvent(name, data) if whole else None
