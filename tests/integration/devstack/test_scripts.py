"""What production.py runs ends with all that it started, whether it is good, bad or endless."""

import os
from pathlib import Path

import pytest

from devstack import production
from devstack.child import Child
from devstack.production import Programs, production_prepared
from devstack.scripts import ScriptFailedError, run_script
from devstack.server_programs import ServerPrograms
from tests.integration.devstack.test_supervisor import gone

pytestmark = pytest.mark.processes


def script(folder: Path, text: str) -> Child:
    return Child(
        "script",
        ("sh", "-c", text),
        environment={"PATH": os.defpath},
        log_path=folder / "log",
        directory=folder,
    )


class TestRunScript:
    def test_one_that_is_good_is_waited_for(self, tmp_path: Path) -> None:
        run_script(script(tmp_path, "sleep 0.1; touch done"), within_s=10)

        assert (tmp_path / "done").exists()

    def test_one_that_fails_tells_it_in_its_own_words(self, tmp_path: Path) -> None:
        with pytest.raises(ScriptFailedError) as failed:
            run_script(script(tmp_path, "echo no such table >&2; exit 3"), within_s=10)

        assert "script ended with 3: no such table" == str(failed.value)

    def test_one_that_takes_too_long_leaves_nothing_running(self, tmp_path: Path) -> None:
        endless = "sleep 60 & echo $! >pid; wait"
        with pytest.raises(ScriptFailedError, match="did not end within 1 s"):
            run_script(script(tmp_path, endless), within_s=1)

        assert gone(int((tmp_path / "pid").read_text()))


class TestReadiness:
    def test_a_question_that_hangs_is_no_yes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(production, "ASK_TIMEOUT_S", 0.2)
        hanging = tmp_path / "temporal"
        hanging.write_text("#!/bin/sh\nexec sleep 60\n")
        hanging.chmod(0o700)
        programs = Programs(
            cli=hanging, server=ServerPrograms(tmp_path / "none"), postgres=tmp_path / "none"
        )

        with production_prepared(programs, tmp_path / "production") as server:
            assert not server._serves()
