from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from likeness.failures import FailureCode
from runtime.api_key_file import revoke_api_key
from runtime.api_keys import ApiKeys, Scope
from tests.unit.web.api.probing import NOW, Calls, Keys, bearer, problem_of
from web.api.gate import BAD_KEYS, Gate

MINUTE = timedelta(minutes=1)


class TestAGoodKey:
    async def test_names_caller_and_tenant(self, api: httpx.AsyncClient, keys: Keys) -> None:
        key = keys.new(Scope.READ, tenant="acme")

        told = (await api.get("/things", headers=bearer(key))).json()

        assert {"actor": "key:backend", "tenant": "acme", "name": ""} == told

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
    async def test_may_spell_its_scheme_in_any_case(
        self, api: httpx.AsyncClient, keys: Keys, scheme: str
    ) -> None:
        secret = keys.new().secret.get_secret_value()

        response = await api.get("/things", headers={"Authorization": f"{scheme} {secret}"})

        assert 200 == response.status_code

    async def test_is_good_until_the_moment_it_expires(
        self, api: httpx.AsyncClient, keys: Keys
    ) -> None:
        key = keys.new(expires_in=MINUTE)

        assert 200 == (await api.get("/things", headers=bearer(key))).status_code

    async def test_is_let_in_where_others_try_bad_ones(
        self, api: httpx.AsyncClient, keys: Keys
    ) -> None:
        key = keys.new()
        for _ in range(BAD_KEYS.at_most + 1):
            await api.get("/things", headers=bearer("lk_nonsense"))

        assert 200 == (await api.get("/things", headers=bearer(key))).status_code


class TestNobodyElse:
    async def test_without_a_key(self, api: httpx.AsyncClient, calls: Calls) -> None:
        response = await api.get("/things")

        assert (401, FailureCode.KEY_MISSING) == problem_of(response)
        assert 'Bearer realm="likeness"' == response.headers["www-authenticate"]
        assert [] == calls.entered

    @pytest.mark.parametrize(
        "given",
        [
            "",
            "Bearer",
            "Bearer ",
            "Bearer lk_",
            "Bearer lk_00000000_" + "A" * 43,
            "Bearer lk_0000000_" + "A" * 44,
            "Basic bGs6bGs=",
            "Bearer \xff",
            "Bearer " + "lk_" * 2000,
        ],
    )
    async def test_with_what_is_no_key(
        self, api: httpx.AsyncClient, calls: Calls, given: str
    ) -> None:
        response = await api.get("/things", headers=[(b"authorization", given.encode("latin-1"))])

        assert (401, FailureCode.KEY_REFUSED) == problem_of(response)
        assert 'error="invalid_token"' in response.headers["www-authenticate"]
        assert [] == calls.entered

    async def test_with_a_good_id_and_another_secret(
        self, api: httpx.AsyncClient, keys: Keys
    ) -> None:
        key, other = keys.new(), keys.new()
        forged = f"lk_{key.key.id}_{other.secret.get_secret_value()[12:]}"

        response = await api.get("/things", headers=bearer(forged))

        assert (401, FailureCode.KEY_REFUSED) == problem_of(response)

    async def test_with_two_keys_at_once(self, api: httpx.AsyncClient, keys: Keys) -> None:
        good = bearer(keys.new())["Authorization"]

        response = await api.get(
            "/things", headers=[("Authorization", good), ("Authorization", good)]
        )

        assert (401, FailureCode.KEY_REFUSED) == problem_of(response)

    async def test_with_a_key_in_the_query(self, api: httpx.AsyncClient, keys: Keys) -> None:
        secret = keys.new().secret.get_secret_value()

        response = await api.get("/things", params={"access_token": secret})

        assert (401, FailureCode.KEY_MISSING) == problem_of(response)

    @pytest.mark.parametrize("ago", [timedelta(), MINUTE])
    async def test_with_a_key_that_has_expired(
        self, api: httpx.AsyncClient, keys: Keys, ago: timedelta
    ) -> None:
        response = await api.get("/things", headers=bearer(keys.new(expires_in=-ago)))

        assert (401, FailureCode.KEY_EXPIRED) == problem_of(response)

    async def test_with_a_key_from_the_moment_it_is_revoked(
        self, api: httpx.AsyncClient, keys: Keys
    ) -> None:
        key, other = keys.new(), keys.new()
        before = await api.get("/things", headers=bearer(key))

        revoke_api_key(keys.path, key.key.id)

        assert 200 == before.status_code
        after = await api.get("/things", headers=bearer(key))
        assert (401, FailureCode.KEY_REFUSED) == problem_of(after)
        assert 200 == (await api.get("/things", headers=bearer(other))).status_code

    @pytest.mark.parametrize(
        ("has", "refused"),
        [
            (Scope.READ, ("/things", "start")),
            (Scope.READ, ("/things/1/burn", "operate")),
            (Scope.START, ("/things/1/burn", "operate")),
        ],
    )
    async def test_with_too_low_a_scope(
        self,
        api: httpx.AsyncClient,
        keys: Keys,
        calls: Calls,
        has: Scope,
        refused: tuple[str, str],
    ) -> None:
        path, needs = refused

        response = await api.post(path, headers=bearer(keys.new(has)), content=b"{")

        assert (403, FailureCode.SCOPE_TOO_LOW) == problem_of(response)
        assert f"This needs an API key of the scope {needs}." == response.json()["detail"]
        assert [] == calls.entered

    async def test_while_there_is_no_file_of_keys_and_the_log_says_so_once(
        self, api: httpx.AsyncClient, keys: Keys
    ) -> None:
        key = keys.new()
        keys.path.unlink()

        with capture_logs() as lines:
            answers = [await api.get("/things", headers=bearer(key)) for _ in range(3)]

        assert [(401, FailureCode.KEY_REFUSED)] * 3 == [problem_of(each) for each in answers]
        complaints = [line for line in lines if line["event"] == "no_api_key_is_taken"]
        assert 1 == len(complaints)
        assert "starter.py keys api new" in complaints[0]["because"]

    async def test_and_no_log_tells_a_key(self, api: httpx.AsyncClient, keys: Keys) -> None:
        key = keys.new()
        revoke_api_key(keys.path, key.key.id)

        with capture_logs() as lines:
            await api.get("/things", headers=bearer(key))

        assert key.secret.get_secret_value()[12:] not in repr(lines)


