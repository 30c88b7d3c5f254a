"""What docker-compose.yml promises, as far as it can be held without pulling an image."""

import json
import re
import subprocess

import jsonschema
import pytest
from pydantic import BaseModel

from devstack.compose import (
    COMPOSE_FILE,
    Service,
    compose,
    interpolated,
    service,
    services,
)
from runtime.settings import StarterSettings, WebSettings, WorkerSettings
from tests.project.deployment import ROOT
from web.serving import DRAIN_WITHIN_S
from worker import DRAIN_TIMEOUT

SCHEMA = ROOT / "tests" / "project" / "compose-spec.json"
SETTINGS: dict[str, type[BaseModel]] = {
    "worker.py": WorkerSettings,
    "web": WebSettings,
    "starter.py": StarterSettings,
}
OF_THE_SDK = {"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"}
"""Read by ``runtime.temporal`` through the SDK, so no fields of ours."""

OF_THE_IMAGE = {
    # The official image's own set-up; _FILE reads a secret.
    "postgres": {"POSTGRES_USER", "POSTGRES_PASSWORD_FILE"},
    # Flags of temporal-sql-tool.
    "temporal-schema": {"SQL_PLUGIN", "SQL_HOST", "SQL_PORT", "SQL_USER"},
    # The configuration template inside the server, and its entry point.
    "temporal": {
        "DB",
        "DB_PORT",
        "POSTGRES_SEEDS",
        "POSTGRES_USER",
        "NUM_HISTORY_SHARDS",
        "BIND_ON_IP",
        "TEMPORAL_BROADCAST_ADDRESS",
        "DYNAMIC_CONFIG_FILE_PATH",
    },
    # The Temporal CLI.
    "temporal-namespace": {"TEMPORAL_ADDRESS"},
    "namespace-simulated": {"TEMPORAL_ADDRESS"},
    # The UI server's config/docker.yaml.
    "temporal-ui": {
        "TEMPORAL_ADDRESS",
        "TEMPORAL_DEFAULT_NAMESPACE",
        "TEMPORAL_CORS_ORIGINS",
        "TEMPORAL_CODEC_ENDPOINT",
        "TEMPORAL_CSRF_COOKIE_INSECURE",
        "TEMPORAL_DISABLE_NEWS_FETCH",
    },
    "codec": set[str](),
}
FOR_COMPOSE_ALONE = {"LIKENESS_UID", "LIKENESS_GID"}
ONE_SHOT = {
    "temporal-schema",
    "temporal-namespace",
    "namespace-simulated",
    "starter",
    "starter-simulated",
}


def settings_of(it: Service) -> set[str]:
    """Variables that the service's program reads."""
    for program, settings in SETTINGS.items():
        if program in it.argv:
            return {name.upper() for name in settings.model_fields} | OF_THE_SDK
    return set()


def secret_settings() -> set[str]:
    return {
        name.upper()
        for settings in SETTINGS.values()
        for name, field in settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }


EVERY = [pytest.param(it, id=it.name) for it in services()]
LASTING = [pytest.param(it, id=it.name) for it in services() if it.name not in ONE_SHOT]
OURS = [pytest.param(it, id=it.name) for it in services() if it.is_ours]


class TestTheFile:
    def test_it_follows_the_compose_specification(self) -> None:
        validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
        faults = [f"{list(it.path)}: {it.message}" for it in validator.iter_errors(compose())]

        assert [] == faults

    def test_the_specification_would_refuse_a_misspelled_key(self) -> None:
        validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))

        assert not validator.is_valid({"services": {"web": {"image": "x", "restarts": "no"}}})

    def test_what_it_takes_from_outside_are_settings_or_its_own_two(self) -> None:
        known = {name for it in services() for name in settings_of(it)}

        assert set() == interpolated() - known - FOR_COMPOSE_ALONE

    def test_each_name_it_refers_to_is_defined(self) -> None:
        whole = compose()
        for it in services():
            assert set(it.secrets.values()) <= set(whole["secrets"]), it.name
            assert set(it.raw.get("networks", [])) <= set(whole["networks"]), it.name
            for volume in it.raw.get("volumes", []):
                source = volume.partition(":")[0]
                assert source in whole["volumes"] or (ROOT / source).is_dir(), it.name

    def test_it_runs_the_server_that_the_tests_run(self) -> None:
        graph = (ROOT / "devstack" / "temporal" / "go.mod").read_text()
        tested = re.search(r"go\.temporal\.io/server v(\S+)", graph)
        assert tested

        assert f"temporalio/server:{tested[1]}" == service("temporal").raw["image"]
        for name in ("temporal-schema", "temporal-namespace", "namespace-simulated"):
            assert f"temporalio/admin-tools:{tested[1]}" == service(name).raw["image"]


