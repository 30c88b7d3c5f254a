"""One stack a folder: the second is refused, a stale file means nothing, `down` ends the first."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.running import LOCK_NAME, AlreadyRunningError, end_running, only_one

ROOT = Path(__file__).parents[3]
HOLDER = """
import signal, sys, time
from pathlib import Path
from devstack.running import only_one
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with only_one(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(directory: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    assert "held\n" == process.stdout.readline()
    return process


class TestOnlyOne:
    def test_a_second_one_is_refused_with_the_remedy(self, tmp_path: Path) -> None:
        with (
            only_one(tmp_path),
            pytest.raises(AlreadyRunningError, match="`make down` ends it"),
            only_one(tmp_path),
        ):
            pass

    def test_the_folder_is_for_its_owner_alone(self, tmp_path: Path) -> None:
        with only_one(tmp_path / "state"):
            assert 0o700 == (tmp_path / "state").stat().st_mode & 0o777

    def test_the_file_of_a_killed_one_means_nothing(self, tmp_path: Path) -> None:
        killed = holder(tmp_path)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()

        assert f"{killed.pid}\n" == (tmp_path / LOCK_NAME).read_text()
        assert not end_running(tmp_path, within_s=1)
        with only_one(tmp_path):
            assert f"{os.getpid()}\n" == (tmp_path / LOCK_NAME).read_text()


class TestEndRunning:
    def test_it_waits_until_the_other_has_ended(self, tmp_path: Path) -> None:
        running = holder(tmp_path)

        assert end_running(tmp_path, within_s=10)
        running.communicate(timeout=10)
        assert 0 == running.returncode

    def test_where_nothing_ever_ran_there_is_nothing_to_end(self, tmp_path: Path) -> None:
        assert not end_running(tmp_path, within_s=1)
        assert [] == list(tmp_path.iterdir())

    def test_one_that_does_not_end_is_told_of(self, tmp_path: Path) -> None:
        running = holder(tmp_path)
        try:
            running.send_signal(signal.SIGSTOP)

            with pytest.raises(TimeoutError, match="has not ended within"):
                end_running(tmp_path, within_s=0.2)
        finally:
            running.kill()
            running.communicate()
