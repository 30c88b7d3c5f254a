"""A PostgreSQL of our own: durable by default, closed to strangers, gone with its owner."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from devstack.commands import ROOT
from devstack.postgres import OUTSIDE, Postgres, PostgresError, database_folder, find_postgres
from devstack.supervisor import Supervisor

pytestmark = pytest.mark.processes

OWNER = """
import os, sys, time
from pathlib import Path
from devstack.postgres import Postgres, database_folder
from devstack.supervisor import Supervisor

here, programs = Path(sys.argv[1]), Path(sys.argv[2])
with database_folder(here / "postgres") as folder, Supervisor() as processes:
    postgres = Postgres(programs, folder, user="temporal", password="abc_123")
    postgres.make()
    print(processes.start(postgres.process(here / "log")).pid, folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def programs(user_environment: Mapping[str, str]) -> Path:
    return find_postgres(user_environment)


@pytest.fixture(scope="module")
def postgres(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    here = tmp_path_factory.mktemp("postgres")
    with database_folder(here / "postgres") as folder, Supervisor() as processes:
        postgres = Postgres(programs, folder, user="temporal", password="abc_123")
        postgres.make()
        processes.start(postgres.process(here / "log"))
        yield postgres


class TestPostgres:
    @pytest.mark.parametrize("name", ["fsync", "synchronous_commit", "full_page_writes"])
    def test_it_is_durable(self, postgres: Postgres, name: str) -> None:
        assert "on" == postgres.ask(f"SHOW {name}")

    def test_it_listens_on_loopback_alone(self, postgres: Postgres) -> None:
        assert ("127.0.0.1", "") == (
            postgres.ask("SHOW listen_addresses"),
            postgres.ask("SHOW unix_socket_directories"),
        )

    def test_it_asks_for_the_password(
        self, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres, "password", "another")

        with pytest.raises(PostgresError, match="password authentication failed"):
            postgres.ask("SELECT 1")


class TestOwner:
    @pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGINT])
    def test_however_it_ends_no_process_and_no_folder_outside_is_left(
        self, programs: Path, tmp_path: Path, signum: signal.Signals
    ) -> None:
        owner = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(tmp_path), str(programs)],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert owner.stdout
        pid, left = owner.stdout.readline().split()
        owner.send_signal(signum)
        owner.communicate(timeout=30)

        assert ended(int(pid))
        with database_folder(tmp_path / "next"):
            assert not Path(left).is_relative_to(OUTSIDE) or not Path(left).exists()


def ended(pid: int) -> bool:
    """Wait for the end of a process that is not ours to reap."""
    give_up_at = time.monotonic() + 10
    while time.monotonic() < give_up_at:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
