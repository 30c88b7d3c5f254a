import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from likeness.messages.onboarding import OnboardingPolicy
from runtime.loading import SettingsError, load
from runtime.settings import (
    PolicySettings,
    StarterSettings,
    UpstreamSettings,
    WebSettings,
    WorkerSettings,
)

EXAMPLE = (Path(__file__).parents[3] / ".env.example").read_text()
ALL: tuple[type[BaseSettings], ...] = (WorkerSettings, WebSettings, StarterSettings)
KEY = "sk-canary-0123456789"


@pytest.fixture(autouse=True)
def _no_secrets_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "secrets"))


def said_of(settings: type[BaseSettings]) -> str:
    with pytest.raises(SettingsError) as caught:
        load(settings)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


class TestTheExampleFile:
    def test_names_every_variable_and_no_other(self) -> None:
        named = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))

        fields = {name.upper() for settings in ALL for name in settings.model_fields}
        assert {name for name in named if not name.startswith("TEMPORAL_")} == {
            *fields,
            "SECRETS_DIR",
        }

    def test_shows_the_true_defaults(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("APIMART_API_KEY", KEY)
        before = [load(settings) for settings in ALL]
        shown = re.findall(r"^# ([A-Z][A-Z0-9_]+)=(.*)$", EXAMPLE, re.MULTILINE)
        for name, value in shown:
            if name != "SECRETS_DIR":
                monkeypatch.setenv(name, value)

        assert [load(settings) for settings in ALL] == before

    def test_says_a_word_on_every_variable(self) -> None:
        blocks = [block for block in EXAMPLE.split("\n\n") if "=" in block]

        for block in blocks:
            assert block.startswith("#")


class TestAMissingVariable:
    def test_stops_with_name_shape_and_remedy(self) -> None:
        assert said_of(UpstreamSettings) == (
            "APIMART_API_KEY is missing: set it, by the environment or a file apimart_api_key in "
            "SECRETS_DIR, to the API key of your APIMart account, 8 to 512 characters without "
            "spaces."
        )

    def test_is_also_one_left_empty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("APIMART_API_KEY", "")

        assert "APIMART_API_KEY is missing" in said_of(UpstreamSettings)

    def test_may_be_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "secrets" / "apimart_api_key").write_text(f"{KEY}\n")

        assert load(UpstreamSettings).apimart_api_key == SecretStr(KEY)

    def test_of_the_environment_wins_over_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "secrets" / "apimart_api_key").write_text("from-the-file")
        monkeypatch.setenv("APIMART_API_KEY", KEY)

        assert load(UpstreamSettings).apimart_api_key == SecretStr(KEY)

    def test_is_not_looked_for_in_a_folder_that_is_not_there(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SECRETS_DIR", "/canary/nowhere")

        assert said_of(UpstreamSettings) == (
            "SECRETS_DIR must name a folder of secret files; make the folder or unset the variable."
        )

    def test_is_not_read_from_a_dotenv_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / ".env").write_text(f"APIMART_API_KEY={KEY}\n")
        monkeypatch.chdir(tmp_path)

        assert "APIMART_API_KEY is missing" in said_of(UpstreamSettings)