class TestTheLimits:
    async def test_of_a_key_are_its_own(
        self, api: httpx.AsyncClient, keys: Keys, calls: Calls
    ) -> None:
        few, other = keys.new(per_minute=2), keys.new(per_minute=2)

        answers = [await api.get("/things", headers=bearer(few)) for _ in range(3)]

        assert [200, 200, 429] == [each.status_code for each in answers]
        assert (429, FailureCode.TOO_MANY_REQUESTS) == problem_of(answers[2])
        assert 1 <= int(answers[2].headers["retry-after"]) <= 60
        assert 200 == (await api.get("/things", headers=bearer(other))).status_code
        assert [few.key.id, few.key.id, other.key.id] == calls.entered

    async def test_count_what_is_refused_for_its_scope_too(
        self, api: httpx.AsyncClient, keys: Keys
    ) -> None:
        key = keys.new(Scope.READ, per_minute=1)

        answers = [await api.post("/things", headers=bearer(key)) for _ in range(2)]

        assert [403, 429] == [each.status_code for each in answers]

    async def test_of_bad_keys_are_the_addresss(self, api: httpx.AsyncClient) -> None:
        answers = [
            await api.get("/things", headers=bearer(f"lk_{number}"))
            for number in range(BAD_KEYS.at_most + 1)
        ]

        assert {401} == {each.status_code for each in answers[:-1]}
        assert (429, FailureCode.TOO_MANY_REQUESTS) == problem_of(answers[-1])


class TestStrangers:
    async def test_from_more_addresses_than_it_remembers_take_no_more_memory(
        self, app: FastAPI, keys: Keys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The address that was counted longest ago is forgotten, and counted anew."""
        monkeypatch.setattr("web.api.gate.MOST_ADDRESSES", 2)
        app.state.admit = Gate(ApiKeys(keys.path), clock=lambda: NOW).admit

        async def told(address: str) -> int:
            transport = httpx.ASGITransport(app=app, client=(address, 1234))
            async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as api:
                return (await api.get("/things", headers=bearer("lk_nonsense"))).status_code

        often = [await told("2001:db8::1") for _ in range(BAD_KEYS.at_most + 1)]
        others = [await told(address) for address in ("2001:db8::2", "2001:db8::3")]

        assert [401] * BAD_KEYS.at_most + [429] == often
        assert [401, 401, 401] == [*others, await told("2001:db8::1")]
