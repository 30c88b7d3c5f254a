"""The production server is taken from the cache or built whole, once, else a sentence tells why."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devstack.server_programs import ServerPrograms, ServerProgramsError, find
from devstack.temporal_build import MODULE, SERVER, SERVER_VERSION, SQL_TOOL, arguments


def quiet(_line: str) -> None:
    """Take a line of progress and keep still."""


def never(_made: ServerPrograms, _environ: Mapping[str, str]) -> None:
    raise AssertionError("nothing should be built")


def answering(version: str, made: ServerPrograms) -> None:
    for program in (made.server, made.sql_tool):
        program.write_text(f"#!/bin/sh\necho 'temporal version {version}'\n")
        program.chmod(0o755)


def good(made: ServerPrograms, _environ: Mapping[str, str]) -> None:
    answering(SERVER_VERSION, made)


class TestFind:
    def test_the_cached_one_is_taken(self, tmp_path: Path) -> None:
        first = find({}, say=quiet, cache=tmp_path, maker=good)

        assert first == find({}, say=quiet, cache=tmp_path, maker=never)

    def test_two_that_miss_it_at_once_build_it_once(self, tmp_path: Path) -> None:
        builds: list[Path] = []

        def counted(made: ServerPrograms, environ: Mapping[str, str]) -> None:
            builds.append(made.folder)
            good(made, environ)

        with ThreadPoolExecutor(2) as threads:
            found = list(
                threads.map(lambda _: find({}, say=quiet, cache=tmp_path, maker=counted), range(2))
            )

        assert found[0] == found[1]
        assert 1 == len(builds)

    def test_an_unfinished_one_is_made_anew(self, tmp_path: Path) -> None:
        whole = find({}, say=quiet, cache=tmp_path, maker=good)
        whole.sql_tool.unlink()

        assert find({}, say=quiet, cache=tmp_path, maker=good).run()

    def test_another_version_is_refused_and_leaves_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(ServerProgramsError, match=SERVER_VERSION):
            find({}, say=quiet, cache=tmp_path, maker=lambda made, _: answering("1.30.0", made))

        assert [f"temporal-server-{SERVER_VERSION}.lock"] == [it.name for it in tmp_path.iterdir()]

    def test_without_go_the_sentence_names_the_remedy(self, tmp_path: Path) -> None:
        with pytest.raises(ServerProgramsError, match=r"no `go` on PATH.*install Go >= 1\.26"):
            find({"PATH": str(tmp_path)}, say=quiet, cache=tmp_path)


class TestCommittedModules:
    def test_the_module_graph_holds_the_version_and_both_programs(self) -> None:
        graph = (MODULE / "go.mod").read_text()

        assert f"go.temporal.io/server v{SERVER_VERSION} " in graph
        for program in (SERVER, SQL_TOOL):
            assert f"\t{program.package}\n" in graph
            assert "-mod=readonly" in arguments(Path("program"), program)