class TestAWrongVariable:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("APIMART_API_KEY", "canary canary canary"),
            ("APIMART_BASE_URL", "http://canary.example"),
            ("APIMART_BASE_URL", "canary"),
            ("APIMART_BASE_URL", "https://canary@api.example"),
            ("APIMART_BASE_URL", "https://api.example/?canary=1"),
            ("APIMART_BASE_URL", "ftp://canary.example"),
            ("APIMART_PROJECT_NAME", "canary canary"),
            ("UPSTREAM_RPS", "canary"),
            ("UPSTREAM_RPS", "0"),
            ("UPSTREAM_RPS", "inf"),
            ("H5_HOSTS", "canary.example, http://canary.example"),
            ("H5_HOSTS", "https://canary.example/path"),
            ("FETCH_ALLOW", "http://files.canary.example"),
            ("FETCH_ALLOW", "https://canary.example/path"),
            ("PREFLIGHT", "canary"),
            ("ARCHIVE_URL", "s3://"),
            ("ARCHIVE_URL", "s3://Canary"),
            ("ARCHIVE_URL", "s3://canary:word@bucket/"),
            ("ARCHIVE_URL", "s3://canary//prefix"),
            ("ARCHIVE_URL", "s3://canary?region=x"),
            ("ARCHIVE_URL", "https://canary.example/"),
            ("ARCHIVE_URL", "file://canary/archive"),
            ("ARCHIVE_URL", "canary"),
            ("PUBLIC_BASE_URL", "http://192.0.2.7:8000"),
            ("LOG_LEVEL", "canary"),
            ("METRICS_ADDRESS", "canary"),
            ("TASK_QUEUE", "canary canary"),
        ],
    )
    def test_stops_the_worker_without_its_value(
        self, name: str, value: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("APIMART_API_KEY", KEY)
        monkeypatch.setenv(name, value)

        said = said_of(WorkerSettings)

        assert said.startswith(f"{name} is wrong: it must be ")
        assert "canary" not in said
        assert "\n" not in said

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("QUERY_POLICY", "canary"),
            ("LOOK_DELAYS_S", "2,canary"),
            ("LOOK_DELAYS_S", "2,-1"),
            ("LOOK_DELAYS_S", ","),
            ("LOOK_DELAYS_S", "1,2,3,4,5,6,7"),
            ("LINK_TTL_S", "0"),
            ("SCAN_GRACE_S", "-1"),
            ("TOKEN_TTL_S", "nan"),
            ("POLL_INTERVAL_S", "0"),
            ("ONBOARDING_DEADLINE_S", "inf"),
            ("MAX_ATTEMPTS", "0"),
            ("MAX_ATTEMPTS", "2.5"),
            ("ASSETS_PER_REQUEST", "21"),
            ("UPSTREAM_POST_TIMEOUT_S", "canary"),
            ("WEB_PORT", "0"),
            ("ADMIN_PORT", "65536"),
            ("CODEC_TOKEN", "canary"),
            ("UI_ORIGINS", "canary.example/ui"),
        ],
    )
    def test_stops_the_web_process_without_its_value(
        self, name: str, value: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(name, value)

        said = said_of(WebSettings)

        assert said.startswith(f"{name} is wrong: it must be ")
        assert "canary" not in said

    def test_is_named_beside_the_first_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WEB_PORT", "x")
        monkeypatch.setenv("ADMIN_PORT", "x")

        assert said_of(WebSettings).endswith("(also missing or wrong: ADMIN_PORT).")


class TestSettings:
    def test_cannot_be_changed_and_do_not_show_the_key(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("APIMART_API_KEY", KEY)
        settings = load(WorkerSettings)

        with pytest.raises(ValueError, match="frozen"):
            setattr(settings, "upstream_rps", 9)  # noqa: B010 - mypy knows that it is frozen
        assert KEY not in repr(settings)

    def test_take_plain_http_on_this_machine_and_in_a_container_network(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("APIMART_API_KEY", KEY)
        for url in ("http://127.0.0.1:9000", "http://localhost:1/v", "http://simulator:9000"):
            monkeypatch.setenv("APIMART_BASE_URL", f"{url}/")
            assert load(UpstreamSettings).apimart_base_url == url

    def test_add_hosts_to_the_shipped_ones(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("H5_HOSTS", "Scan.example, http://127.0.0.1:9000,kyc.byteintl.com")

        origins = load(WebSettings).h5_origins

        assert origins[-2:] == ("https://scan.example", "http://127.0.0.1:9000")
        assert origins.count("https://kyc.byteintl.com") == 1

    def test_give_the_policy_that_runs_have_by_default(self) -> None:
        assert load(PolicySettings).policy() == OnboardingPolicy()

    def test_give_the_policy_that_was_asked_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = {
            "QUERY_POLICY": "poll",
            "LOOK_DELAYS_S": "0.1, 0.2",
            "LINK_TTL_S": "3",
            "SCAN_GRACE_S": "4",
            "TOKEN_TTL_S": "5",
            "POLL_INTERVAL_S": "0.5",
            "ONBOARDING_DEADLINE_S": "60",
            "MAX_ATTEMPTS": "2",
            "ASSETS_PER_REQUEST": "3",
            "UPSTREAM_POST_TIMEOUT_S": "7",
        }
        for name, value in asked.items():
            monkeypatch.setenv(name, value)

        policy = load(PolicySettings).policy()

        assert policy == OnboardingPolicy.model_validate(
            {
                "query_policy": "poll",
                "look_delays_s": (0.1, 0.2),
                "link_ttl_s": 3,
                "scan_grace_s": 4,
                "token_ttl_s": 5,
                "poll_interval_s": 0.5,
                "deadline_s": 60,
                "max_attempts": 2,
                "assets_per_request": 3,
                "post_timeout_s": 7,
            }
        )


class TestTheArchive:
    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("file:///var/lib/archive/", "file:///var/lib/archive"),
            ("s3://my-bucket", "s3://my-bucket"),
            ("s3://my.bucket-1/some/prefix/", "s3://my.bucket-1/some/prefix"),
        ],
    )
    def test_is_a_folder_or_a_bucket(
        self, given: str, meant: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("APIMART_API_KEY", KEY)
        monkeypatch.setenv("ARCHIVE_URL", given)

        assert meant == load(WorkerSettings).archive_url
