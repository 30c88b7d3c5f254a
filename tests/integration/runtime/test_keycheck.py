import asyncio

import pytest

from likeness.ids import KEY_CHECK_WORKFLOW_ID
from likeness.temporal.keyring import Key, KeyRing
from runtime.keycheck import WrongKeyError, check_keys, store_anew
from tests.integration.runtime.conftest import Realm

pytestmark = pytest.mark.server

OTHER = Key.of(b"o" * 32)


class TestTheKeyCheck:
    async def test_passes_with_the_key_of_its_first_use(self, realm: Realm) -> None:
        await check_keys(realm.client, realm.keys)

        await check_keys(realm.client, realm.keys)

    async def test_refuses_another_key_and_names_both_sides_by_id(self, realm: Realm) -> None:
        await check_keys(realm.client, realm.keys)
        others = KeyRing.of(OTHER)

        with pytest.raises(WrongKeyError, match=f"holds the keys {OTHER.id}, but namespace"):
            await check_keys(await realm.client_with(others), others)

    async def test_lets_one_of_two_first_users_win(self, realm: Realm) -> None:
        others = KeyRing.of(OTHER)
        rival = await realm.client_with(others)

        outcomes = await asyncio.gather(
            check_keys(realm.client, realm.keys),
            check_keys(rival, others),
            return_exceptions=True,
        )

        assert sorted(type(outcome).__name__ for outcome in outcomes) == [
            "NoneType",
            "WrongKeyError",
        ]

    async def test_after_rotation_refuses_who_lacks_the_new_key(self, realm: Realm) -> None:
        rotated = KeyRing.of(OTHER, realm.keys.write)
        await check_keys(realm.client, realm.keys)

        await store_anew(await realm.client_with(rotated), rotated)

        await check_keys(await realm.client_with(rotated), rotated)
        with pytest.raises(WrongKeyError):
            await check_keys(realm.client, realm.keys)

    async def test_refuses_who_lacks_a_key_that_was_not_retired(self, realm: Realm) -> None:
        old = realm.keys.write
        both, new = KeyRing.of(OTHER, old), KeyRing.of(OTHER)
        await check_keys(realm.client, realm.keys)
        await store_anew(await realm.client_with(both), both)
        client = await realm.client_with(new)

        with pytest.raises(WrongKeyError, match=f"lacks the key {old.id}"):
            await check_keys(client, new)

        await store_anew(client, new, retiring=old.id)
        await check_keys(client, new)

    async def test_is_not_stored_anew_by_who_cannot_read_it(self, realm: Realm) -> None:
        await check_keys(realm.client, realm.keys)
        others = KeyRing.of(OTHER)

        with pytest.raises(WrongKeyError):
            await store_anew(await realm.client_with(others), others)

        await check_keys(realm.client, realm.keys)

    async def test_outlives_its_termination_but_not_with_another_key(self, realm: Realm) -> None:
        await check_keys(realm.client, realm.keys)
        await realm.client.get_workflow_handle(KEY_CHECK_WORKFLOW_ID).terminate()
        others = KeyRing.of(OTHER)

        with pytest.raises(WrongKeyError):
            await check_keys(await realm.client_with(others), others)
        await check_keys(realm.client, realm.keys)

        found = await realm.client.get_workflow_handle(KEY_CHECK_WORKFLOW_ID).describe()
        assert found.close_time is None