class TestEachService:
    @pytest.mark.parametrize("it", EVERY)
    def test_every_variable_is_read_by_its_program(self, it: Service) -> None:
        known = settings_of(it) if it.is_ours else OF_THE_IMAGE[it.name]
        unknown = set(it.environment) - known

        assert set() == unknown, "Correct the name, or list it with what reads it."

    @pytest.mark.parametrize("it", EVERY)
    def test_no_secret_is_in_its_environment(self, it: Service) -> None:
        likely = {
            name
            for name in it.environment
            if re.search(r"PASSWORD|PWD|TOKEN|SECRET|API_KEY", name)
            and not name.endswith(("_FILE", "_S"))
        }

        assert set() == likely | (set(it.environment) & secret_settings())

    @pytest.mark.parametrize("it", EVERY)
    def test_its_ports_are_on_loopback(self, it: Service) -> None:
        for port in it.published:
            assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port), port

    @pytest.mark.parametrize("it", EVERY)
    def test_its_image_is_pinned_to_a_release(self, it: Service) -> None:
        _, _, tag = it.raw["image"].partition(":")

        assert it.is_ours or re.match(r"\d+\.\d+", tag), it.raw["image"]

    @pytest.mark.parametrize("it", EVERY)
    def test_what_it_waits_for_can_come_true(self, it: Service) -> None:
        for name, wish in it.raw.get("depends_on", {}).items():
            other = service(name)
            match wish["condition"]:
                case "service_healthy":
                    assert other.probe
                case "service_completed_successfully":
                    assert name in ONE_SHOT
                case other_wish:
                    pytest.fail(f"{other_wish} says nothing about whether {name} works.")
            # A service without a profile never waits for one that may be left out.
            mine, theirs = set(it.raw.get("profiles", [])), set(other.raw.get("profiles", []))
            assert not theirs or mine <= theirs

    @pytest.mark.parametrize("it", EVERY)
    def test_it_has_networks_or_another_services_network(self, it: Service) -> None:
        assert ("networks" in it.raw) != ("network_mode" in it.raw)

    @pytest.mark.parametrize("it", LASTING)
    def test_it_comes_back_and_tells_its_health(self, it: Service) -> None:
        assert "unless-stopped" == it.raw["restart"]
        assert it.probe

    @pytest.mark.parametrize("it", EVERY)
    def test_it_gains_no_privileges_and_fills_no_disk(self, it: Service) -> None:
        assert ["no-new-privileges:true"] == it.raw["security_opt"]
        assert "max-size" in it.raw["logging"]["options"]
        # postgres starts as root and drops to its own user by itself.
        assert it.name == "postgres" or ["ALL"] == it.raw["cap_drop"]

    @pytest.mark.parametrize("it", OURS)
    def test_ours_run_as_a_plain_user_on_a_read_only_disk(self, it: Service) -> None:
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", it.raw["user"])
        assert it.raw["read_only"]
        assert it.raw["init"]


