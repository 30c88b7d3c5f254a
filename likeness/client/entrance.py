"""The way in: one client for one likeness and one API key."""

from types import TracebackType
from typing import Self

import httpx
from pydantic import SecretStr

from likeness.client.onboardings import Onboardings
from likeness.client.patience import Patience
from likeness.client.people import People
from likeness.client.transport import Transport

TIMEOUT_S = 60.0
"""Longer than likeness itself takes at most, which looks at every asset of a new onboarding."""


class Likeness:
    """Talks to one likeness: ``onboardings`` and ``people``.

    ::

        async with Likeness("https://likeness.example", api_key=key) as likeness:
            created = await likeness.onboardings.create(person="maria", assets=[...])

    Args:
        base_url: https, or http to this machine; with or without ``/v1`` at its end.
        api_key: sent to ``base_url`` only; stands in no repr, log or error.
        patience: how often a call that is safe to repeat is tried, and how long before each repeat.
        timeout_s: for one try, from the connection to the whole answer.
        allow_plain_http: lets another host than this machine be asked in clear, API key included.
        http: a client to use instead of an own one, for a proxy or a private CA; closing it stays
            the caller's affair.

    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | SecretStr,
        patience: Patience | None = None,
        timeout_s: float = TIMEOUT_S,
        allow_plain_http: bool = False,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._transport = Transport(
            base_url=base_url,
            api_key=api_key if isinstance(api_key, SecretStr) else SecretStr(api_key),
            patience=patience or Patience(),
            timeout_s=timeout_s,
            allow_plain_http=allow_plain_http,
            http=http,
        )
        self.onboardings = Onboardings(self._transport)
        self.people = People(self._transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections, unless they belong to the caller's own client."""
        await self._transport.aclose()
