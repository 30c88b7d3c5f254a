"""What carries requests to the provider: what a wire gives back, and how it breaks."""

from collections.abc import Mapping
from typing import Protocol

from apimart.protocol import Answer, Outgoing

CONNECT_TIMEOUT_S = 5.0

KEEPALIVE_S = 3.0
"""Shorter than any usual idle time (Node's and uvicorn's are 5 s): a POST that leaves in the moment
in which the server hangs up has an unknown outcome, though nothing has happened."""

MAX_CONNECTIONS = 32
FIRST_ERROR = 400


class NeverLeftError(Exception):
    """No byte of the request can have reached the provider; ``code`` says what was in the way."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class BrokenOffError(Exception):
    """The request may have been read, and no complete answer came; ``code`` says what came."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Wire(Protocol):
    """One way to send a request once, without following redirects or keeping cookies."""

    async def exchange(
        self, outgoing: Outgoing, url: str, headers: Mapping[str, str], *, timeout_s: float
    ) -> Answer:
        """Send it; an answer of any status is none of this layer's failures.

        An error status counts even when its body breaks off; a body beyond the limit is cut.

        Raises:
            NeverLeftError: surely without effect.
            BrokenOffError: anything else that went wrong.
        """

    async def aclose(self) -> None:
        """Close the connections, unless they belong to somebody else."""
