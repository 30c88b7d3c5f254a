from pathlib import Path

import pytest

from commands.key_files import add_keys, make_keys, promote_keys, ring_to_come
from commands.outcomes import CommandError, ExitCode
from commands.webhook_keys import make_secret
from runtime import keys
from runtime.keys import KeyFileError, load_key_file
from runtime.settings import StarterSettings
from runtime.webhook_keys import load_webhook_keys


@pytest.fixture
def settings(tmp_path: Path) -> StarterSettings:
    return StarterSettings(
        payload_keys_file=tmp_path / "keys" / "payload.keys",
        link_keys_file=tmp_path / "keys" / "link.keys",
        webhook_keys_file=tmp_path / "keys" / "webhook.keys",
    )


def writing(settings: StarterSettings) -> tuple[str, str]:
    files = (settings.payload_keys_file, settings.link_keys_file)
    payload, link = (load_key_file(path).write.id for path in files)
    return payload, link


class TestNewKeys:
    def test_are_made_for_their_owner_alone(self, settings: StarterSettings) -> None:
        made = make_keys(settings)

        assert writing(settings) == (made.payload_keys.key_id, made.link_keys.key_id)
        assert made.payload_keys.made
        assert settings.payload_keys_file.stat().st_mode & 0o777 == 0o600

    def test_never_replace_what_is_there(self, settings: StarterSettings) -> None:
        make_keys(settings)
        before = settings.payload_keys_file.read_bytes()

        again = make_keys(settings)

        assert not again.payload_keys.made
        assert not again.link_keys.made
        assert before == settings.payload_keys_file.read_bytes()

    def test_fill_in_the_file_that_is_missing(self, settings: StarterSettings) -> None:
        make_keys(settings)
        settings.link_keys_file.unlink()

        again = make_keys(settings)

        assert (again.payload_keys.made, again.link_keys.made) == (False, True)

    @pytest.mark.parametrize("name", ["link_keys_file", "webhook_keys_file"])
    def test_are_refused_where_two_would_be_one_file(
        self, settings: StarterSettings, name: str
    ) -> None:
        same = settings.model_copy(update={name: settings.payload_keys_file})

        with pytest.raises(KeyFileError, match="name the same file"):
            make_keys(same)
        assert not settings.payload_keys_file.exists()

    def test_hold_a_webhook_secret_for_the_default_tenant(self, settings: StarterSettings) -> None:
        made = make_keys(settings).webhook_keys

        assert (True, ("default",)) == (made.made, made.tenants)
        assert ["default"] == list(load_webhook_keys(settings.webhook_keys_file))

    def test_leave_the_webhook_secrets_that_there_are(self, settings: StarterSettings) -> None:
        make_secret(settings, "studio")
        before = settings.webhook_keys_file.read_bytes()

        made = make_keys(settings).webhook_keys

        assert (False, ("studio",)) == (made.made, made.tenants)
        assert before == settings.webhook_keys_file.read_bytes()


class TestRotation:
    def test_first_adds_keys_that_only_read(self, settings: StarterSettings) -> None:
        make_keys(settings)
        before = writing(settings)

        added = add_keys(settings)

        assert before == writing(settings)
        assert added.payload_key_id in load_key_file(settings.payload_keys_file).read
        assert added.link_key_id in load_key_file(settings.link_keys_file).read
        assert not added.writes

    def test_then_lets_them_write_and_the_old_ones_read(self, settings: StarterSettings) -> None:
        make_keys(settings)
        old = writing(settings)
        added = add_keys(settings)

        promote_keys(settings)

        assert writing(settings) == (added.payload_key_id, added.link_key_id)
        assert old[0] in load_key_file(settings.payload_keys_file).read

    def test_never_adds_a_second_key_while_one_waits(self, settings: StarterSettings) -> None:
        make_keys(settings)
        add_keys(settings)

        with pytest.raises(CommandError, match="was added before and does not write yet"):
            add_keys(settings)

    def test_never_goes_back_to_an_old_key(self, settings: StarterSettings) -> None:
        make_keys(settings)
        add_keys(settings)
        promote_keys(settings)
        now = writing(settings)

        with pytest.raises(CommandError, match="No new key waits") as caught:
            promote_keys(settings)

        assert caught.value.exit_code is ExitCode.FAILED
        assert now == writing(settings)

    def test_is_finished_by_a_repeat_where_it_was_interrupted(
        self, settings: StarterSettings
    ) -> None:
        make_keys(settings)
        added = add_keys(settings)
        keys.promote_newest(settings.payload_keys_file)

        assert ring_to_come(settings).write.id == added.payload_key_id
        promote_keys(settings)

        assert writing(settings) == (added.payload_key_id, added.link_key_id)

    def test_shows_beforehand_how_the_payload_keys_will_be(self, settings: StarterSettings) -> None:
        make_keys(settings)
        old = writing(settings)[0]
        added = add_keys(settings)

        to_come = ring_to_come(settings)

        assert to_come.write.id == added.payload_key_id
        assert set(to_come.read) == {old, added.payload_key_id}

    def test_refuses_files_that_were_swapped_meanwhile(self, settings: StarterSettings) -> None:
        make_keys(settings)
        add_keys(settings)
        settings.payload_keys_file.unlink()
        make_keys(settings)

        with pytest.raises(CommandError, match="waits to write"):
            ring_to_come(settings)

    def test_needs_both_files_before_it_changes_one(self, settings: StarterSettings) -> None:
        make_keys(settings)
        before = settings.payload_keys_file.read_bytes()
        settings.link_keys_file.unlink()

        with pytest.raises(KeyFileError, match="There is no key file"):
            add_keys(settings)
        assert before == settings.payload_keys_file.read_bytes()
