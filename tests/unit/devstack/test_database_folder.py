"""PostgreSQL's folder where everybody may write: swept of what was left, and of nothing else."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from devstack import postgres
from devstack.postgres import IN_USE, PREFIX, PostgresError, database_folder


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where root would make the folder."""
    folder = tmp_path / "outside"
    folder.mkdir()
    monkeypatch.setattr(postgres, "OUTSIDE", folder)
    monkeypatch.setattr(postgres, "account", lambda: "nobody")
    return folder


def left(outside: Path, name: str = "left") -> Path:
    folder = outside / f"{PREFIX}{name}"
    folder.mkdir()
    return folder


class TestSweep:
    def test_what_a_killed_owner_left_is_gone(self, outside: Path, tmp_path: Path) -> None:
        folder = left(outside)
        (folder / IN_USE).touch()

        with database_folder(tmp_path / "next") as given:
            assert [given] == list(outside.iterdir())

    def test_what_is_in_use_stays(self, outside: Path, tmp_path: Path) -> None:
        with database_folder(tmp_path / "one") as one, database_folder(tmp_path / "two") as two:
            assert {one, two} == set(outside.iterdir())

    @pytest.mark.timeout(10)
    def test_a_pipe_of_that_name_is_not_waited_for(self, outside: Path, tmp_path: Path) -> None:
        folder = left(outside)
        os.mkfifo(folder / IN_USE)

        with database_folder(tmp_path / "next") as given:
            assert {folder, given} == set(outside.iterdir())

    def test_a_link_of_that_name_is_not_followed(self, outside: Path, tmp_path: Path) -> None:
        folder = left(outside)
        (tmp_path / "ours").touch()
        (folder / IN_USE).symlink_to(tmp_path / "ours")

        with database_folder(tmp_path / "next") as given:
            assert {folder, given} == set(outside.iterdir())

    def test_what_is_not_ours_stays(
        self, outside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = left(outside)
        (folder / IN_USE).touch()
        real = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: real + 1)

        with pytest.raises(PostgresError, match="no folder"), database_folder(tmp_path / "next"):
            pass

        assert [folder] == list(outside.iterdir())


class TestBeingSwept:
    @pytest.mark.parametrize("released", [False, True], ids=["in the midst", "over"])
    def test_before_the_lock_is_had_leads_to_another_folder(
        self,
        outside: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        released: bool,
    ) -> None:
        sweeps: list[Callable[[], None]] = [lambda: shutil.rmtree(next(outside.iterdir()))]
        lock = fcntl.flock

        def quicker(descriptor: int, operation: int) -> None:
            if sweeps:
                sweeps.pop()()
                if not released:
                    raise BlockingIOError
            lock(descriptor, operation)

        monkeypatch.setattr(fcntl, "flock", quicker)

        with database_folder(tmp_path / "next") as given:
            assert [given] == list(outside.iterdir())
        assert [] == list(outside.iterdir())
