"""Put answers and refusals into the shapes that the vendor's pages show."""

import secrets
from typing import Literal

from fastapi.responses import JSONResponse
from pydantic import JsonValue


class RefusedError(Exception):
    """The request is answered with an error of the documented envelope."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message


def invalid(message: str) -> RefusedError:
    """Return the 400 that names what is wrong with a request."""
    return RefusedError(400, "invalid_request_error", message)


def success(data: JsonValue, *, envelope: dict[str, JsonValue] | None = None) -> JSONResponse:
    """Return `{"code": 200, "data": ...}` with `envelope`'s keys beside them."""
    return JSONResponse({"code": 200, "data": data, **(envelope or {})})


def error(
    status: int,
    kind: str,
    message: str,
    *,
    code: int | str | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Return `{"error": {code, message, type}}`; `code` is the status unless told otherwise."""
    body = {"code": status if code is None else code, "message": message, "type": kind}
    return JSONResponse({"error": body}, status_code=status, headers=headers)


def live_unauthorized() -> JSONResponse:
    """Return the 401 as probes of the live service saw it: no code, a type of its own."""
    body = {"message": "Invalid token", "type": "apimart_error"}
    return JSONResponse({"error": body}, status_code=401)


def shaped(
    data: dict[str, JsonValue], *, container: Literal["object", "list"], id_key: str
) -> JsonValue:
    """Return task data in one edition: its `id` under `id_key`, as an object or a list of one."""
    renamed = {id_key if key == "id" else key: value for key, value in data.items()}
    return [renamed] if container == "list" else renamed


def new_id(prefix: str) -> str:
    """Return an identifier in the vendor's manner."""
    return f"{prefix}{secrets.token_hex(10)}"
