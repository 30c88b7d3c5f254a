"""Who calls: the scopes of API keys, and what a key stands for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

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
"""Lets a request in that carries a key of that scope; raises ``ProblemError`` for any other."""
