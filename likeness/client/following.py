"""Follows one onboarding: a snapshot now, one after each change, over every broken connection."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus

from pydantic import ValidationError

from likeness.client.errors import LikenessError, NoAnswerError, StrangeAnswerError
from likeness.client.event_stream import EventStream, StreamEvent
from likeness.client.transport import Call, Transport
from likeness.rest.onboardings import Onboarding

SILENCE_S = 45.0
"""likeness says something every 15 s, so that a dead connection is noticed."""


ENDED = "ended"
_TOLD = frozenset({"onboarding", ENDED})
_NOTHING_NEW = StreamEvent(ENDED, "")


async def followed(transport: Transport, path: str) -> AsyncGenerator[Onboarding, None]:
    """Give each snapshot until the run is over, which the last one tells.

    Raises:
        LikenessError: The stream could not be opened, or again, as often as ``patience`` says.

    """
    stream, tried = EventStream(), 0
    while True:
        tried += 1
        failure: LikenessError
        try:
            async with aclosing(_once(transport, path, stream)) as events:
                async for event in events:
                    # What was told is a success; the next failure is a first one.
                    tried = 1
                    if event is not _NOTHING_NEW:
                        yield _snapshot(event.data)
                    if event.name == ENDED:
                        return
            failure = NoAnswerError("likeness closed the stream of events.", maybe_done=False)
        except LikenessError as error:
            failure = error
        if stream.spoke:
            # It lived and had nothing to tell: onboardings rest for days.
            tried = 1
        if not await transport.patience.again(failure, tried=tried, repeatable=True):
            raise failure
        stream = EventStream(stream.last_id)


async def _once(
    transport: Transport, path: str, stream: EventStream
) -> AsyncGenerator[StreamEvent, None]:
    headers = {"Last-Event-ID": stream.last_id} if stream.last_id else {}
    async with transport.streamed(Call(path=path, headers=headers), silence_s=SILENCE_S) as chunks:
        if chunks is None:
            yield _NOTHING_NEW
            return
        async for chunk in chunks:
            for event in stream.feed(chunk):
                if event.name in _TOLD:
                    yield event


def _snapshot(data: str) -> Onboarding:
    try:
        return Onboarding.model_validate_json(data)
    except ValidationError:
        raise StrangeAnswerError(HTTPStatus.OK) from None
