"""The Temporal CLI is looked for in one order, and its absence is a sentence with the remedies."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from devstack.temporal_cli import CLI_VERSION, TemporalCliError, find, runs

GOOD = "#!/bin/sh\necho 'temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)'\n"
OTHER_PROGRAM = "#!/bin/sh\necho 'I am something else'\n"
BROKEN = "#!/bin/sh\nexit 1\n"


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def quiet(_line: str) -> None:
    """Take a line of progress and keep still."""


def no_maker(_target: Path, _environ: Mapping[str, str]) -> None:
    raise AssertionError("nothing should be downloaded or built")


class TestOrder:
    def test_the_named_one_comes_first(self, tmp_path: Path) -> None:
        named = program(tmp_path / "named" / "cli", GOOD)
        program(tmp_path / "bin" / "temporal", GOOD)

        found = find(
            {"TEMPORAL_CLI_PATH": str(named), "PATH": str(tmp_path / "bin")},
            say=quiet,
            cache=tmp_path / "cache",
            makers={"never": no_maker},
        )

        assert named == found

    def test_the_one_on_path_comes_second(self, tmp_path: Path) -> None:
        on_path = program(tmp_path / "bin" / "temporal", GOOD)
        program(tmp_path / "cache" / f"temporal-{CLI_VERSION}", GOOD)

        found = find(
            {"PATH": str(tmp_path / "bin")},
            say=quiet,
            cache=tmp_path / "cache",
            makers={"never": no_maker},
        )

        assert on_path == found

    @pytest.mark.parametrize("text", [OTHER_PROGRAM, BROKEN])
    def test_something_else_called_temporal_on_path_is_passed_over(
        self, tmp_path: Path, text: str
    ) -> None:
        program(tmp_path / "bin" / "temporal", text)
        cached = program(tmp_path / "cache" / f"temporal-{CLI_VERSION}", GOOD)

        found = find(
            {"PATH": str(tmp_path / "bin")},
            say=quiet,
            cache=tmp_path / "cache",
            makers={"never": no_maker},
        )

        assert cached == found

    def test_makers_are_tried_in_order_until_one_serves(self, tmp_path: Path) -> None:
        tried: list[str] = []

        def download(_target: Path, _environ: Mapping[str, str]) -> None:
            tried.append("download")
            raise RuntimeError("the network is closed")

        def build(target: Path, _environ: Mapping[str, str]) -> None:
            tried.append("build")
            program(target, GOOD)

        found = find(
            {}, say=quiet, cache=tmp_path / "cache", makers={"download": download, "build": build}
        )

        assert ["download", "build"] == tried
        assert tmp_path / "cache" / f"temporal-{CLI_VERSION}" == found
        assert runs(found)


class TestRefusals:
    def test_a_named_path_that_is_no_cli_is_refused_and_not_passed_over(
        self, tmp_path: Path
    ) -> None:
        program(tmp_path / "bin" / "temporal", GOOD)

        with pytest.raises(TemporalCliError, match=r"^TEMPORAL_CLI_PATH must name a Temporal CLI"):
            find(
                {"TEMPORAL_CLI_PATH": str(tmp_path / "none"), "PATH": str(tmp_path / "bin")},
                say=quiet,
            )

    def test_none_to_be_had_is_one_sentence_with_four_remedies(self, tmp_path: Path) -> None:
        def closed(_target: Path, _environ: Mapping[str, str]) -> None:
            raise RuntimeError("the network is closed")

        def no_go(_target: Path, _environ: Mapping[str, str]) -> None:
            raise RuntimeError("there is no `go` on PATH")

        with pytest.raises(TemporalCliError) as refusal:
            find({}, say=quiet, cache=tmp_path, makers={"download": closed, "build": no_go})

        message = str(refusal.value)
        assert "download: the network is closed; build: there is no `go` on PATH" in message
        for remedy in ("(1) set TEMPORAL_CLI_PATH", "(2) put", "(3) open", "(4) install Go"):
            assert remedy in message

    def test_a_made_file_that_does_not_run_does_not_serve(self, tmp_path: Path) -> None:
        def wrong(target: Path, _environ: Mapping[str, str]) -> None:
            program(target, BROKEN)

        with pytest.raises(TemporalCliError, match="does not answer `temporal --version`"):
            find({}, say=quiet, cache=tmp_path, makers={"build": wrong})


class TestTwoAtOnce:
    def test_one_makes_it_and_the_other_waits(self, tmp_path: Path) -> None:
        made: list[str] = []
        said: list[str] = []
        begun = threading.Event()

        def slow(target: Path, _environ: Mapping[str, str]) -> None:
            made.append("once")
            begun.set()
            while not any("waiting for it" in line for line in said):
                time.sleep(0.01)
            program(target, GOOD)

        def look() -> None:
            find({}, say=said.append, cache=tmp_path, makers={"build": slow})

        first = threading.Thread(target=look)
        second = threading.Thread(target=look)
        first.start()
        assert begun.wait(10)
        second.start()
        first.join(10)
        second.join(10)

        assert ["once"] == made
        assert not first.is_alive()
        assert not second.is_alive()
