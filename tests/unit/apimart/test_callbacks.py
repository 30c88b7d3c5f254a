"""What a verification callback claims."""

import pytest
from pydantic import SecretStr

from apimart.callbacks import CallbackHint, read_callback

DOCUMENTED = (
    "bytedToken=tok%2B1&resultCode=10000&algorithmBaseRespCode=0"
    "&reqMeasureInfoValue=1&verify_type=real_time"
)
READ = CallbackHint(
    result_code=10000,
    algorithm_code=0,
    billable=True,
    verification_type="real_time",
    byted_token=SecretStr("tok+1"),
)
NOTHING = CallbackHint()
JSON_BODY = (
    b'{"bytedToken":"tok+1","resultCode":10000,"algorithmBaseRespCode":"0",'
    b'"reqMeasureInfoValue":1,"verify_type":"real_time"}'
)


class TestCallback:
    def test_the_documented_redirect_is_read(self) -> None:
        assert read_callback(query=DOCUMENTED) == READ
        assert READ.claims_pass is True

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("application/x-www-form-urlencoded", DOCUMENTED.encode()),
            ("application/json; charset=utf-8", JSON_BODY),
            ("application/json", b'{"code":0,"data":' + JSON_BODY + b"}"),
            (None, JSON_BODY),
            (None, DOCUMENTED.encode()),
            ("text/plain", JSON_BODY),
        ],
    )
    def test_form_and_json_bodies_say_the_same(self, content_type: str | None, body: bytes) -> None:
        assert read_callback(content_type=content_type, body=body) == READ

    def test_the_query_wins_over_the_body(self) -> None:
        found = read_callback(query="resultCode=-1006", body=JSON_BODY)

        assert (found.result_code, found.claims_pass) == (-1006, False)

    def test_of_repeated_parameters_the_first_counts(self) -> None:
        assert read_callback(query="resultCode=-1003&resultCode=10000").result_code == -1003

    def test_an_empty_callback_claims_nothing(self) -> None:
        assert read_callback() == NOTHING
        assert NOTHING.claims_pass is None

    def test_the_token_does_not_show(self) -> None:
        assert "tok+1" not in repr(READ) + str(READ)

    @pytest.mark.parametrize(
        "query",
        [
            "resultCode=",
            "resultCode=ok",
            "resultCode=1e9",
            "resultCode=99999999999999",
            "resultCode=1.5",
            "resultCode=%00",
            "resultCode[]=10000",
            "&".join(f"a{number}=1" for number in range(65)),
            "x=" + "a" * 9000 + "&resultCode=10000",
            "bytedToken=a%20b",
            "bytedToken=tok%0d%0aSet-Cookie",
            "verify_type=<script>",
        ],
    )
    def test_nonsense_and_excess_are_as_good_as_absent(self, query: str) -> None:
        assert read_callback(query=query) == NOTHING

    @pytest.mark.parametrize(
        "body",
        [b"[" * 16_000, b'{"resultCode":true}', b"\xff\xfe\x00", b"x" * 20_000, b"null", b"NaN"],
    )
    def test_bodies_of_nonsense_claim_nothing(self, body: bytes) -> None:
        assert read_callback(content_type="application/json", body=body) == NOTHING
