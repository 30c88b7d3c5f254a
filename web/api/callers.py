"""Who calls: what an API key stands for, and how a route gets at it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from runtime.api_keys import Scope


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whose key came with a request. The tenant comes of it, never of what the request says."""

    tenant: str
    account: str
    key_id: str
    name: str
    scope: Scope

    @property
    def actor(self) -> str:
        """Give the word under which orders are kept."""
        return f"key:{self.name}"


Admit = Callable[[Request, Scope], Awaitable[Caller]]
"""Lets a request in that carries a key of that scope; raises ``ProblemError`` for any other.

``web.api.routing`` calls it, once for each request; a route never does.
"""


def _admitted(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


Admitted = Annotated[Caller, Depends(_admitted)]
"""A route's parameter that is the caller, whose key has the scope that the route declares."""
