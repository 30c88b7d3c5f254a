"""The API key, the one address it may be sent to, and the connections to it."""

import asyncio
import importlib.metadata
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPMethod, HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, SecretStr

from likeness.client.answers import FIRST_ERROR, Answer, ShapeT, problem_of, read
from likeness.client.errors import LikenessError, NoAnswerError, StrangeAnswerError
from likeness.client.patience import Patience

CONNECT_TIMEOUT_S = 5.0
MAX_ANSWER_BYTES = 8 * 1024 * 1024
EVENT_STREAM = "text/event-stream"

# Shorter than the server's 5 s: a POST that leaves in the moment in which the server hangs up has
# an unknown outcome, though nothing has happened.
_KEEPALIVE_S = 3.0
_VISIBLE_ASCII = re.compile(r"[!-~]{1,1024}")
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_SAFE = frozenset({HTTPMethod.GET, HTTPMethod.HEAD})


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call below ``/v1``. ``repeatable``: doing it twice comes to the same as doing it once."""

    method: HTTPMethod = HTTPMethod.GET
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: BaseModel | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    repeatable: bool = True


class Transport:
    """Sends calls, again where that is safe, and reads what comes back.

    ``timeout_s`` is for one whole exchange. Redirects are never followed, nothing is logged, and no
    error holds what was sent.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: SecretStr,
        patience: Patience,
        timeout_s: float,
        allow_plain_http: bool,
        http: httpx.AsyncClient | None,
    ) -> None:
        if not _VISIBLE_ASCII.fullmatch(api_key.get_secret_value()):
            raise ValueError("the API key must be 1 to 1024 visible ASCII characters, no spaces")
        self._api_key = api_key
        self._base_url = _checked_base_url(base_url, allow_plain_http=allow_plain_http)
        self._timeout_s = timeout_s
        self.patience = patience
        self._owns_http = http is None
        self._http = http or httpx.AsyncClient(
            # A proxy or .netrc of the environment must never see the key unasked.
            trust_env=False,
            limits=httpx.Limits(max_connections=100, keepalive_expiry=_KEEPALIVE_S),
        )

    async def aclose(self) -> None:
        """Close the connections, unless they belong to the caller's own client."""
        if self._owns_http:
            await self._http.aclose()

    async def ask(self, call: Call, shape: type[ShapeT]) -> ShapeT:
        """Give the answer of a call, tried again as ``patience`` says.

        Raises:
            ProblemError: likeness said no.
            NoAnswerError: No complete answer came.
            StrangeAnswerError: Something else answered.

        """
        tried = 0
        while True:
            tried += 1
            try:
                return read(await self._exchange(call), shape)
            except LikenessError as error:
                if not await self.patience.again(error, tried=tried, repeatable=call.repeatable):
                    raise

    @asynccontextmanager
    async def streamed(
        self, call: Call, *, silence_s: float
    ) -> AsyncIterator[AsyncIterator[bytes] | None]:
        """Open a stream of events once; gives its bytes. Nothing for ``silence_s`` breaks it off.

        None stands for a stream that is over and has nothing new.

        Raises:
            LikenessError: It could not be opened, or broke off.

        """
        failure: LikenessError
        try:
            response = await self._send(call, silence_s, accept=EVENT_STREAM)
            try:
                await _check_stream(response)
                over = response.status_code == HTTPStatus.NO_CONTENT
                yield None if over else response.aiter_bytes()
            finally:
                await response.aclose()
        except (httpx.HTTPError, TimeoutError) as error:
            failure = _no_answer(call, error)
        else:
            return
        raise failure

    async def _exchange(self, call: Call) -> Answer:
        failure: LikenessError
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._send(call, self._timeout_s, accept="application/json")
                try:
                    return await _whole(response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, TimeoutError) as error:
            failure = _no_answer(call, error)
        # Out here on purpose: the exceptions above carry the request with the API key.
        raise failure

    async def _send(self, call: Call, silence_s: float, *, accept: str) -> httpx.Response:
        body = None
        headers = {
            "Authorization": f"Bearer {self._api_key.get_secret_value()}",
            "Accept": accept,
            "User-Agent": _user_agent(),
            **call.headers,
        }
        if call.body is not None:
            # Only what was said: an older likeness refuses fields that it does not know.
            body = call.body.model_dump_json(exclude_unset=True, exclude_none=True).encode()
            headers["Content-Type"] = "application/json"
        request = self._http.build_request(
            call.method,
            f"{self._base_url}/v1{call.path}",
            params=dict(call.params) or None,
            content=body,
            headers=headers,
            timeout=httpx.Timeout(silence_s, connect=CONNECT_TIMEOUT_S),
        )
        return await self._http.send(request, stream=True, auth=None, follow_redirects=False)


async def _whole(response: httpx.Response) -> Answer:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise StrangeAnswerError(response.status_code)
    return Answer(response.status_code, dict(response.headers), bytes(body))


async def _check_stream(response: httpx.Response) -> None:
    if response.status_code >= FIRST_ERROR:
        raise problem_of(await _whole(response))
    if response.status_code == HTTPStatus.NO_CONTENT:
        return
    media_type = response.headers.get("content-type", "").partition(";")[0].strip()
    if not response.is_success or media_type != EVENT_STREAM:
        raise StrangeAnswerError(response.status_code)


def _no_answer(call: Call, error: Exception) -> NoAnswerError:
    if isinstance(error, _NEVER_SENT):
        return NoAnswerError("likeness could not be reached.", maybe_done=False)
    return NoAnswerError(
        "No complete answer came from likeness in time.", maybe_done=call.method not in _SAFE
    )


def _user_agent() -> str:
    try:
        return f"likeness-python/{importlib.metadata.version('likeness')}"
    except importlib.metadata.PackageNotFoundError:
        return "likeness-python"


def _checked_base_url(base_url: str, *, allow_plain_http: bool) -> str:
    """Reduce to origin and path prefix, without ``/v1``, which every path brings along.

    Raises:
        ValueError: The text never holds the URL, which might hold a password.

    """
    refusal = (
        "base_url must look like https://host, or http://127.0.0.1:port for this machine; "
        "allow_plain_http lets other hosts be asked in clear, API key included"
    )
    try:
        parts = urlsplit(base_url.strip())
        port_is_fine = parts.port is None or parts.port > 0
        host = parts.hostname or ""
    except ValueError:
        port_is_fine, host = False, ""
    plain = (
        parts.scheme == "http" and (allow_plain_http or _is_this_machine(host)) if host else False
    )
    secure = plain or (bool(host) and parts.scheme == "https")
    if not secure or not port_is_fine or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(refusal)
    path = parts.path.rstrip("/").removesuffix("/v1")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
