"""The demo keeps the last few of its folders and removes the older ones."""

import os
import tempfile
import time
from pathlib import Path

import pytest

from devstack.demo import new_folder

HOUR_S = 3600


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def made(parent: Path, name: str, *, hours_ago: int) -> Path:
    folder = parent / name
    (folder / "archive").mkdir(parents=True)
    then = time.time() - hours_ago * HOUR_S
    os.utime(folder, (then, then))
    return folder


class TestNewFolder:
    def test_the_two_last_ones_stay_however_old(self, tmp_path: Path) -> None:
        for hours_ago in (50, 48, 26, 24):
            made(tmp_path, f"likeness-demo-{hours_ago}", hours_ago=hours_ago)

        folder = new_folder()

        kept = {"likeness-demo-26", "likeness-demo-24", folder.name}
        assert kept == {left.name for left in tmp_path.iterdir()}

    def test_those_of_the_last_hour_stay_because_they_may_be_in_use(self, tmp_path: Path) -> None:
        folders = {made(tmp_path, f"likeness-demo-{n}", hours_ago=0) for n in range(4)}

        folder = new_folder()

        assert {*folders, folder} == set(tmp_path.iterdir())

    def test_nothing_else_is_touched(self, tmp_path: Path) -> None:
        elsewhere = made(tmp_path, "elsewhere", hours_ago=99)
        for hours_ago in (1, 2):
            made(tmp_path, f"likeness-demo-{hours_ago}", hours_ago=hours_ago)
        link = tmp_path / "likeness-demo-link"
        link.symlink_to(elsewhere)

        new_folder()

        assert (elsewhere / "archive").is_dir()
        assert link.is_symlink()
