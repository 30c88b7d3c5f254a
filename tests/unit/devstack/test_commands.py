"""The starter is run as an operator would, and its failure is told without what it was given."""

from pathlib import Path

import pytest

from devstack.commands import CommandFailedError, Starter

ANSWERING = """
import json, os, sys
print(json.dumps({"argv": sys.argv[1:], "environment": dict(os.environ)}))
"""
FAILING = "import sys; sys.exit('There is no key file.')"


def starter(directory: Path, program: str) -> Starter:
    (directory / "starter.py").write_text(program)
    return Starter({"TASK_QUEUE": "likeness"}, directory=directory)


class TestStarter:
    def test_asks_for_json_and_reads_it(self, tmp_path: Path) -> None:
        answer = starter(tmp_path, ANSWERING).start("--person", "maria")

        assert ["start", "--person", "maria", "-o", "json"] == answer["argv"]

    def test_sees_no_variable_but_those_it_is_given(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("APIMART_API_KEY", "canary-key")

        seen = starter(tmp_path, ANSWERING).status("an-id")["environment"]

        assert {"TASK_QUEUE"} == set(seen) - {"LC_CTYPE"}

    def test_a_refusal_is_told_in_its_own_words_without_the_arguments(self, tmp_path: Path) -> None:
        with pytest.raises(CommandFailedError) as failure:
            starter(tmp_path, FAILING).start("--prompt", "canary-prompt")

        assert "`starter.py start` ended with exit code 1: There is no key file." == str(
            failure.value
        )

    def test_what_is_no_json_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(CommandFailedError, match=r"`starter\.py status` printed no JSON"):
            starter(tmp_path, "print('hello')").status("an-id")
