"""A stack tells each process only what it needs, and remembers where it was."""

import socket
from itertools import pairwise
from pathlib import Path

import pytest

from devstack.ports import LOOPBACK, PortTakenError
from devstack.stack import FAMILIAR_PORTS, Ports, Stack, moved_ports, remembered_ports
from devstack.what_is_where import environment_file, example, for_a_phone, write_environment
from runtime.settings import WebSettings, WorkerSettings, load


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(
        directory=tmp_path,
        ports=Ports(temporal=20001, ui=20002, web=20003, admin=20004, simulator=20005),
        namespace="likeness-test-0",
        temporal_address="127.0.0.1:20001",
        ui_url="http://127.0.0.1:20002",
    )


@pytest.fixture
def phone_stack(stack: Stack) -> Stack:
    return stack.model_copy(update={"host": "192.168.1.20", "h5_port": 9001})


class TestProcesses:
    def test_only_the_worker_knows_the_upstream_and_that_is_the_simulator(
        self, stack: Stack
    ) -> None:
        knowing = {
            spec.name: spec.environment["APIMART_BASE_URL"]
            for spec in (stack.simulator(), stack.web(), stack.worker())
            if "APIMART_BASE_URL" in spec.environment
        }

        assert {"worker": "http://127.0.0.1:20005"} == knowing

    def test_the_upstream_key_is_on_no_command_line(self, stack: Stack) -> None:
        worker = stack.worker()
        key = worker.environment["APIMART_API_KEY"]

        assert not any(key in argument for argument in worker.argv)
        assert key not in repr(worker)

    def test_the_simulator_knows_nothing_of_temporal(self, stack: Stack) -> None:
        assert "TEMPORAL_ADDRESS" not in stack.simulator().environment

    def test_every_process_has_a_log_of_its_own(self, stack: Stack) -> None:
        logs = {spec.log_path for spec in (stack.simulator(), stack.web(), stack.worker())}

        assert {stack.directory / "logs" / f"{n}.log" for n in ("simulator", "web", "worker")} == (
            logs
        )

    def test_a_workflows_page_in_the_ui_has_its_id_quoted(self, stack: Stack) -> None:
        assert (
            "http://127.0.0.1:20002/namespaces/likeness-test-0/workflows/likeness%2Fdefault%2Fa"
            == stack.ui_url_of("likeness/default/a")
        )


class TestTheExample:
    def test_tells_the_person_who_asks_and_greets_them(self, stack: Stack) -> None:
        words = " ".join(example(stack))

        assert "--sender" in words
        assert "--display-name" in words

    def test_shows_the_api_where_web_reads_the_keys_that_it_makes(self, stack: Stack) -> None:
        words = " ".join(example(stack))

        assert "keys api new" in words
        assert "http://127.0.0.1:20004/v1/onboardings" in words
        assert stack.settings()["API_KEYS_FILE"] == stack.web().environment["API_KEYS_FILE"]


class TestLoopback:
    def test_is_all_that_listens_or_is_told_unless_a_phone_is_let_in(self, stack: Stack) -> None:
        web = stack.web().environment

        assert ("127.0.0.1", "127.0.0.1") == (web["WEB_HOST"], web["ADMIN_HOST"])
        assert "http://127.0.0.1:20003" == web["PUBLIC_BASE_URL"]
        assert "ALLOW_PLAIN_HTTP" not in stack.settings()
        assert for_a_phone(stack)[0].startswith("Only this machine reaches it")


class TestAPhone:
    def test_reaches_pages_and_check_at_the_machines_address(self, phone_stack: Stack) -> None:
        web, worker = (spec.environment for spec in (phone_stack.web(), phone_stack.worker()))

        assert {"http://192.168.1.20:20003"} == {
            environment["PUBLIC_BASE_URL"] for environment in (web, worker, phone_stack.settings())
        }
        assert {"http://192.168.1.20:9001"} == {web["H5_HOSTS"], worker["H5_HOSTS"]}
        assert "192.168.1.20" == web["WEB_HOST"]

    def test_gets_a_check_beside_the_simulators_own_listener(self, phone_stack: Stack) -> None:
        argv = phone_stack.simulator().argv

        assert {("--h5-host", "192.168.1.20"), ("--h5-port", "9001")} <= set(pairwise(argv))
        assert "--host" not in argv

    def test_reaches_nothing_else(self, phone_stack: Stack) -> None:
        specs = [phone_stack.simulator(), phone_stack.web(), phone_stack.worker()]
        told = {name: value for spec in specs for name, value in spec.environment.items()}

        assert {"WEB_HOST", "PUBLIC_BASE_URL", "H5_HOSTS"} == {
            name for name, value in told.items() if "192.168.1.20" in value
        }
        assert "http://127.0.0.1:20005" == told["APIMART_BASE_URL"]
        assert "127.0.0.1" == told["ADMIN_HOST"]

    def test_is_served_by_settings_that_processes_accept(
        self, phone_stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for spec, settings in (
            (phone_stack.web(), WebSettings),
            (phone_stack.worker(), WorkerSettings),
        ):
            for name, value in spec.environment.items():
                monkeypatch.setenv(name, value)
            assert load(settings).public_base_url == phone_stack.public_url

    def test_and_its_owner_are_told_what_is_needed(self, phone_stack: Stack) -> None:
        needs, in_clear, upstream = for_a_phone(phone_stack)

        assert "TCP ports 20003 and 9001" in needs
        assert "plain http" in in_clear
        assert "https address on port 443" in upstream


class TestPorts:
    def test_all_differ(self) -> None:
        assert len(Ports.model_fields) == len(set(Ports.free({}).model_dump().values()))

    def test_last_times_are_taken_again(self, tmp_path: Path) -> None:
        first = remembered_ports(tmp_path / "ports.json")

        assert first == remembered_ports(tmp_path / "ports.json")

    def test_one_taken_meanwhile_is_a_refusal_and_nothing_is_forgotten(
        self, tmp_path: Path
    ) -> None:
        memory = tmp_path / "ports.json"
        first = remembered_ports(memory)

        with (
            socket.create_server((LOOPBACK, first.web)),
            pytest.raises(PortTakenError, match=rf"^Port {first.web} \(web\).* delete {memory}"),
        ):
            remembered_ports(memory, within_s=0)

        assert first == remembered_ports(memory)

    def test_other_than_the_familiar_ones_are_told(self) -> None:
        ports = Ports.model_validate({**FAMILIAR_PORTS, "web": 20003})

        assert ["port 8000 is taken by another program: web is at 20003 instead"] == (
            moved_ports(ports)
        )
        assert [] == moved_ports(Ports.model_validate(FAMILIAR_PORTS))

    def test_a_damaged_file_is_made_anew(self, tmp_path: Path) -> None:
        (tmp_path / "ports.json").write_text("no json")

        remembered_ports(tmp_path / "ports.json")

        text = (tmp_path / "ports.json").read_text()
        assert set(FAMILIAR_PORTS) == set(Ports.model_validate_json(text).model_dump())


class TestEnvironmentFile:
    def test_a_shell_that_sources_it_forgets_the_users_own_servers(
        self, tmp_path: Path, stack: Stack
    ) -> None:
        write_environment(tmp_path, stack.settings())

        text = environment_file(tmp_path).read_text()
        assert "unset" in text
        assert "export TEMPORAL_ADDRESS=127.0.0.1:20001" in text
        assert "APIMART_API_KEY" not in text
