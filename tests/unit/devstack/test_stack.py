"""A stack tells each process only what it needs, and remembers where it was."""

import socket
from pathlib import Path

import pytest

from devstack.ports import LOOPBACK
from devstack.stack import FAMILIAR_PORTS, Ports, Stack, remembered_ports
from devstack.what_is_where import environment_file, write_environment


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(
        directory=tmp_path,
        ports=Ports(temporal=20001, ui=20002, web=20003, admin=20004, simulator=20005),
        namespace="likeness-test-0",
        temporal_address="127.0.0.1:20001",
        ui_url="http://127.0.0.1:20002",
    )


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


class TestPorts:
    def test_all_differ(self) -> None:
        assert len(Ports.model_fields) == len(set(Ports.free({}).model_dump().values()))

    def test_last_times_are_taken_again(self, tmp_path: Path) -> None:
        first = remembered_ports(tmp_path / "ports.json")

        assert first == remembered_ports(tmp_path / "ports.json")

    def test_one_taken_meanwhile_is_replaced_and_the_others_stay(self, tmp_path: Path) -> None:
        first = remembered_ports(tmp_path / "ports.json")

        with socket.create_server((LOOPBACK, first.web)):
            second = remembered_ports(tmp_path / "ports.json")

        assert first.web != second.web
        assert first.model_copy(update={"web": second.web}) == second

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