class TestWhoReachesWhat:
    def test_the_database_is_reached_by_temporal_and_its_schema_alone(self) -> None:
        on_store = {it.name for it in services() if "store" in it.raw.get("networks", [])}

        assert {"postgres", "temporal-schema", "temporal"} == on_store
        assert compose()["networks"]["store"]["internal"]

    def test_the_codec_proxy_is_alone_with_web(self) -> None:
        on_codec = {it.name for it in services() if "codec" in it.raw.get("networks", [])}

        assert {"codec", "web"} == on_codec
        assert ["codec"] == service("codec").raw["networks"]

    def test_web_publishes_its_public_side_only(self) -> None:
        assert ["127.0.0.1:8000:8000"] == service("web").published
        assert "8000" == service("web").environment["WEB_PORT"]

    def test_the_ui_finds_the_codec_and_the_codec_lets_the_ui_in(self) -> None:
        (ui_port,) = {port.split(":")[1] for port in service("temporal-ui").published}
        (codec_port,) = {port.split(":")[1] for port in service("codec").published}
        ui = service("temporal-ui").environment

        assert f"http://127.0.0.1:{codec_port}/codec" == ui["TEMPORAL_CODEC_ENDPOINT"]
        allowed = service("web").environment["UI_ORIGINS"]
        assert f"http://127.0.0.1:{ui_port},http://localhost:{ui_port}" == allowed
        assert "codec_token" in service("web").secrets
        assert "codec_token" in service("codec").secrets


class TestStopping:
    @pytest.mark.parametrize("name", ["worker", "worker-simulated"])
    def test_a_worker_has_longer_than_its_drain(self, name: str) -> None:
        assert service(name).grace_s > DRAIN_TIMEOUT.total_seconds()

    @pytest.mark.parametrize("name", ["web", "web-simulated"])
    def test_web_has_longer_than_its_drain(self, name: str) -> None:
        assert service(name).grace_s > DRAIN_WITHIN_S


class TestSecrets:
    def test_each_is_a_file_that_git_ignores_but_the_simulators_key(self) -> None:
        given = {name: it["file"] for name, it in compose()["secrets"].items()}
        pretended = given.pop("simulated_key")
        ignored = subprocess.run(
            ["git", "check-ignore", *given.values()],  # noqa: S607 - git of the search path
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert sorted(given.values()) == sorted(ignored.stdout.split())
        assert "simulated-key" == (ROOT / pretended).read_text()

    @pytest.mark.parametrize("it", OURS)
    def test_a_secrets_file_is_named_as_its_setting_or_as_a_key_file(self, it: Service) -> None:
        key_files = {
            value.removeprefix("/run/secrets/")
            for name, value in it.environment.items()
            if name in {"PAYLOAD_KEYS_FILE", "LINK_KEYS_FILE", "WEBHOOK_KEYS_FILE"}
        }
        by_name = {name for name in it.secrets if name.upper() in settings_of(it)}

        assert set(it.secrets) == key_files | by_name


class TestTheSimulatorsProfile:
    SIMULATED = ("worker-simulated", "web-simulated", "starter-simulated")

    def test_nothing_of_it_starts_unasked(self) -> None:
        asked = {it.name for it in services() if it.raw.get("profiles")}

        assert {"simulator", "namespace-simulated", "starter", *self.SIMULATED} == asked

    def test_its_runs_live_in_a_namespace_of_their_own(self) -> None:
        theirs = {service(name).environment["TEMPORAL_NAMESPACE"] for name in self.SIMULATED}

        assert {service("namespace-simulated").argv[-1]} == theirs
        assert service("worker").environment["TEMPORAL_NAMESPACE"] not in theirs
        assert service("temporal-namespace").argv[-1] not in theirs

    def test_its_worker_reaches_the_simulator_on_loopback_and_has_no_real_key(self) -> None:
        worker = service("worker-simulated")

        assert "service:simulator" == worker.raw["network_mode"]
        assert "http://127.0.0.1:9000" == worker.environment["APIMART_BASE_URL"]
        assert "simulated_key" == worker.secrets["apimart_api_key"]


class TestTheHeader:
    def test_it_says_what_was_verified_and_what_was_not(self) -> None:
        header = COMPOSE_FILE.read_text().partition("\nname:")[0]

        assert "# Verified:" in header
        assert "# Not verified" in header
