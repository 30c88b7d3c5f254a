"""What a verification callback claims, read without believing any of it.

https://docs.byteplus.com (ModelArk) describes it as a redirect of the person's browser with five
query parameters and no signature, so anyone can type them. They may choose the words of a page
and wake a query of our own; they never prove that somebody passed.
"""

from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, JsonValue, SecretStr

from apimart import bounded_json
from apimart.fields import JsonObject, as_object, code_word, first, opaque, whole_number

MAX_QUERY_CHARACTERS = 8 * 1024
MAX_BODY_BYTES = 16 * 1024
PASSED_CODE = 10000

_MAX_FIELDS = 64
_MAX_CODE = 10**9


class CallbackHint(BaseModel):
    """The parameters of a callback, each None when absent or nonsense.

    Attributes:
        result_code: 10000 claims a pass, anything else a failure.
        algorithm_code: sub-code, 0 on success.
        billable: whether the attempt claims to be a counted one.
        verification_type: `real_time` so far.
        byted_token: the token it claims to be about; for comparison with ours only, never for use.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    result_code: int | None = None
    algorithm_code: int | None = None
    billable: bool | None = None
    verification_type: str | None = None
    byted_token: SecretStr | None = None

    @property
    def claims_pass(self) -> bool | None:
        """Whether it claims that the person passed; None when it does not say."""
        return None if self.result_code is None else self.result_code == PASSED_CODE


def read_callback(
    *, query: str = "", content_type: str | None = None, body: bytes = b""
) -> CallbackHint:
    """Read a GET or POST callback, form or JSON; never raises.

    Args:
        query: raw query string, without the question mark; ignored above 8192 characters.
        content_type: of the body; without one the body is looked at both ways.
        body: raw body; ignored above 16384 bytes.
    """
    claimed = _from_body(content_type or "", body)
    # The redirect's own parameters come later and win over a body that contradicts them.
    claimed.update(_from_pairs(query, MAX_QUERY_CHARACTERS))
    return _hint(claimed)


def _hint(claimed: JsonObject) -> CallbackHint:
    token = opaque(first(claimed, "bytedToken", "byted_token", "BytedToken"))
    measured = _code(first(claimed, "reqMeasureInfoValue", "req_measure_info_value"))
    return CallbackHint(
        result_code=_code(first(claimed, "resultCode", "result_code", "ResultCode")),
        algorithm_code=_code(first(claimed, "algorithmBaseRespCode", "algorithm_base_resp_code")),
        billable=None if measured not in (0, 1) else measured == 1,
        verification_type=code_word(first(claimed, "verify_type", "verifyType")),
        byted_token=None if token is None else SecretStr(token),
    )


def _code(value: JsonValue) -> int | None:
    code = whole_number(value)
    return code if code is not None and abs(code) <= _MAX_CODE else None


def _from_body(content_type: str, body: bytes) -> JsonObject:
    if not body or len(body) > MAX_BODY_BYTES:
        return {}
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return _from_pairs(body.decode("utf-8", errors="replace"), MAX_BODY_BYTES)
    return _from_json(body) or (
        {} if kind else _from_pairs(body.decode("utf-8", errors="replace"), MAX_BODY_BYTES)
    )


def _from_json(body: bytes) -> JsonObject:
    try:
        claimed = as_object(bounded_json.loads(body, max_bytes=MAX_BODY_BYTES))
    except bounded_json.UnreadableJsonError:
        return {}
    nested = first(claimed, "data", "Data", "result", "Result")
    return {**as_object(nested), **claimed}


def _from_pairs(encoded: str, limit: int) -> JsonObject:
    if len(encoded) > limit:
        return {}
    try:
        pairs = parse_qsl(encoded, max_num_fields=_MAX_FIELDS, errors="replace")
    except ValueError:
        return {}
    claimed: JsonObject = {}
    for name, value in pairs:
        # The first one is the provider's own; a repeated one was put behind it by somebody.
        claimed.setdefault(name, value)
    return claimed
