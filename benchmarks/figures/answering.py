"""``python -m benchmarks.figures.answering PORT``: answers every request with one task's state.

It reads no more of a request than where it ends, so that a client waits for next to nothing.
"""

import asyncio
import sys

END_OF_HEAD = b"\r\n\r\n"
READY = "answering"

BODY = (
    b'{"code":200,"data":{"id":"task_01K8SGYNNNVBQTXNR4MM964S7K","status":"processing",'
    b'"progress":40,"created":1792000000,"estimated_time":90}}'
)
ANSWER = (
    b"HTTP/1.1 200 OK\r\n"
    b"content-type: application/json\r\n"
    b"server: nginx\r\n"
    b"date: Fri, 27 Nov 2026 09:00:00 GMT\r\n"
    b"x-request-id: 0198d1a4c9f27c31a6de52f7a1b0c3d4\r\n"
    b"content-length: %d\r\n\r\n%b" % (len(BODY), BODY)
)


class _Answers(asyncio.Protocol):
    """One connection; requests have no body, and come one after the other."""

    def __init__(self) -> None:
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where answers go."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer as soon as a head is complete."""
        self._read += data
        if self._read.endswith(END_OF_HEAD):
            self._read = b""
            if isinstance(self._transport, asyncio.WriteTransport):
                self._transport.write(ANSWER)


async def main(port: int) -> None:
    """Serve until killed."""
    await asyncio.get_running_loop().create_server(_Answers, "127.0.0.1", port)
    print(READY, flush=True)  # noqa: T201 - the line by which it is known to be ready
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
